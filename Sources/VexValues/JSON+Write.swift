import CSimdjson

extension JSON {
    /// The value as compact JSON.
    public var compact: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    /// The value as JSON with one member or element a line, indented by two spaces, and a newline at the end.
    public var pretty: [UInt8] {
        var bytes: [UInt8] = []
        writePretty(to: &bytes, indent: 0)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Appends the value as compact JSON; numbers in their shortest exact form, a number that is not finite as null.
    public func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value): Self.write(number: value, to: &bytes)
        case .string(let text): Self.write(string: text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(string: member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a string with its quotes; text that is not ASCII stays as it is.
    public static func write(string: String, to bytes: inout [UInt8]) {
        var string = string
        string.withUTF8 { write(utf8: $0, to: &bytes) }
    }

    /// Appends UTF-8 as a JSON string.
    public static func write(utf8 text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if isPlain(text) {
            bytes.append(contentsOf: text)
        } else {
            for byte in text { write(escaped: byte, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func write(escaped byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0..<0x20, 0x7F:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }

    /// Whether a text, as the usual one, has nothing to escape.
    private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let (ones, highs) = (UInt64(0x0101_0101_0101_0101), UInt64(0x8080_8080_8080_8080))
        // Eight bytes at a time: the highest bit of each result tells of a byte that is less than the number.
        func hasLess(_ word: UInt64, than limit: UInt64) -> Bool { (word &- ones &* limit) & ~word & highs != 0 }
        let raw = UnsafeRawBufferPointer(text)
        var place = 0
        while place + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if hasLess(word, than: 0x20) || hasLess(word ^ ones &* 0x22, than: 1) { return false }
            if hasLess(word ^ ones &* 0x5C, than: 1) || hasLess(word ^ ones &* 0x7F, than: 1) { return false }
            place += 8
        }
        while place < raw.count {
            let byte = raw[place]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F { return false }
            place += 1
        }
        return true
    }

    /// Appends the shortest text that reads back as the same number, never as an integer; not finite: null.
    public static func write(number: Double, to bytes: inout [UInt8]) {
        guard number.isFinite else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        let text = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            // Contract: the buffer has the 32 bytes that the longest double needs.
            count = buffer.baseAddress.map { vexfs_json_write_double(number, $0) } ?? 0
        }
        bytes.append(contentsOf: text)
        let looksFractional = text.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }
        if !looksFractional { bytes.append(contentsOf: ".0".utf8) }
    }

    /// Appends `vector` as a JSON array in the shortest form that reads back exactly; `[count] Float32`, all finite.
    public static func write(vector: [Float], to bytes: inout [UInt8]) {
        let text = [UInt8](unsafeUninitializedCapacity: 20 * vector.count + 1) { buffer, count in
            // Contract: 20 bytes for every float and its comma, as the shim asks for.
            count = buffer.baseAddress.map { vexfs_json_write_floats(vector, vector.count, $0) } ?? 0
        }
        bytes.append(UInt8(ascii: "["))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "]"))
    }

    private func writePretty(to bytes: inout [UInt8], indent: Int) {
        func newline(_ depth: Int) {
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
        }
        switch self {
        case .array(let elements) where !elements.isEmpty:
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                newline(indent + 1)
                element.writePretty(to: &bytes, indent: indent + 1)
            }
            newline(indent)
            bytes.append(UInt8(ascii: "]"))
        case .object(let members) where !members.isEmpty:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                newline(indent + 1)
                Self.write(string: member.key, to: &bytes)
                bytes.append(contentsOf: ": ".utf8)
                member.value.writePretty(to: &bytes, indent: indent + 1)
            }
            newline(indent)
            bytes.append(UInt8(ascii: "}"))
        default: write(to: &bytes)
        }
    }
}
