/// Makes of a text the bytes whose trigrams are indexed: letters of ASCII in lower case, also those that only their
/// lower case shows (the Kelvin sign is a k); all else stays as it is.
///
/// What holds a string holds it folded, and every ASCII letter of a lower-cased text is one of the folded text.
struct TrigramFolding: Sendable {
    private var bytes: [UInt8] = []

    /// The folded text.
    mutating func fold(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(text.count + text.count / 2)
        var place = 0
        while place < text.count {
            let byte = text[place]
            if byte &- UInt8(ascii: "A") < 26 {
                bytes.append(byte | 0x20)
            } else if byte == 0xE2, place + 2 < text.count, text[place + 1] == 0x84, text[place + 2] == 0xAA {
                bytes.append(UInt8(ascii: "k"))
                place += 2
            } else if byte == 0xC4, place + 1 < text.count, text[place + 1] == 0xB0 {
                // The capital I with a dot is an i and a combining dot in lower case.
                bytes.append(contentsOf: [UInt8(ascii: "i"), 0xCC, 0x87])
                place += 1
            } else {
                bytes.append(byte)
            }
            place += 1
        }
        return bytes
    }
}
