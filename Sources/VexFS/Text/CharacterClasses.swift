/// What tokenizers ask about code points, answered from tables for the basic plane.
enum CharacterClasses {
    /// Whether the code point is part of words: `Alphabetic`, or a number of any kind (`Nd`, `Nl`, `No`).
    @inline(__always)
    static func isWord(_ value: UInt32) -> Bool {
        if value < 0x80 { return (value | 0x20) &- 0x61 < 26 || value &- 0x30 < 10 }
        return value < 0x10000 ? words[Int(value >> 6)] >> UInt64(value & 63) & 1 != 0 : isWordSlowly(value)
    }

    /// Whether the code point is white space (`White_Space`).
    @inline(__always)
    static func isSpace(_ value: UInt32) -> Bool {
        if value < 0x80 { return value == 0x20 || (value >= 9 && value <= 13) }
        return Unicode.Scalar(value)?.properties.isWhitespace ?? false
    }

    /// Whether words of the code point's script stand without spaces between them: Han, kana, Bopomofo, Yi, Thai, Lao,
    /// Myanmar, Khmer.
    static func isUnspaced(_ value: UInt32) -> Bool {
        switch value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0x2FDF, 0x3005...0x3007: true
        case 0x3021...0x3029, 0x3031...0x3035, 0x3041...0x30FF, 0x3105...0x312F, 0x31A0...0x31FF: true
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA9E0...0xA9FF, 0xAA60...0xAA7F: true
        case 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x1B000...0x1B16F, 0x20000...0x3FFFF: true
        default: false
        }
    }

    /// Whether the code point has no place of its own but belongs to the one before.
    static func isMark(_ value: UInt32) -> Bool {
        switch Unicode.Scalar(value)?.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Whether the code point is a letter (`Alphabetic`).
    static func isLetter(_ value: UInt32) -> Bool { Unicode.Scalar(value)?.properties.isAlphabetic ?? false }

    /// A bit for each code point of the basic plane.
    private static let words: [UInt64] = {
        var words = [UInt64](repeating: 0, count: 1024)
        for value in UInt32(0)..<0x10000 where isWordSlowly(value) {
            words[Int(value >> 6)] |= UInt64(1) << UInt64(value & 63)
        }
        return words
    }()

    private static func isWordSlowly(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return properties.isAlphabetic
        }
    }
}
