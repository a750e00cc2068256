import Glibc

/// Writes to standard output and standard error.
enum Terminal {
    /// Writes text to standard output.
    /// - Throws: `failure` when it cannot be written; a closed pipe ends the process as it does for every filter.
    static func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }

    /// Writes bytes to standard output.
    static func write(_ bytes: [UInt8]) throws(Failure) {
        guard let code = writeAll(bytes, to: STDOUT_FILENO) else { return }
        throw Failure(.failure, "standard output: \(String(cString: strerror(code)))")
    }

    /// Writes one line to standard error, with the program's name in front.
    static func complain(_ message: String) {
        _ = writeAll(Array("vexfs-fuse: \(message)\n".utf8), to: STDERR_FILENO)
    }

    /// Writes every byte; returns the errno that stopped it, or nil.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, base + done, buffer.count - done)
                if count >= 0 {
                    done += count
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }

    /// Reads until the end; nil on an error, which `errno` names.
    static func readAll(from descriptor: Int32) -> [UInt8]? {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return result }
            if count > 0 {
                result.append(contentsOf: buffer[..<count])
            } else if errno != EINTR {
                return nil
            }
        }
    }

    /// The sentence of an errno.
    static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
}
