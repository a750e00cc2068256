import CFuseShim
import Synchronization

/// Tells the kernel that what it remembers is no longer so.
///
/// Never to be called by the thread that reads requests: the kernel may wait for a page that only that thread can fill.
final class KernelCache: Sendable {
    private struct Session: @unchecked Sendable {
        // @unchecked: libfuse's notifications are single writes to the device and may come from any thread.
        let pointer: OpaquePointer
    }
    private let session = Mutex<Session?>(nil)

    /// Connects to a mounted session, or cuts the connection before the session ends.
    func attach(_ pointer: OpaquePointer?) { session.withLock { $0 = pointer.map(Session.init) } }

    /// Drops a file's attributes and cached pages. Errors are ignored: the kernel may know nothing of the file.
    func forgetContent(of node: NodeID) {
        session.withLock { $0 }.map { _ = fuse_lowlevel_notify_inval_inode($0.pointer, node.raw, 0, 0) }
    }

    /// Drops a file's attributes.
    func forgetAttributes(of node: NodeID) {
        session.withLock { $0 }.map { _ = fuse_lowlevel_notify_inval_inode($0.pointer, node.raw, -1, 0) }
    }
}
