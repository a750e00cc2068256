import CFuseShim
import Glibc
import Synchronization
import VexFS

/// Tells the kernel that what it remembers is no longer so, in order, from a thread that does nothing else.
///
/// The kernel may let a notification wait for a page that is being read, which takes the reader thread and perhaps a
/// worker: neither must ever wait for a notification. Who has to answer a request after one uses
/// ``whenForgotten(_:_:)``.
final class KernelCache: Sendable {
    private struct Session: @unchecked Sendable {
        // @unchecked: libfuse's notifications are single writes to the device and may come from any thread.
        let pointer: OpaquePointer
    }

    private struct State {
        var session: Session?
        var thread: pthread_t?
        /// How many notifications of a file are on their way.
        var pending: [NodeID: Int] = [:]
    }

    private let state = Mutex(State())
    private let jobs = JobQueue()

    /// Starts the thread.
    /// - Throws: `inputOutput` when the system gives no thread.
    init() throws(VexFSError) {
        let thread = try Thread.start { [jobs] in
            vexfs_prepare_worker_thread()
            while let job = jobs.next() { job() }
        }
        state.withLock { $0.thread = thread }
    }

    deinit { jobs.close() }

    /// Connects to a mounted session, or cuts the connection before the session ends.
    func attach(_ pointer: OpaquePointer?) { state.withLock { $0.session = pointer.map(Session.init) } }

    /// Drops a file's attributes and cached pages, soon. Errors are ignored: the kernel may know nothing of the file.
    func forgetContent(of node: NodeID) {
        notify(node) { _ = fuse_lowlevel_notify_inval_inode($0, node.raw, 0, 0) }
    }

    /// Drops a directory's attributes: at once where nothing else is on its way, as the kernel waits for no page of
    /// one, and a caller would wait for the thread to wake up.
    func forgetAttributes(of directory: NodeID) {
        let session = state.withLock { $0.pending.isEmpty ? $0.session : nil }
        if let session {
            _ = fuse_lowlevel_notify_inval_inode(session.pointer, directory.raw, -1, 0)
        } else {
            notify(directory) { _ = fuse_lowlevel_notify_inval_inode($0, directory.raw, -1, 0) }
        }
    }

    /// Drops a name of a directory, soon.
    func forgetEntry(_ name: ByteString, in directory: NodeID) {
        let bytes = name.string
        notify(directory) { session in
            bytes.withCString {
                _ = fuse_lowlevel_notify_inval_entry(session, directory.raw, $0, strlen($0))
            }
        }
    }

    private func notify(_ node: NodeID, _ send: @escaping @Sendable (OpaquePointer) -> Void) {
        state.withLock { $0.pending[node, default: 0] += 1 }
        jobs.append { [self] in
            if let session = state.withLock({ $0.session }) { send(session.pointer) }
            state.withLock { state in
                let left = (state.pending[node] ?? 1) - 1
                state.pending[node] = left == 0 ? nil : left
            }
        }
    }

    /// Runs `body`, which must be short, as soon as all notifications of a file are sent: at once where there are none.
    func whenForgotten(_ node: NodeID, _ body: @escaping @Sendable () -> Void) {
        let isPending = state.withLock { $0.pending[node] != nil }
        if isPending { jobs.append(body) } else { body() }
    }

    /// Tells those who poll a file to look again, soon.
    func wake(_ wakers: [PollWaker]) {
        guard !wakers.isEmpty else { return }
        jobs.append { [self] in
            // Without a session nobody is left to be told.
            if state.withLock({ $0.session != nil }) { for waker in wakers { waker.wake() } }
        }
    }

    /// Runs `body`, which must be short, as soon as every notification so far is sent: at once where there are none.
    func whenAllForgotten(_ body: @escaping @Sendable () -> Void) {
        let isPending = state.withLock { !$0.pending.isEmpty }
        if isPending { jobs.append(body) } else { body() }
    }

    /// Does what is still queued, then ends the thread.
    func close() {
        jobs.close()
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        if let thread { pthread_join(thread, nil) }
    }
}
