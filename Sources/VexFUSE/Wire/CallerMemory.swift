import CFuseShim
import Glibc
import VexFS

/// What stops an ioctl: an errno, and where there is something to say, a sentence.
struct ControlFailure: Error {
    var errno: Int32
    var error: VexFSError?

    init(_ errno: Int32) { self.errno = errno }
    init(_ error: VexFSError) {
        errno = error.errno
        self.error = error
    }
}

/// The memory of the process that waits for the answer to a request.
struct CallerMemory {
    private let process: Int32

    /// - Throws: EOPNOTSUPP where the kernel does not tell who calls: it lives in another pid namespace.
    init(of caller: Caller) throws(ControlFailure) {
        guard caller.process > 0 else { throw Self.outOfReach }
        var status = stat()
        // A process of somebody else has taken the number: the caller is gone.
        guard lstat("/proc/\(caller.process)", &status) == 0, caller.user == 0 || status.st_uid == caller.user else {
            throw Self.outOfReach
        }
        process = caller.process
    }

    private static let outOfReach = ControlFailure(
        VexFSError(.unsupported, "the daemon cannot reach the caller's memory; the inline forms work from there"))

    private static func check(_ code: Int32) throws(ControlFailure) {
        switch code {
        case 0: return
        case EPERM, ESRCH, EACCES, ENOSYS: throw outOfReach
        case ENOMEM: throw ControlFailure(ENOMEM)
        default: throw ControlFailure(EFAULT)
        }
    }

    /// Copies elements from there; once, so that nothing changes after it was judged.
    func read<Element: BitwiseCopyable>(
        _ address: UInt64, count: Int, zero: Element
    ) throws(ControlFailure) -> [Element] {
        var elements = [Element](repeating: zero, count: count)
        let code = elements.withUnsafeMutableBytes { vexfs_read_memory(process, $0.baseAddress, address, $0.count) }
        try Self.check(count == 0 ? 0 : code)
        return elements
    }

    /// Copies elements there.
    func write<Element: BitwiseCopyable>(_ elements: [Element], to address: UInt64) throws(ControlFailure) {
        guard !elements.isEmpty else { return }
        try Self.check(elements.withUnsafeBytes { vexfs_write_memory(process, $0.baseAddress, address, $0.count) })
    }
}
