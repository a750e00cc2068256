/// Makes of a text the bytes whose trigrams are indexed: letters of ASCII in lower case, also those that only show
/// without regard to case (the Kelvin sign is a k, the long s an s); all else stays as it is.
///
/// What holds a string holds it folded. Every ASCII letter of a lower-cased text is one of the folded text, and so is
/// every one that a regular expression finds without regard to case.
struct TrigramFolding: Sendable {
    /// The folded text. O(bytes).
    func fold(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        // Two bytes become three at the most.
        [UInt8](unsafeUninitializedCapacity: text.count + text.count / 2 + 1) { folded, count in
            var place = 0
            while place < text.count {
                let byte = text[place]
                if byte < 0x80 {
                    folded[count] = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
                    count += 1
                    place += 1
                    continue
                }
                guard let (letters, length) = Self.special(text, at: place) else {
                    folded[count] = byte
                    count += 1
                    place += 1
                    continue
                }
                for letter in letters {
                    folded[count] = letter
                    count += 1
                }
                place += length
            }
        }
    }

    /// What becomes of a character that is not ASCII, and how many bytes it has; nil where it stays as it is.
    private static func special(_ text: UnsafeRawBufferPointer, at place: Int) -> (letters: [UInt8], length: Int)? {
        let second = place + 1 < text.count ? text[place + 1] : 0
        switch (text[place], second) {
        // The Kelvin sign.
        case (0xE2, 0x84) where place + 2 < text.count && text[place + 2] == 0xAA: return (Self.letterK, 3)
        // The long s.
        case (0xC5, 0xBF): return (Self.letterS, 2)
        // The capital I with a dot is an i and a combining dot in lower case.
        case (0xC4, 0xB0): return (Self.dottedI, 2)
        default: return nil
        }
    }

    private static let letterK = [UInt8(ascii: "k")]
    private static let letterS = [UInt8(ascii: "s")]
    private static let dottedI = [UInt8(ascii: "i"), 0xCC, 0x87]
}
