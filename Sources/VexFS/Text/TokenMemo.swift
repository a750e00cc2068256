import Glibc

/// What words have become, so that frequent ones are shaped and hashed once: a table in which each word has one place,
/// and the last word to come keeps it.
///
/// Lent to one thread at a time. 512 KB.
final class TokenMemo {
    /// What is known of a word.
    enum Entry: Equatable {
        case unknown
        /// The word is no token.
        case none
        /// The dimension of the token that the word became.
        case dimension(UInt32)
    }

    /// The longest word that has a place; longer ones are rare.
    static let longestWord = 24
    private static let slotCount = 16384
    private static let slotBytes = 32

    /// Slots of a length (0 for an empty one, +128 where the word is no token), 3 unused bytes, a dimension, a word.
    private let slots = UnsafeMutableRawPointer.allocate(byteCount: slotCount * slotBytes, alignment: 32)

    init() { slots.initializeMemory(as: UInt8.self, repeating: 0, count: Self.slotCount * Self.slotBytes) }

    deinit { slots.deallocate() }

    /// The place of a word; nil for one that has none.
    func slot(of word: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !word.isEmpty, word.count <= Self.longestWord else { return nil }
        return Int(TokenHash.murmur3(word)) % Self.slotCount * Self.slotBytes
    }

    /// What the word in a slot became, where it is this one.
    func entry(at slot: Int, for word: UnsafeBufferPointer<UInt8>) -> Entry {
        let slot = slots + slot
        let length = slot.load(as: UInt8.self)
        guard length & 127 == UInt8(word.count), let start = word.baseAddress,
            memcmp(slot + 8, start, word.count) == 0
        else { return .unknown }
        return length > 127 ? .none : .dimension(slot.load(fromByteOffset: 4, as: UInt32.self))
    }

    /// Keeps what a word became, nil for no token.
    func set(_ dimension: UInt32?, at slot: Int, for word: UnsafeBufferPointer<UInt8>) {
        let slot = slots + slot
        guard let start = word.baseAddress else { return }
        slot.storeBytes(of: UInt8(word.count) | (dimension == nil ? 128 : 0), as: UInt8.self)
        slot.storeBytes(of: dimension ?? 0, toByteOffset: 4, as: UInt32.self)
        (slot + 8).copyMemory(from: start, byteCount: word.count)
    }
}
