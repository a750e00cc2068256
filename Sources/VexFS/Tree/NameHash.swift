/// A keyed 32-bit hash of names, the same in every process that has the key: the tables it fills are saved. The key
/// is random for each tree, so that names that collide in one cannot be prepared for another.
///
/// Folded multiplication as in wyhash (Wang Yi, https://github.com/wangyi-fudan/wyhash).
struct NameHash: Sendable {
    let key: UInt64

    func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state = key ^ UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            state = Self.fold(state ^ word, 0xA076_1D64_78BD_642F) ^ key
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        state = Self.fold(state ^ rest, 0xE703_7ED1_A0B4_28DB)
        return UInt32(truncatingIfNeeded: Self.fold(state ^ key, 0x8EBC_6AF0_9C88_C6E3))
    }

    func callAsFunction(_ name: ByteString) -> UInt32 { name.withBytes { self($0) } }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
