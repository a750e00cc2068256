import Glibc

/// Finds who keeps a mount busy, by the links in `/proc`: they can be read without touching the mount.
enum MountUsers {
    /// A process that uses the mount.
    struct User: Equatable, Sendable {
        var process: Int32
        var name: String
        /// One path it uses there.
        var path: String
    }

    /// The processes with an open file, a working directory, a root or a program below a path, as far as may be seen.
    static func find(below mountpoint: String, limit: Int = 10) -> [User] {
        var users: [User] = []
        for name in FilePath.names(in: "/proc") ?? [] {
            guard users.count < limit else { break }
            guard let process = Int32(name), process != getpid() else { continue }
            guard let path = used(by: "/proc/\(name)", below: mountpoint) else { continue }
            users.append(User(process: process, name: command(of: process), path: path))
        }
        return users
    }

    private static func used(by directory: String, below mountpoint: String) -> String? {
        let descriptors = FilePath.names(in: directory + "/fd") ?? []
        for link in ["/cwd", "/root", "/exe"] + descriptors.map({ "/fd/" + $0 }) {
            guard let target = FilePath.linkTarget(directory + link) else { continue }
            if FilePath.isAtOrBelow(target, mountpoint) { return target }
        }
        return nil
    }

    private static func command(of process: Int32) -> String {
        let descriptor = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "?" }
        defer { close(descriptor) }
        let text = String(decoding: Terminal.readAll(from: descriptor) ?? [], as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }
}
