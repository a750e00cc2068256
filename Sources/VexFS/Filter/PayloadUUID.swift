/// A UUID as a payload holds it, whatever its spelling.
public struct PayloadUUID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first 64 bits.
    public let high: UInt64
    /// The last 64 bits.
    public let low: UInt64

    /// Puts the two halves together.
    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Reads 32 hexadecimal digits of either case, plain or in the groups of RFC 9562, also after `urn:uuid:`. Nil for
    /// anything else.
    public init?(_ text: String) {
        var bytes = Array(text.utf8.prefix(46))
        if bytes.count == 45, String(decoding: bytes.prefix(9), as: UTF8.self).lowercased() == "urn:uuid:" {
            bytes.removeFirst(9)
        }
        if bytes.count == 36 {
            for place in [23, 18, 13, 8] {
                guard bytes[place] == UInt8(ascii: "-") else { return nil }
                bytes.remove(at: place)
            }
        }
        guard bytes.count == 32 else { return nil }
        var words: [UInt64] = [0, 0]
        for (place, byte) in bytes.enumerated() {
            guard byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            words[place / 16] = words[place / 16] << 4 | UInt64(digit)
        }
        (high, low) = (words[0], words[1])
    }

    /// The order of the digits.
    public static func < (left: PayloadUUID, right: PayloadUUID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The canonical spelling: lower case, in groups of 8, 4, 4, 4 and 12 digits.
    public var description: String {
        let digits = [high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
        .hexadecimal
        var groups: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return groups.joined(separator: "-")
    }
}
