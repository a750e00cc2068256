import CVexKernels

/// Which rows of a chunk of the vector file were kept when it was packed, and in which file. Layout: `docs/format.md`,
/// "Pack record".
struct PackRecord {
    /// Counts how often the chunk was packed, from 1; part of the pack's name.
    var generation: UInt32
    /// The rows that are in the pack, the chunk's first in the lowest bit of the first word.
    var words: [UInt64]

    private static let version: UInt8 = 1
    private static let wordCount = VectorFile.rowsPerChunk / 64

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    init(generation: UInt32, words: [UInt64]) {
        self.generation = generation
        self.words = words
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 16 + words.count * 8)
        writer.append(Self.version)
        writer.append(generation)
        for word in words { writer.append(word) }
        writer.append(vexfs_crc32c(0, writer.bytes, writer.bytes.count))
        return writer.bytes
    }

    /// - Throws: `corruption` or `newerFormat`.
    init(decoding bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version else {
            throw VexFSError(.newerFormat, "a pack record has version \(version); this program reads \(Self.version)")
        }
        generation = try reader.read(UInt32.self)
        words = []
        for _ in 0..<Self.wordCount { words.append(try reader.read(UInt64.self)) }
        let size = reader.offset
        guard try reader.read(UInt32.self) == vexfs_crc32c(0, bytes.baseAddress, size) else {
            throw VexFSError(.corruption, "a pack record is damaged; run vexfs-fuse fsck")
        }
    }
}
