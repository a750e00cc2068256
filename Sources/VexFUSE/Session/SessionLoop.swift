import CFuseShim
import Glibc
import Synchronization
import VexFS

/// The threads that read requests from the kernel: one at a time, see ``ReaderRelay``.
///
/// libfuse's own loop cancels threads inside `read`, which ThreadSanitizer reports, and is slower; see
/// docs/decisions/0004-fuse-session-loop.md.
final class SessionLoop: @unchecked Sendable {
    // @unchecked: libfuse allows receiving, replying and marking the end from different threads.
    private let session: OpaquePointer
    private let relay: ReaderRelay
    private struct State {
        var running = 0
        var hasAnswered = false
        var threads: [pthread_t] = []
    }
    private let state = Monitor(State())

    /// Wraps a mounted session.
    init(session: OpaquePointer, relay: ReaderRelay) {
        self.session = session
        self.relay = relay
    }

    /// Starts reading; returns when the first request, INIT, was answered.
    /// - Throws: `inputOutput` when the session ended before that.
    func start() throws(VexFSError) {
        vexfs_install_wakeup_handler()
        try startThread { self.run(isFirst: true) }
        do throws(VexFSError) {
            try startThread { self.run(isFirst: false) }
        } catch {
            stop()
            waitUntilEnded()
            throw error
        }
        let answered = state.wait { state in
            state.hasAnswered ? true : state.running == 2 ? nil : false
        }
        guard answered else {
            throw VexFSError(.inputOutput, "the kernel ended the session before it began: see dmesg")
        }
    }

    private func startThread(_ body: @escaping @Sendable () -> Void) throws(VexFSError) {
        state.update { $0.running += 1 }
        do throws(VexFSError) {
            let thread = try Thread.start(body)
            state.update { $0.threads.append(thread) }
        } catch {
            state.update { $0.running -= 1 }
            throw error
        }
    }

    /// Returns when the loop has ended, by an unmount or by ``stop()``.
    func waitUntilEnded() {
        state.wait { $0.running > 0 ? nil : () }
        let threads = state.withLock { state in
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Ends the loop and returns when it has ended.
    func stop() {
        fuse_session_exit(session)
        while true {
            // One signal is not enough: it may come just before the thread blocks in `read`.
            let isRunning = state.withLock { state in
                if state.running > 0 { for thread in state.threads { pthread_kill(thread, SIGUSR1) } }
                return state.running > 0
            }
            if !isRunning { return }
            if state.wait(milliseconds: 1, until: { $0.running > 0 ? nil : () }) != nil { return }
        }
    }

    private func run(isFirst: Bool) {
        vexfs_prepare_reader_thread()
        var buffer = fuse_buf()
        var turn: UInt64? = isFirst ? relay.currentTurn : relay.standBy()
        while let current = turn, read(&buffer, during: current) { turn = relay.standBy() }
        free(buffer.mem)
        fuse_session_exit(session)
        relay.end()
        state.update { $0.running -= 1 }
    }

    /// Reads and answers requests; returns true when another thread has taken over, false at the end of the session.
    private func read(_ buffer: inout fuse_buf, during turn: UInt64) -> Bool {
        while fuse_session_exited(session) == 0 {
            let count = fuse_session_receive_buf(session, &buffer)
            if count == -EINTR { continue }
            guard count > 0 else { return false }
            fuse_session_process_buf(session, &buffer)
            guard relay.isReading(since: turn) else { return true }
            if state.withLock({ !$0.hasAnswered }) { state.update { $0.hasAnswered = true } }
        }
        return false
    }
}
