/// JSON strings and vectors as text: all the JSON that the command line itself reads and writes.
enum JSONText {
    /// A string in quotes, with what must be escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A vector as an array of the shortest numbers that read back as the same Float32.
    static func array(_ vector: [Float]) -> String {
        var result = "["
        result.reserveCapacity(vector.count * 12)
        for (index, value) in vector.enumerated() {
            if index > 0 { result += "," }
            // Swift prints "1e-05", which JSON allows, and whole numbers as "1.0".
            result += value.description
        }
        return result + "]"
    }

    /// The text of a line that is one JSON string, or nil where it is anything else (RFC 8259, white space around it).
    static func string(_ line: some Sequence<UInt8>) -> String? {
        var scanner = Scanner(bytes: Array(line))
        return scanner.wholeString()
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func next() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            return bytes[position]
        }

        mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        mutating func wholeString() -> String? {
            skipSpace()
            guard next() == 0x22 else { return nil }
            var text: [UInt8] = []
            while true {
                guard let byte = next(), byte >= 0x20 else { return nil }
                if byte == 0x22 { break }
                if byte != 0x5C {
                    text.append(byte)
                } else {
                    guard let scalar = escape() else { return nil }
                    text.append(contentsOf: String(Character(scalar)).utf8)
                }
            }
            skipSpace()
            guard position == bytes.count else { return nil }
            return String(validating: text, as: UTF8.self)
        }

        /// What follows a backslash.
        private mutating func escape() -> Unicode.Scalar? {
            switch next() {
            case UInt8(ascii: "\""): "\""
            case UInt8(ascii: "\\"): "\\"
            case UInt8(ascii: "/"): "/"
            case UInt8(ascii: "b"): "\u{8}"
            case UInt8(ascii: "f"): "\u{C}"
            case UInt8(ascii: "n"): "\n"
            case UInt8(ascii: "r"): "\r"
            case UInt8(ascii: "t"): "\t"
            case UInt8(ascii: "u"): codePoint()
            default: nil
            }
        }

        /// Four digits, or eight as a surrogate pair; half a pair is refused.
        private mutating func codePoint() -> Unicode.Scalar? {
            guard let first = fourDigits() else { return nil }
            guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
            guard next() == 0x5C, next() == UInt8(ascii: "u"), let second = fourDigits() else { return nil }
            guard (0xDC00..<0xE000).contains(second) else { return nil }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        }

        private mutating func fourDigits() -> UInt32? {
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let byte = next() else { return nil }
                switch byte {
                case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
                case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
                case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
                default: return nil
                }
            }
            return value
        }
    }
}
