import CTestSupport
import Foundation

/// An open descriptor; closed with the object at the latest. Not shared between threads.
public final class OpenFile {
    /// The descriptor, −1 once closed.
    public private(set) var descriptor: Int32
    private let path: String

    /// Takes over a descriptor.
    public init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    private func check<Result: SignedInteger>(_ call: String, _ result: Result) throws -> Result {
        guard result >= 0 else { throw PosixError(call: call, path: path) }
        return result
    }

    /// Closes and throws what close(2) reports: the answer to everything written.
    public func close() throws {
        let old = descriptor
        descriptor = -1
        _ = try check("close", Glibc.close(old))
    }

    /// Writes all bytes at the file offset.
    public func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            done += try bytes[done...].withUnsafeBytes {
                try check("write", Glibc.write(descriptor, $0.baseAddress, $0.count))
            }
        }
    }

    /// Writes text at the file offset.
    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes all bytes at an offset.
    public func write(_ bytes: [UInt8], at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            done += try bytes[done...].withUnsafeBytes {
                try check("pwrite", pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + done)))
            }
        }
    }

    /// Reads up to `count` bytes at an offset.
    public func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let length = try check("pread", pread(descriptor, &buffer, count, off_t(offset)))
        return Array(buffer[..<length])
    }

    /// Reads from the file offset to the end.
    public func readToEnd() throws -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 131072)
        while true {
            let length = try check("read", Glibc.read(descriptor, &buffer, buffer.count))
            if length == 0 { return result }
            result += buffer[..<length]
        }
    }

    /// lseek(2) from the start.
    public func seek(to offset: Int) throws { _ = try check("lseek", lseek(descriptor, off_t(offset), SEEK_SET)) }

    /// ftruncate(2).
    public func truncate(to size: Int) throws { _ = try check("ftruncate", ftruncate(descriptor, off_t(size))) }

    /// fsync(2).
    public func sync() throws { _ = try check("fsync", fsync(descriptor)) }

    /// fdatasync(2).
    public func syncData() throws { _ = try check("fdatasync", fdatasync(descriptor)) }

    /// fstat(2).
    public func stat() throws -> Glibc.stat {
        var result = Glibc.stat()
        _ = try check("fstat", fstat(descriptor, &result))
        return result
    }

    /// ioctl(2) without an argument.
    public func control(_ request: UInt) throws { _ = try check("ioctl", test_ioctl(descriptor, request)) }

    /// Duplicates the descriptor, as a shell does when it redirects.
    public func duplicate() throws -> OpenFile {
        OpenFile(descriptor: try check("fcntl", fcntl(descriptor, F_DUPFD_CLOEXEC, 0)), path: path)
    }
}
