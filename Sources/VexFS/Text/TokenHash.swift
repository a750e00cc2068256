/// The numbers that BM25 vectors have for tokens.
enum TokenHash {
    /// The dimension of a token: the magnitude of MurmurHash3's 32 bits, seed 0, read as a signed number.
    ///
    /// Two tokens in two thousand million share one; then their weights are taken for one token's, as Qdrant does.
    static func dimension(of token: UnsafeBufferPointer<UInt8>) -> UInt32 {
        Int32(bitPattern: murmur3(token)).magnitude
    }

    /// MurmurHash3_x86_32 with seed 0 (A. Appleby, https://github.com/aappleby/smhasher).
    static func murmur3(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt32 = 0
        let whole = bytes.count & ~3
        var place = 0
        while place < whole {
            let block =
                UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
                | UInt32(bytes[place + 3]) << 24
            hash = rotated(hash ^ mixed(block), by: 13) &* 5 &+ 0xE654_6B64
            place += 4
        }
        var rest: UInt32 = 0
        for index in stride(from: bytes.count - 1, through: whole, by: -1) { rest = rest << 8 | UInt32(bytes[index]) }
        hash ^= mixed(rest)
        hash ^= UInt32(truncatingIfNeeded: bytes.count)
        hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
        hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
        return hash ^ hash >> 16
    }

    private static func mixed(_ block: UInt32) -> UInt32 { rotated(block &* 0xCC9E_2D51, by: 15) &* 0x1B87_3593 }

    private static func rotated(_ value: UInt32, by bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
}
