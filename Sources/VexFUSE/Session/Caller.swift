import CFuseShim

/// Who sent a request.
struct Caller: Sendable, Equatable {
    /// The user.
    var user: UInt32
    /// The group.
    var group: UInt32
    /// The thread in the caller's process, or 0 where the kernel cannot say.
    var process: Int32

    init(user: UInt32, group: UInt32, process: Int32) {
        self.user = user
        self.group = group
        self.process = process
    }

    init(_ request: fuse_req_t) {
        // libfuse keeps the context in the request itself: the pointer is valid until the reply.
        guard let context = fuse_req_ctx(request) else {
            self.init(user: 0, group: 0, process: 0)
            return
        }
        self.init(user: context.pointee.uid, group: context.pointee.gid, process: context.pointee.pid)
    }
}
