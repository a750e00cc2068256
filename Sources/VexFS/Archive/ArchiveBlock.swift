import CVexKernels

/// A part of an exported snapshot with its checksums. Layout: `docs/format.md`, "Export of a snapshot".
struct ArchiveBlock {
    /// What a block holds.
    enum Kind: UInt32 {
        case head = 1, files, property, end
    }

    /// What an export begins with: "VEXSNAP1", little-endian.
    static let magic: UInt64 = 0x3150_414E_5358_4556
    /// Bytes before and behind a block's content.
    static let headBytes = 20
    static let tailBytes = 4
    /// The longest content.
    static let lengthMax = 1 << 31

    let kind: Kind
    let length: Int

    /// Puts the head in front of a content, and its checksum behind.
    static func encoded(_ kind: Kind, number: UInt64, _ content: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: headBytes + content.count + tailBytes)
        writer.append(kind.rawValue)
        writer.append(UInt32(content.count))
        writer.append(number)
        writer.append(vexfs_crc32c(0, writer.bytes, writer.bytes.count))
        writer.bytes += content
        writer.append(vexfs_crc32c(0, content, content.count))
        return writer.bytes
    }

    /// Reads a head.
    /// - Throws: `invalidArgument` where it is not that of the block with this number.
    init(head bytes: UnsafeRawBufferPointer, number: UInt64) throws(VexFSError) {
        var reader = ByteReader(bytes)
        let (kind, length) = (try reader.read(UInt32.self), Int(try reader.read(UInt32.self)))
        let found = try reader.read(UInt64.self)
        let checksum = vexfs_crc32c(0, bytes.baseAddress, Self.headBytes - 4)
        guard try reader.read(UInt32.self) == checksum, found == number, let known = Kind(rawValue: kind),
            length <= Self.lengthMax
        else { throw .damagedExport("the head of block \(number) is not what was written") }
        (self.kind, self.length) = (known, length)
    }

    /// Compares a content with the checksum behind it.
    static func check(_ bytes: UnsafeRawBufferPointer, number: UInt64) throws(VexFSError) {
        let length = bytes.count - tailBytes
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: length, as: UInt32.self))
        guard vexfs_crc32c(0, bytes.baseAddress, length) == stored else {
            throw .damagedExport("block \(number) is not what was written")
        }
    }
}

extension VexFSError {
    /// An export that cannot be restored.
    static func damagedExport(_ reason: String) -> VexFSError {
        VexFSError(.invalidArgument, "the export is damaged and nothing of it was restored: \(reason); copy it again")
    }
}
