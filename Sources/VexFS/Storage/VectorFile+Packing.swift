import CVexKernels
import Glibc

/// Giving back the space of rows that no one needs any more.
///
/// A chunk of which few rows are left is copied, these rows one behind the other, to a file of its own: a *pack*. Once
/// the record that names the pack is on the disk, the chunk's place in the vector file is punched out. Rows keep their
/// numbers. Searches that began before keep the old map, and the hole is punched when the last of them has ended.
extension VectorFile {
    private static let packMagic: UInt64 = 0x314B_4341_5058_4556  // "VEXPACK1", little-endian

    static func packPath(_ vectorFile: String, chunk: Int, generation: UInt32) -> String {
        "\(vectorFile).\(chunk).\(generation)"
    }

    /// How many rows a chunk still holds bytes for, and how often it was packed.
    func occupancy(ofChunk index: Int) -> (rows: Int, generation: Int)? {
        chunks.withLock { chunks in
            guard index < chunks.count else { return nil }
            return (chunks[index].packed?.index.count ?? Self.rowsPerChunk, chunks[index].generation)
        }
    }

    /// Writes the pack of a chunk with the rows that are set in `words` and brings it to the disk. Nothing refers to it
    /// yet.
    /// - Throws: `storeFull`, `inputOutput`; what was written then means nothing.
    func writePack(chunk index: Int, words: [UInt64], space: FreeSpace) throws(VexFSError) -> PackRecord {
        let generation = UInt32((occupancy(ofChunk: index)?.generation ?? 0) + 1)
        let record = PackRecord(generation: generation, words: words)
        guard record.count > 0 else { return record }
        try space.claim(record.count * storedStride)
        let target = try SystemCall.open(
            Self.packPath(path, chunk: index, generation: generation), O_RDWR | O_CREAT | O_TRUNC)
        defer { Glibc.close(target) }
        try packHeader(chunk: index, count: record.count).withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(target, bytes, at: 0)
        }
        guard let source = chunks.withLock({ index < $0.count ? $0[index] : nil }) else { return record }
        var buffer: [UInt8] = []
        var written = Self.headerBytes
        for local in PackedRows(words: words).rows(in: 0..<Self.rowsPerChunk) {
            withExtendedLifetime(source) {
                let place = source.packed.map { $0.index.rank(Int(local)) } ?? Int(local)
                buffer.append(
                    contentsOf: UnsafeRawBufferPointer(start: source.stored + place * storedStride, count: storedStride)
                )
            }
            guard buffer.count >= 1 << 20 else { continue }
            try flush(&buffer, to: target, &written)
        }
        try flush(&buffer, to: target, &written)
        try SystemCall.syncData(target)
        return record
    }

    private func flush(_ buffer: inout [UInt8], to target: Int32, _ written: inout Int) throws(VexFSError) {
        try buffer.withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(target, bytes, at: written)
        }
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    private func packHeader(chunk: Int, count: Int) -> [UInt8] {
        var writer = ByteWriter(capacity: Self.headerBytes)
        writer.append(Self.packMagic)
        writer.append(UInt32(1))
        writer.append(UInt32(dimension))
        writer.append(UInt32(storedStride))
        writer.append(element.code)
        writer.append(UInt32(chunk))
        writer.append(UInt32(count))
        writer.append(vexfs_crc32c(0, writer.bytes, writer.bytes.count))
        writer.bytes.append(contentsOf: repeatElement(0, count: Self.headerBytes - writer.bytes.count))
        return writer.bytes
    }

    /// Maps a pack.
    /// - Throws: `corruption` where the pack is not what its record says, `inputOutput`.
    func openPack(_ record: PackRecord, chunk index: Int) throws(VexFSError) -> MappedChunk {
        let packed = PackedRows(words: record.words)
        guard record.count > 0 else {
            // Memory of one row, so that an address of a row that is gone is never one of nothing.
            let start = try SystemCall.mapZeros(count: strideBytes)
            return MappedChunk(start: start, byteCount: strideBytes, packed: packed, generation: Int(record.generation))
        }
        let packPath = Self.packPath(path, chunk: index, generation: record.generation)
        let pack = try SystemCall.open(packPath, O_RDONLY)
        defer { Glibc.close(pack) }
        try check(pack, packPath, chunk: index, count: record.count)
        return try mapChunk(
            pack, offset: Self.headerBytes, byteCount: record.count * storedStride, count: record.count, packed: packed,
            generation: Int(record.generation))
    }

    /// Reads a chunk's rows from a pack from now on, whose record is committed. The chunk's former place is given back
    /// by ``releaseFormer(chunk:)``, once the record is on the disk.
    /// - Precondition: the chunk's rows are mapped.
    func install(_ pack: MappedChunk, chunk index: Int) {
        let old = chunks.withLock { chunks in
            let old = chunks[index]
            chunks[index] = pack
            return old
        }
        former.withLock { $0[index] = old }
    }

    /// How many of the rows from `first`, a multiple of ``rowsPerChunk``, to below `count` the file and its packs have
    /// bytes for.
    func heldRows(from first: Row = 0, below count: Row) -> Int {
        chunks.withLock { chunks in
            var held = 0
            for (index, chunk) in chunks.enumerated()
            where index * Self.rowsPerChunk < Int(count) && index * Self.rowsPerChunk >= Int(first) {
                held += chunk.packed?.index.count ?? min(Self.rowsPerChunk, Int(count) - index * Self.rowsPerChunk)
            }
            return held
        }
    }

    private func check(_ descriptor: Int32, _ path: String, chunk: Int, count: Int) throws(VexFSError) {
        var header = [UInt8](repeating: 0, count: 36)
        let expected = Array(packHeader(chunk: chunk, count: count).prefix(36))
        guard pread(descriptor, &header, 36, 0) == 36, header == expected,
            try SystemCall.size(descriptor) >= Self.headerBytes + count * storedStride
        else { throw VexFSError(.corruption, "the pack of vectors is damaged or cut", at: path) }
    }

    /// Gives back where the chunk's rows lay before they were packed, when the last search that reads there has ended.
    func releaseFormer(chunk index: Int) {
        guard let old = former.withLock({ $0.removeValue(forKey: index) }) else { return }
        if old.generation > 0 {
            // A map keeps what it shows of a file without a name.
            unlink(Self.packPath(path, chunk: index, generation: UInt32(old.generation)))
        } else {
            old.whenUnmapped { [self] in punch(chunk: index) }
        }
    }

    /// Takes the names of the file and its packs away; what is mapped of them stays until the last search ends.
    func unlinkAll() {
        unlink(path)
        for (index, chunk) in chunks.withLock({ $0 }).enumerated() where chunk.generation > 0 {
            unlink(Self.packPath(path, chunk: index, generation: UInt32(chunk.generation)))
        }
    }

    /// Makes a hole of a packed chunk's place in the vector file. Done again when the file is opened: a process that
    /// died before it came to it leaves the space taken.
    func punch(chunk index: Int) {
        let chunkBytes = Self.rowsPerChunk * storedStride
        let start = Self.headerBytes + index * chunkBytes
        guard vexfs_punch_hole(descriptor, start, chunkBytes) != 0 else { return }
        Log.shared.warn("space of removed vectors is not given back: \(SystemCall.error("punch a hole", errno))")
    }
}
