import Glibc

/// Where and why a text is not JSON, found again on the error path because the parser keeps no position.
package struct JSONFault: Equatable {
    /// The offset of the first wrong byte.
    package var offset: Int
    /// What is wrong there.
    package var reason: String
    /// Lines from 1.
    package var line: Int
    /// Bytes within the line, from 1.
    package var column: Int

    /// Finds the fault of a text that the parser refused.
    package static func find(in bytes: UnsafeBufferPointer<UInt8>, objectOnly: Bool) -> JSONFault {
        var scanner = JSONScanner(objectOnly: objectOnly)
        scanner.feed(UnsafeRawBufferPointer(bytes))
        if case .invalid(let offset, let reason) = scanner.finish() {
            return JSONFault(at: offset, reason, in: bytes)
        }
        if let offset = oversizedNumber(in: bytes) {
            return JSONFault(at: offset, "a number beyond the range of 64-bit integers and doubles", in: bytes)
        }
        return JSONFault(at: 0, "the text is too large to parse", in: bytes)
    }

    package init(at offset: Int, _ reason: String, in bytes: UnsafeBufferPointer<UInt8>) {
        self.offset = offset
        self.reason = reason
        line = 1
        column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
    }

    /// The error with its sentence.
    package func error(_ code: VexFSError.Code) -> VexFSError {
        VexFSError(code, "invalid JSON at line \(line), column \(column) (byte \(offset)): \(reason)")
    }

    /// The offset of the first number that the parser cannot hold, in a text that is otherwise valid.
    private static func oversizedNumber(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        var inString = false
        while index < bytes.count {
            let byte = bytes[index]
            if inString {
                if byte == UInt8(ascii: "\\") { index += 1 }
                inString = byte != UInt8(ascii: "\"")
                index += 1
            } else if byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") < 10 {
                let rest = bytes[index...].prefix { $0 &- UInt8(ascii: "0") < 10 || "+-.eE".utf8.contains($0) }
                if isOversized(String(decoding: rest, as: UTF8.self)) { return index }
                index = rest.endIndex
            } else {
                inString = byte == UInt8(ascii: "\"")
                index += 1
            }
        }
        return nil
    }

    private static func isOversized(_ text: String) -> Bool {
        let isInteger = !text.utf8.contains { ".eE".utf8.contains($0) }
        return isInteger ? Int64(text) == nil && UInt64(text) == nil : !strtod(text, nil).isFinite
    }
}
