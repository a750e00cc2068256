import Glibc

/// A thread of its own for work that nobody waits for at once.
enum BackgroundThread {
    /// Runs `body` on a new thread.
    /// - Parameter niceness: how far the thread steps back for others, 0 to 19.
    /// - Returns: false where the system has no thread to give; then nothing runs.
    static func start(niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void) -> Bool {
        let work = Unmanaged.passRetained(Work(body: body, niceness: niceness))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                // `pthread_create` hands back exactly what it was given.
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                // On Linux the calling thread alone, not the process.
                if work.niceness > 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, work.niceness) }
                work.body()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            work.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        let niceness: Int32

        init(body: @escaping @Sendable () -> Void, niceness: Int32) {
            self.body = body
            self.niceness = niceness
        }
    }
}
