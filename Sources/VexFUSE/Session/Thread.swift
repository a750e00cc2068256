import Glibc
import VexFS

/// Starts POSIX threads with a Swift closure.
enum Thread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread; the caller joins or detaches it.
    /// - Throws: `inputOutput` when the system gives no thread.
    static func start(_ run: @escaping @Sendable () -> Void) throws(VexFSError) -> pthread_t {
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                // `pthread_create` hands back exactly what it was given.
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            let cause = String(cString: strerror(status))
            throw VexFSError(.inputOutput, "no thread could be started: too many processes or threads", cause: cause)
        }
        return thread
    }
}
