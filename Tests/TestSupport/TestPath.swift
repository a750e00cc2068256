import Foundation

/// A system call that failed.
public struct PosixError: Error, CustomStringConvertible, Sendable {
    /// The call.
    public var call: String
    /// What it was about.
    public var path: String
    /// The errno.
    public var number: Int32

    /// Describes the failure of the call just made.
    public init(call: String, path: String, number: Int32 = errno) {
        (self.call, self.path, self.number) = (call, path, number)
    }

    /// The failure in words.
    public var description: String { "\(call) \(path): \(String(cString: strerror(number)))" }
}

/// The errno that the body failed with, 0 where it succeeded.
public func failure(_ body: () throws -> Void) -> Int32 {
    do {
        try body()
        return 0
    } catch {
        return (error as? PosixError)?.number ?? -1
    }
}

/// A path, with the system calls that tests make on it. Nothing is buffered and every failure is thrown with its errno.
public struct TestPath: Sendable, CustomStringConvertible {
    /// The path.
    public var string: String

    /// Wraps a path.
    public init(_ string: String) { self.string = string }

    /// The path as text.
    public var description: String { string }

    /// A path below this one.
    public static func / (parent: TestPath, name: String) -> TestPath { TestPath(parent.string + "/" + name) }

    /// Throws the errno of a call that returned −1.
    @discardableResult
    func check<Result: SignedInteger>(_ call: String, _ result: Result) throws -> Result {
        guard result >= 0 else { throw PosixError(call: call, path: string) }
        return result
    }

    /// Opens the file; the descriptor is not passed on to programs started meanwhile.
    public func open(_ flags: Int32, mode: mode_t = 0o644) throws -> OpenFile {
        OpenFile(descriptor: try check("open", Glibc.open(string, flags | O_CLOEXEC, mode)), path: string)
    }

    /// Reads the whole file, as `cat` does.
    public func read() throws -> [UInt8] {
        let file = try open(O_RDONLY)
        return try file.readToEnd()
    }

    /// Reads the whole file as text.
    public func text() throws -> String { String(decoding: try read(), as: UTF8.self) }

    /// Reads the file's lines.
    public func lines() throws -> [String] { try text().split(separator: "\n").map(String.init) }

    /// Writes the whole file, as `cp` does: creates or truncates, writes, closes; an error at any step is thrown.
    public func write(_ bytes: [UInt8], flags: Int32 = O_WRONLY | O_CREAT | O_TRUNC, mode: mode_t = 0o644) throws {
        let file = try open(flags, mode: mode)
        try file.write(bytes)
        try file.close()
    }

    /// Writes the whole file.
    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Appends, as `>>` does.
    public func append(_ text: String) throws { try write(Array(text.utf8), flags: O_WRONLY | O_CREAT | O_APPEND) }

    /// The file's attributes; a symlink's own.
    public func stat() throws -> Glibc.stat {
        var result = Glibc.stat()
        try check("lstat", lstat(string, &result))
        return result
    }

    /// Whether the name exists, a dangling symlink included.
    public var exists: Bool { (try? stat()) != nil }

    /// The file's size.
    public func size() throws -> Int { Int(try stat().st_size) }

    /// Whether it is a directory.
    public var isDirectory: Bool { (try? stat().st_mode & S_IFMT == S_IFDIR) ?? false }

    /// Whether it is a symlink.
    public var isSymlink: Bool { (try? stat().st_mode & S_IFMT == S_IFLNK) ?? false }

    /// Sorted names in a directory, without "." and "..".
    public func list() throws -> [String] { try listInOrder().sorted() }

    /// Names in the directory's own order, without "." and "..".
    public func listInOrder() throws -> [String] {
        guard let directory = opendir(string) else { throw PosixError(call: "opendir", path: string) }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw PosixError(call: "readdir", path: string) }
        return names
    }
}
