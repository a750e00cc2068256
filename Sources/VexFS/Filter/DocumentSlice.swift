/// One of several disjoint parts of a collection that together hold all documents, whatever order they came in.
///
/// A document belongs to part `hash(id) mod total`, where the hash is SipHash-2-4 (Aumasson, Bernstein,
/// doi:10.1007/978-3-642-34931-7_28) with a zero key: of the 8 little-endian bytes of an id that is a number, the 16
/// bytes of a UUID, the UTF-8 of any other id. The parts are those that Qdrant makes.
public struct DocumentSlice: Sendable, Hashable {
    /// Which part, below ``total``.
    public let index: UInt32
    /// How many parts, at least one.
    public let total: UInt32

    /// Creates a slice; nil where `index` is not below `total`.
    public init?(index: UInt32, total: UInt32) {
        guard index < total else { return nil }
        self.index = index
        self.total = total
    }

    /// Whether a document with this hash of its id is in the part.
    func contains(_ hash: UInt64) -> Bool { hash % UInt64(total) == UInt64(index) }

    /// The hash of an id.
    static func hash(of id: ByteString) -> UInt64 {
        if let number = UInt64(id.string), String(number).utf8.elementsEqual(id.string.utf8) {
            return SipHash.hash(bytes(number), key: (0, 0))
        }
        if let uuid = PayloadUUID(id.string) {
            return SipHash.hash(bytes(uuid.high.byteSwapped) + bytes(uuid.low.byteSwapped), key: (0, 0))
        }
        return SipHash.hash(Array(id.string.utf8), key: (0, 0))
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }
}

/// SipHash-2-4, doi:10.1007/978-3-642-34931-7_28.
enum SipHash {
    /// The hash of the bytes under a key of two little-endian words.
    static func hash(_ bytes: [UInt8], key: (UInt64, UInt64)) -> UInt64 {
        var state = SipState(key)
        var place = 0
        while place + 8 <= bytes.count {
            state.absorb(word(bytes[place..<place + 8]))
            place += 8
        }
        state.absorb(word(bytes[place...]) | UInt64(truncatingIfNeeded: bytes.count) << 56)
        return state.finish()
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

private struct SipState {
    private var a, b, c, d: UInt64

    init(_ key: (UInt64, UInt64)) {
        a = key.0 ^ 0x736f_6d65_7073_6575
        b = key.1 ^ 0x646f_7261_6e64_6f6d
        c = key.0 ^ 0x6c79_6765_6e65_7261
        d = key.1 ^ 0x7465_6462_7974_6573
    }

    mutating func absorb(_ word: UInt64) {
        d ^= word
        for _ in 0..<2 { round() }
        a ^= word
    }

    mutating func finish() -> UInt64 {
        c ^= 0xFF
        for _ in 0..<4 { round() }
        return a ^ b ^ c ^ d
    }

    private mutating func round() {
        a &+= b
        b = b << 13 | b >> 51
        b ^= a
        a = a << 32 | a >> 32
        c &+= d
        d = d << 16 | d >> 48
        d ^= c
        a &+= d
        d = d << 21 | d >> 43
        d ^= a
        c &+= b
        b = b << 17 | b >> 47
        b ^= c
        c = c << 32 | c >> 32
    }
}
