/// Cuts texts at places where a reader expects an end.
enum Excerpt {
    /// What stands where something was left out.
    static let mark = " […]"

    /// The text if it fits into `limit` bytes, else its beginning up to the end of a sentence or a word with ``mark``
    /// after it, together at most `limit` bytes; "" where not even the mark fits.
    static func of(_ text: String, limit: Int) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count > limit else { return text }
        var end = limit - mark.utf8.count
        guard end > 0 else { return "" }
        // A continuation byte is no place to end a text.
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        let cut = sentenceEnd(bytes, from: end / 2, to: end) ?? wordEnd(bytes, to: end) ?? end
        var kept = bytes[..<cut]
        while let last = kept.last, isSpace(last) { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self) + mark
    }

    /// The last place in the second half after which a sentence or a line has ended.
    private static func sentenceEnd(_ bytes: [UInt8], from start: Int, to end: Int) -> Int? {
        var place = end
        while place > start, place > 0 {
            let before = bytes[place - 1]
            let ends = before == UInt8(ascii: ".") || before == UInt8(ascii: "!") || before == UInt8(ascii: "?")
            if ends && isSpace(bytes[place]) || before == UInt8(ascii: "\n") { return place }
            place -= 1
        }
        return nil
    }

    private static func wordEnd(_ bytes: [UInt8], to end: Int) -> Int? {
        var place = end
        while place > 0 {
            if isSpace(bytes[place]) { return place }
            place -= 1
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
