/// The ioctls of `vexfs_ioctl.h` by their numbers.
enum ControlCommand: Equatable {
    case setMeta, getMeta, search, insert
    case frame, info, inlineSearch, inlineInsert

    /// Bytes of the fixed parts of the structures.
    static let (metaBytes, searchBytes, insertBytes) = (40, 48, 32)
    static let (infoBytes, inlineSearchBytes, inlineInsertBytes) = (48, 784, 16)
    /// The most answers of an inline search.
    static let inlineAnswers = 64

    /// Nil for a number that VexFS gives no meaning. Inline forms are accepted in every size that holds their header.
    init?(_ number: UInt32) {
        switch number {
        case 0x4028_5601: self = .setMeta
        case 0x8028_5602: self = .getMeta
        case 0xC030_5603: self = .search
        case 0x4020_5604: self = .insert
        default:
            let (direction, size) = (number >> 30, Int(number >> 16 & 0x3FFF))
            switch (number & 0xFFFF, direction) {
            case (0x5640, 3) where size >= 32: self = .frame
            case (0x5641, 2) where size >= Self.infoBytes: self = .info
            case (0x5641, 3) where size >= Self.infoBytes: self = .info
            case (0x5643, 3) where size >= Self.inlineSearchBytes: self = .inlineSearch
            case (0x5644, 3) where size >= Self.inlineInsertBytes: self = .inlineInsert
            default: return nil
            }
        }
    }

    /// Whether the argument holds pointers into the caller's memory.
    var hasPointers: Bool { self == .search || self == .insert }
}

/// The fields of a structure in native byte order; the structure is as long as its command says.
struct ControlFields {
    var bytes: [UInt8]

    func u32(_ offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
    func u64(_ offset: Int) -> UInt64 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    mutating func set(_ value: UInt32, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }
    }
    mutating func set(_ value: UInt64, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt64.self) }
    }

    /// `count` floats from an offset; nil where they reach beyond the end.
    func floats(_ offset: Int, count: Int) -> [Float]? {
        guard count >= 0, offset + count * 4 <= bytes.count else { return nil }
        return (0..<count).map { Float(bitPattern: u32(offset + $0 * 4)) }
    }
}
