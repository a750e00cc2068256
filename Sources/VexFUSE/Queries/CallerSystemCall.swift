import Glibc

/// What system call a caller is in.
///
/// mkdir(2), symlink(2) and rename(2) look a name up before they make it, and refuse when it exists. Below a query
/// directory every name exists, as a search; so a lookup has to know what it is for. See
/// docs/decisions/0002-pinning-asks-the-kernel-for-the-system-call.md.
enum CallerSystemCall {
    /// Whether the thread is making a name: mkdir, symlink, rename, link or mknod. False where that cannot be known.
    static func isCreating(_ thread: Int32) -> Bool {
        guard thread > 0 else { return false }
        let descriptor = open("/proc/\(thread)/syscall", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0, let number = number(in: buffer[..<count]) else { return false }
        return creating.contains(number)
    }

    /// The number at the beginning of a line of `/proc/…/syscall`; nil for "running" and "-1".
    static func number(in line: ArraySlice<UInt8>) -> Int? {
        let digits = line.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard !digits.isEmpty, digits.count <= 6 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    #if arch(x86_64)
        /// mkdir mkdirat symlink symlinkat rename renameat renameat2 link linkat mknod mknodat
        static let creating: Set<Int> = [83, 258, 88, 266, 82, 264, 316, 86, 265, 133, 259]
    #else
        /// mknodat mkdirat symlinkat linkat renameat renameat2, by the generic table of arm64 and riscv64
        static let creating: Set<Int> = [33, 34, 36, 37, 38, 276]
    #endif
}
