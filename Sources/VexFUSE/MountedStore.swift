import Glibc
import Synchronization
import VexFS

/// A store as a directory: mounted by ``start()``, until the directory is unmounted or ``requestStop()`` is called.
public final class MountedStore: Sendable {
    private enum Phase { case prepared, running, ending, ended }

    private let operations: Operations
    private let session: FuseSession
    private let loop: SessionLoop
    private let phase = Monitor(Phase.prepared)

    /// Prepares a mount of an open store, which stays the caller's to close. The mountpoint is an absolute path.
    /// - Throws: `invalidArgument` for options that libfuse does not know.
    public init(store: Store, mountpoint: String, options: MountOptions) throws(VexFSError) {
        operations = try Operations(store: store, mountpoint: mountpoint, options: options)
        do throws(VexFSError) {
            let text = options.libfuseText(storePath: store.path)
            session = try FuseSession(operations, mountpoint: mountpoint, options: text)
        } catch {
            operations.close()
            throw error
        }
        loop = SessionLoop(session: session.pointer, relay: operations.relay)
    }

    /// Mounts and starts to answer; returns when the kernel's first request was answered.
    /// - Throws: `notPermitted` when the kernel refuses the mount, `inputOutput` when a thread cannot be started.
    public func start() throws(VexFSError) {
        do throws(VexFSError) {
            try session.mount()
            try loop.start()
        } catch {
            session.unmount()
            operations.close()
            phase.update { $0 = .ended }
            throw error
        }
        phase.update { $0 = .running }
    }

    /// Returns when the directory is unmounted and every request under way has been answered.
    public func waitUntilUnmounted() {
        loop.waitUntilEnded()
        let isMine = phase.update { phase in
            defer { if phase == .running { phase = .ending } }
            return phase == .running
        }
        guard isMine else {
            phase.wait { $0 == .ended || $0 == .prepared ? () : nil }
            return
        }
        // What the kernel remembers goes with the mount: nothing waits for it any more.
        operations.kernel.attach(nil)
        // Workers reply through the session: they end before it does.
        operations.close()
        for handle in operations.handles.all { handle.abandon() }
        session.unmount()
        phase.update { $0 = .ended }
    }

    /// Ends the mount; open files then give ENOTCONN. May be called from any thread but not from a signal handler.
    public func requestStop() { loop.stop() }
}
