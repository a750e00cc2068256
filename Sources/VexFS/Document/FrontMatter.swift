import Glibc

/// The simple part of YAML that stands between two `---` lines at the top of Markdown files: `key: value` with
/// strings, numbers, booleans and flat lists. Anything richer is not front matter to us, and stays text.
struct FrontMatter {
    /// The keys and values in order; a repeated key keeps its last value.
    let members: [JSON.Member]
    /// How many lines stand before the text, the block and the blank lines behind it.
    let linesBefore: Int
    /// How many bytes stand before the text.
    let bytesBefore: Int

    /// A block longer than this is text that happens to begin with a line.
    private static let maximumBytes = 64 << 10

    /// Reads the block at the beginning of `bytes`, UTF-8; nil where there is none or it is not well-formed.
    init?(of bytes: UnsafeBufferPointer<UInt8>) {
        var lines = LineReader(bytes: bytes)
        guard lines.next().map(Self.isFence) == true else { return nil }
        var found = JSONMembers()
        var openList: (key: String, elements: [JSON])?
        while true {
            guard let line = lines.next(), lines.position <= Self.maximumBytes else { return nil }
            if Self.isFence(line) || Self.trim(line).elementsEqual("...".utf8) { break }
            let content = Self.trim(line)
            if content.isEmpty || content.first == UInt8(ascii: "#") { continue }
            if content.first == UInt8(ascii: "-"), let list = openList {
                let item = Self.trim(content.dropFirst())
                guard content.dropFirst().first == 0x20, let value = Self.scalar(item) else { return nil }
                openList = (list.key, list.elements + [value])
                found.set(list.key, .array(list.elements + [value]))
                continue
            }
            guard line.first != 0x20, line.first != 0x09, let (key, rest) = Self.keyAndValue(content),
                let value = Self.value(rest)
            else { return nil }
            openList = rest.isEmpty ? (key, []) : nil
            found.set(key, value)
        }
        var end = (position: lines.position, count: lines.count)
        while let line = lines.next(), Self.trim(line).isEmpty { end = (lines.position, lines.count) }
        members = found.list
        bytesBefore = end.position
        linesBefore = end.count
    }

    private static func isFence(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        line.first == UInt8(ascii: "-") && trim(line).elementsEqual("---".utf8)
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    private static func trim(_ bytes: Bytes) -> Bytes {
        var rest = bytes
        while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 || last == 0x0D { rest = rest.dropLast() }
        return rest
    }

    private static func keyAndValue(_ line: Bytes) -> (String, Bytes)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        var key = trim(line[..<colon])
        if let quote = key.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"), key.count > 2,
            key.last == quote
        {
            key = key.dropFirst().dropLast()
        } else if key.contains(where: { "\"'{}[]#&*!|>%@`,".utf8.contains($0) }) {
            return nil
        }
        let rest = line[(colon + 1)...]
        guard !key.isEmpty, rest.isEmpty || rest.first == 0x20 || rest.first == 0x09 else { return nil }
        return (String(decoding: key, as: UTF8.self), trim(rest))
    }

    private static func value(_ bytes: Bytes) -> JSON? {
        guard bytes.first == UInt8(ascii: "[") else { return scalar(bytes) }
        guard bytes.last == UInt8(ascii: "]"), bytes.count >= 2 else { return nil }
        let inner = trim(bytes.dropFirst().dropLast())
        if inner.isEmpty { return .array([]) }
        var elements: [JSON] = []
        var start = inner.startIndex
        var quote: UInt8?
        for index in inner.startIndex...inner.endIndex {
            let byte = index < inner.endIndex ? inner[index] : UInt8(ascii: ",")
            if let open = quote, index < inner.endIndex {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: ",") {
                let item = trim(inner[start..<index])
                guard !item.isEmpty, item.first != UInt8(ascii: "["), let value = scalar(item) else { return nil }
                elements.append(value)
                start = index + 1
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), trim(inner[start..<index]).isEmpty {
                quote = byte
            }
        }
        return .array(elements)
    }

    private static func scalar(_ bytes: Bytes) -> JSON? {
        if let quote = bytes.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            return quoted(bytes, by: quote)
        }
        // What would open a map, an anchor, a tag, a block or a comment is beyond this reader.
        if let first = bytes.first, "[]{}&*!|>%@`,#".utf8.contains(first) { return nil }
        let text = String(decoding: withoutComment(bytes), as: UTF8.self)
        switch text {
        case "", "~", "null": return .null
        case "true", "True": return .bool(true)
        case "false", "False": return .bool(false)
        default: break
        }
        if text.utf8.last == UInt8(ascii: ":") || text.utf8.count > 1 && text.hasPrefix("- ") { return nil }
        if let number = try? JSON.parse(Array(text.utf8)), number.numberValue != nil { return number }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if previous == UInt8(ascii: ":"), byte == 0x20 { return nil }
            previous = byte
        }
        return .string(text)
    }

    private static func withoutComment(_ bytes: Bytes) -> Bytes {
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            if bytes[index] == 0x20, bytes[index + 1] == UInt8(ascii: "#") { return trim(bytes[..<index]) }
            index += 1
        }
        return bytes
    }

    private static func quoted(_ bytes: Bytes, by quote: UInt8) -> JSON? {
        guard bytes.count >= 2, bytes.last == quote else { return nil }
        let inner = bytes.dropFirst().dropLast()
        if quote == UInt8(ascii: "\"") {
            // Double-quoted YAML without its rarer escapes is a JSON string.
            return try? JSON.parse(Array(bytes))
        }
        var text: [UInt8] = []
        var index = inner.startIndex
        while index < inner.endIndex {
            if inner[index] == quote {
                guard index + 1 < inner.endIndex, inner[index + 1] == quote else { return nil }
                index += 1
            }
            text.append(inner[index])
            index += 1
        }
        return .string(String(decoding: text, as: UTF8.self))
    }
}

/// Walks the lines of a buffer, which must outlive it.
private struct LineReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0
    private(set) var count = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next line without its newline, or nil at the end.
    mutating func next() -> Slice<UnsafeBufferPointer<UInt8>>? {
        guard position < bytes.count else { return nil }
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let line = bytes[position..<end]
        position = min(end + 1, bytes.count)
        count += 1
        return line
    }
}
