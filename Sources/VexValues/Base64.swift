/// Vectors as text that is exact and of a length known beforehand: base64 (RFC 4648, section 4) of little-endian
/// Float32, the form in which embedding services send them, too.
public enum Base64 {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// How many characters so many bytes become.
    public static func length(ofBytes count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Appends the bytes as text, padded with "=".
    public static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        let letters = alphabet.utf8Start
        text.reserveCapacity(text.count + length(ofBytes: bytes.count))
        var index = 0
        while index < bytes.count {
            let left = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index + 2]) }
            text.append(letters[Int(group >> 18)])
            text.append(letters[Int(group >> 12 & 63)])
            text.append(left > 1 ? letters[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            text.append(left > 2 ? letters[Int(group & 63)] : UInt8(ascii: "="))
            index += 3
        }
    }

    /// The vector that a text stands for, `[dimension] Float32`; nil where it is no base64 of whole numbers.
    public static func vector(_ text: String) -> [Float]? {
        var copy = text
        return copy.withUTF8 { characters -> [Float]? in
            let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            let size = characters.count / 4 * 3 - padding
            guard characters.count % 4 == 0, padding <= 2, size > 0, size % 4 == 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size)
            var group: UInt32 = 0
            var written = 0
            for index in 0..<characters.count {
                let isPadding = index >= characters.count - padding
                guard let value = isPadding ? 0 : value(of: characters[index]) else { return nil }
                group = group << 6 | UInt32(value)
                guard index % 4 == 3 else { continue }
                for shift in [16, 8, 0] where written < size {
                    bytes[written] = UInt8(truncatingIfNeeded: group >> UInt32(shift))
                    written += 1
                }
                group = 0
            }
            return bytes.withUnsafeBytes { raw in
                (0..<size / 4).map {
                    let bits = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
                    return Float(bitPattern: bits)
                }
            }
        }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
