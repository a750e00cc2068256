import Glibc

/// A directory that a store may be mounted on.
struct Mountpoint: Sendable {
    /// Absolute, without symlinks.
    let path: String
    /// The device it lies on before the mount: once the mount answers, it is another.
    let device: dev_t

    /// Directories that a system needs, never to be covered.
    static let systemPaths: Set<String> = [
        "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc", "/root",
        "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin",
        "/usr/share", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp",
    ]

    /// Checks a directory.
    /// - Throws: `mountpointUnusable` with what is wrong and, for a dead mount, the command that clears it.
    init(checking given: String, store: String) throws(Failure) {
        var status = stat()
        guard stat(given, &status) == 0 else { throw Self.unreachable(given, errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Self.unusable("\(given) is not a directory") }
        guard let path = FilePath.resolved(given) else { throw Self.unreachable(given, errno) }
        if let entry = MountTable.entry(at: path) {
            throw Self.unusable(
                "\(path) already has the store \(entry.store) mounted on it; "
                    + "unmount it with: vexfs-fuse umount \(FilePath.quoted(path))")
        }
        let isKernels = ["/proc", "/sys", "/dev"].contains { FilePath.isAtOrBelow(path, $0) }
        if (isKernels && !path.hasPrefix("/dev/shm/")) || Self.systemPaths.contains(path) {
            throw Self.unusable("\(path) belongs to the system; make a directory of its own for the mount")
        }
        if FilePath.isAtOrBelow(store, path) {
            throw Self.unusable("the store \(store) lies inside the mountpoint \(path), which would hide it")
        }
        if FilePath.isAtOrBelow(path, store) {
            throw Self.unusable("the mountpoint \(path) lies inside the store; choose one outside")
        }
        guard let names = FilePath.names(in: path, limit: 1) else { throw Self.unreachable(path, errno) }
        guard names.isEmpty else {
            throw Self.unusable("\(path) is not empty, and its files would be hidden; use an empty directory")
        }
        self.path = path
        device = status.st_dev
    }

    /// Whether the mount answers here: a `stat` that works and that reaches another device. Not for the daemon itself.
    var answers: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_dev != device
    }

    private static func unusable(_ message: String) -> Failure { Failure(.mountpointUnusable, message) }

    private static func unreachable(_ path: String, _ code: Int32) -> Failure {
        switch code {
        case ENOTCONN:
            unusable(
                "\(path) is a dead mount: its daemon is gone; clear it with: "
                    + "vexfs-fuse umount \(FilePath.quoted(path))")
        case ENOENT: unusable("\(path) does not exist; make it first: mkdir \(FilePath.quoted(path))")
        default: unusable("\(path): \(Terminal.reason(code))")
        }
    }
}
