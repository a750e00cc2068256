import CFuseShim
import Glibc
import VexFS

/// One libfuse session: made, mounted, and at the end unmounted and freed.
final class FuseSession: @unchecked Sendable {
    // @unchecked: the pointer never changes; libfuse synchronises what is behind it.
    let pointer: OpaquePointer
    private let operations: Operations
    private let mountpoint: String

    /// Prepares a session.
    /// - Throws: `invalidArgument` when libfuse does not know an option; it prints which one.
    init(_ operations: Operations, mountpoint: String, options: String) throws(VexFSError) {
        var arguments = fuse_args()
        defer { fuse_opt_free_args(&arguments) }
        for argument in ["vexfs-fuse", "-o", options] { fuse_opt_add_arg(&arguments, argument) }
        var table = OperationTable.make()
        // Unretained: this object keeps `operations` alive, and frees the session before it goes itself.
        let userdata = Unmanaged.passUnretained(operations).toOpaque()
        guard let pointer = fuse_session_new(&arguments, &table, MemoryLayout<fuse_lowlevel_ops>.size, userdata) else {
            throw VexFSError(.invalidArgument, "the mount options are not valid: \(options)")
        }
        self.pointer = pointer
        self.operations = operations
        self.mountpoint = mountpoint
    }

    deinit { fuse_session_destroy(pointer) }

    /// Mounts.
    /// - Throws: `notPermitted` when the kernel refuses.
    func mount() throws(VexFSError) {
        guard fuse_session_mount(pointer, mountpoint) == 0 else {
            let cause = errno == 0 ? nil : String(cString: strerror(errno))
            throw VexFSError(
                .notPermitted, "the mount failed: check /dev/fuse, the directory and the options", at: mountpoint,
                cause: cause)
        }
        operations.kernel.attach(pointer)
    }

    /// Unmounts; open files end with ENOTCONN.
    func unmount() {
        operations.kernel.attach(nil)
        fuse_session_unmount(pointer)
    }
}
