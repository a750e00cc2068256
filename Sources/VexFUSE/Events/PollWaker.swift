import CFuseShim

/// Tells the kernel that something came to a file that a caller polls.
final class PollWaker: @unchecked Sendable {
    // @unchecked: libfuse's notification is a single write to the device and may come from any thread. Contract: the
    // pointer is ours from the request until the end of this object.
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { fuse_pollhandle_destroy(pointer) }

    /// Has the kernel ask again.
    func wake() { _ = fuse_lowlevel_notify_poll(pointer) }
}
