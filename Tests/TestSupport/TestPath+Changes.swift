import CTestSupport
import Foundation

extension TestPath {
    /// mkdir(2).
    public func makeDirectory(mode: mode_t = 0o755) throws { try check("mkdir", mkdir(string, mode)) }

    /// unlink(2).
    public func remove() throws { try check("unlink", unlink(string)) }

    /// rmdir(2).
    public func removeDirectory() throws { try check("rmdir", rmdir(string)) }

    /// rename(2).
    public func rename(to other: TestPath) throws { try check("rename", Glibc.rename(string, other.string)) }

    /// renameat2(2) with RENAME_NOREPLACE.
    public func renameWithoutReplacing(to other: TestPath) throws {
        try check("renameat2", test_rename2(string, other.string, UInt32(TEST_RENAME_NOREPLACE)))
    }

    /// renameat2(2) with RENAME_EXCHANGE.
    public func exchange(with other: TestPath) throws {
        try check("renameat2", test_rename2(string, other.string, UInt32(TEST_RENAME_EXCHANGE)))
    }

    /// link(2): a hard link.
    public func link(to other: TestPath) throws { try check("link", Glibc.link(string, other.string)) }

    /// symlink(2): makes this path a symlink that points to the target.
    public func makeSymlink(to target: String) throws { try check("symlink", symlink(target, string)) }

    /// readlink(2).
    public func linkTarget() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = try check("readlink", readlink(string, &buffer, buffer.count))
        return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// fsync(2) of the directory: everything in it becomes durable.
    public func syncDirectory() throws { try open(O_RDONLY | O_DIRECTORY).sync() }

    /// truncate(2).
    public func truncate(to size: Int) throws { try check("truncate", Glibc.truncate(string, off_t(size))) }

    /// chmod(2).
    public func changeMode(_ mode: mode_t) throws { try check("chmod", chmod(string, mode)) }

    /// chown(2), the symlink itself.
    public func changeOwner(_ owner: uid_t, _ group: gid_t) throws { try check("lchown", lchown(string, owner, group)) }

    /// Sets the time of the last change of content, and leaves the time of the last access.
    public func setModified(seconds: Int, nanoseconds: Int) throws {
        let times = [
            timespec(tv_sec: 0, tv_nsec: Int((1 << 30) - 2)), timespec(tv_sec: seconds, tv_nsec: nanoseconds),
        ]
        try check("utimensat", utimensat(AT_FDCWD, string, times, AT_SYMLINK_NOFOLLOW))
    }

    /// The names of the extended attributes.
    public func attributeNames() throws -> [String] {
        var buffer = [CChar](repeating: 0, count: 65536)
        let length = try check("listxattr", listxattr(string, &buffer, buffer.count))
        return buffer[..<length].split(separator: 0).map {
            String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The bytes of an extended attribute.
    public func attributeBytes(_ name: String) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let length = try check("getxattr", getxattr(string, name, &buffer, buffer.count))
        return Array(buffer[..<length])
    }

    /// The text of an extended attribute.
    public func attribute(_ name: String) throws -> String {
        String(decoding: try attributeBytes(name), as: UTF8.self)
    }

    /// Sets an extended attribute.
    public func setAttribute(_ name: String, to value: [UInt8], flags: Int32 = 0) throws {
        try check("setxattr", setxattr(string, name, value, value.count, flags))
    }

    /// Sets an extended attribute.
    public func setAttribute(_ name: String, to value: String) throws { try setAttribute(name, to: Array(value.utf8)) }

    /// Removes an extended attribute.
    public func removeAttribute(_ name: String) throws { try check("removexattr", removexattr(string, name)) }

    /// `user.vexfs.state`.
    public func state() throws -> String { try attribute("user.vexfs.state") }
}
