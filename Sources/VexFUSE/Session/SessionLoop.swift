import CFuseShim
import Glibc
import Synchronization
import VexFS

/// The one thread that reads requests from the kernel.
///
/// libfuse's own loop cancels threads inside `read`, which ThreadSanitizer reports, and is slower; see
/// docs/decisions/0004-fuse-session-loop.md.
final class SessionLoop: @unchecked Sendable {
    // @unchecked: libfuse allows receiving, replying and marking the end from different threads.
    private let session: OpaquePointer
    private struct State {
        var isRunning = false
        var hasAnswered = false
        var thread: pthread_t?
    }
    private let state = Monitor(State())

    /// Wraps a mounted session.
    init(session: OpaquePointer) { self.session = session }

    /// Starts reading; returns when the first request, INIT, was answered.
    /// - Throws: `inputOutput` when the session ended before that.
    func start() throws(VexFSError) {
        vexfs_install_wakeup_handler()
        state.update { $0.isRunning = true }
        do throws(VexFSError) {
            let thread = try Thread.start { self.run() }
            state.update { $0.thread = thread }
        } catch {
            state.update { $0.isRunning = false }
            throw error
        }
        let answered = state.wait { state in
            state.hasAnswered ? true : state.isRunning ? nil : false
        }
        guard answered else {
            throw VexFSError(.inputOutput, "the kernel ended the session before it began: see dmesg")
        }
    }

    /// Returns when the loop has ended, by an unmount or by ``stop()``.
    func waitUntilEnded() {
        state.wait { $0.isRunning ? nil : () }
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        if let thread { pthread_join(thread, nil) }
    }

    /// Ends the loop and returns when it has ended.
    func stop() {
        fuse_session_exit(session)
        while true {
            // One signal is not enough: it may come just before the thread blocks in `read`.
            let signalled = state.withLock { state in
                guard state.isRunning, let thread = state.thread else { return state.isRunning }
                pthread_kill(thread, SIGUSR1)
                return true
            }
            if !signalled { return }
            if state.wait(milliseconds: 1, until: { $0.isRunning ? nil : () }) != nil { return }
        }
    }

    private func run() {
        vexfs_prepare_reader_thread()
        var buffer = fuse_buf()
        var isFirst = true
        while fuse_session_exited(session) == 0 {
            let count = fuse_session_receive_buf(session, &buffer)
            if count == -EINTR { continue }
            guard count > 0 else { break }
            fuse_session_process_buf(session, &buffer)
            if isFirst {
                isFirst = false
                state.update { $0.hasAnswered = true }
            }
        }
        free(buffer.mem)
        fuse_session_exit(session)
        state.update { $0.isRunning = false }
    }
}
