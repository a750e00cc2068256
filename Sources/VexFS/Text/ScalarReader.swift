/// Reads the code points of UTF-8 that is known to be valid, as a `String`'s is.
///
/// Contract: lives no longer than the bytes.
struct ScalarReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Where the next code point begins.
    private(set) var position = 0
    /// Where the last one begins.
    private(set) var lastPosition = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The bytes of the last code point.
    var lastBytes: UnsafeBufferPointer<UInt8> { .init(rebasing: bytes[lastPosition..<position]) }

    /// The next code point, nil at the end.
    @inline(__always)
    mutating func next() -> UInt32? {
        guard position < bytes.count else { return nil }
        lastPosition = position
        let first = UInt32(bytes[position])
        if first < 0x80 {
            position += 1
            return first
        }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard position + length <= bytes.count else {
            position = bytes.count
            return 0xFFFD
        }
        var value = first & (0x7F >> UInt32(length))
        for index in 1..<length { value = value << 6 | UInt32(bytes[position + index] & 0x3F) }
        position += length
        return value
    }

    /// The properties of the next code point, nil at the end.
    mutating func nextProperties() -> Unicode.Scalar.Properties? { next().flatMap(Unicode.Scalar.init)?.properties }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether no byte is beyond ASCII.
    var isASCII: Bool { allSatisfy { $0 < 0x80 } }

    /// How many code points these bytes are, where they are UTF-8.
    var scalarCount: Int { reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

    /// The bytes of the first `count` code points, or all where there are fewer.
    func prefix(scalars count: Int) -> UnsafeBufferPointer<UInt8> {
        var reader = ScalarReader(self)
        var rest = count
        while rest > 0, reader.next() != nil { rest -= 1 }
        return .init(rebasing: self[0..<reader.position])
    }
}
