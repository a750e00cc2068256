/// A string of UTF-8 whose identity is its bytes.
///
/// Swift's `String` treats canonically equivalent sequences as equal ("é" as one or as two code points); file names,
/// ids and metadata keys must not. `ByteString` keeps the text in a `String` and compares, orders and hashes bytes.
public struct ByteString: Sendable, Hashable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The text.
    public let string: String

    /// Wraps a string.
    public init(_ string: String) {
        var native = string
        native.makeContiguousUTF8()
        self.string = native
    }

    /// Wraps a literal.
    public init(stringLiteral value: StaticString) { self.init(value.description) }

    /// Wraps bytes, or returns nil where they are not UTF-8.
    public init?(validating bytes: some Sequence<UInt8>) {
        guard let string = String(validating: Array(bytes), as: UTF8.self) else { return nil }
        self.init(string)
    }

    /// Wraps bytes, or returns nil where they are not UTF-8.
    public init?(validating bytes: UnsafeRawBufferPointer) {
        // Names come with every request, and most are ASCII.
        guard bytes.allSatisfy({ $0 < 0x80 }) || String(validating: bytes, as: UTF8.self) != nil else { return nil }
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    /// Calls the closure with the bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = string
        // Contiguous since it was made, so nothing is copied but the reference.
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    /// The number of bytes.
    public var count: Int { string.utf8.count }
    /// Whether there are no bytes.
    public var isEmpty: Bool { string.isEmpty }
    /// The text.
    public var description: String { string }

    /// Whether both hold the same bytes.
    public static func == (left: ByteString, right: ByteString) -> Bool {
        left.string.utf8.count == right.string.utf8.count && left.string.utf8.elementsEqual(right.string.utf8)
    }

    /// Byte order, as `memcmp` has it.
    public static func < (left: ByteString, right: ByteString) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    /// Feeds the bytes to the hasher.
    public func hash(into hasher: inout Hasher) {
        var copy = string
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(string.utf8.count)
    }
}
