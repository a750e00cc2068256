extension Base64 {
    /// What is wrong with a text that should be base64 of little-endian Float32.
    public enum Fault: Error, Equatable {
        /// A character that is none of the alphabet, or padding where none may be.
        case symbol(UInt8, offset: Int)
        /// The text ends within a group of four characters.
        case length(Int)
        /// So many bytes are no whole number of floats.
        case bytes(Int)
    }

    /// 64 marks what is no character of the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, letter) in letters.utf8.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// Appends the floats that a text stands for, and returns how many they are. O(length).
    /// - Throws: ``Fault``; nothing is appended then.
    public static func appendFloats(
        of text: UnsafeBufferPointer<UInt8>, to floats: inout [Float]
    ) throws(Fault) -> Int {
        var length = text.count
        while length > 0, text.count - length < 2, text[length - 1] == UInt8(ascii: "=") { length -= 1 }
        let size = length * 3 / 4
        let found = withUnsafeTemporaryAllocation(byteCount: size + 3, alignment: 4) { bytes -> Result<Int, Fault> in
            values.withUnsafeBufferPointer { values in
                var written = 0
                var index = 0
                while index < length {
                    var group: UInt32 = 0
                    let end = min(index + 4, length)
                    for place in index..<end {
                        let value = values[Int(text[place])]
                        guard value < 64 else { return .failure(.symbol(text[place], offset: place)) }
                        group = group << 6 | UInt32(value)
                    }
                    group <<= UInt32(6 * (4 - (end - index)))
                    // Contract: written < size <= the buffer less the three bytes that a last group may write too much.
                    bytes[written] = UInt8(truncatingIfNeeded: group >> 16)
                    bytes[written + 1] = UInt8(truncatingIfNeeded: group >> 8)
                    bytes[written + 2] = UInt8(truncatingIfNeeded: group)
                    written += 3
                    index += 4
                }
                guard text.count % 4 == 0 else { return .failure(.length(text.count)) }
                guard size % 4 == 0 else { return .failure(.bytes(size)) }
                // No room is reserved for one vector: Swift reserves exactly, and many would be copied each time.
                for offset in stride(from: 0, to: size, by: 4) {
                    let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                    floats.append(Float(bitPattern: bits))
                }
                return .success(size / 4)
            }
        }
        return try found.get()
    }
}
