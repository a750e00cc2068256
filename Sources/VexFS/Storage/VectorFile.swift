import CVexKernels
import Glibc
import Synchronization

/// The vectors of one collection: rows of a fixed stride in one append-only file, read through memory maps.
///
/// Rows are written with `pwrite` (a full disk is an error there and a signal in a map) and read through maps of
/// ``rowsPerChunk`` rows each, which stay until the file is closed. A row is committed by the database record that
/// names it and holds its CRC32C; bytes without such a record mean nothing. Layout: `docs/format.md`, "Vector file".
final class VectorFile: Sendable {
    /// Rows per map: a multiple of every page size divided by the smallest stride.
    static let rowsPerChunk = 8192
    static let headerBytes = 4096
    private static let magic: UInt64 = 0x3130_4345_5658_4556  // "VEXVEC01", little-endian

    /// Components of a vector.
    let dimension: Int
    /// How the components are stored.
    let element: VectorElement
    /// Bytes from one row to the next in memory, as Float32: the vector, rounded up to 64.
    let strideBytes: Int
    /// Bytes from one row to the next in the file: the vector as stored, rounded up to 64.
    let storedStride: Int
    /// Whether vectors are of unit length in memory although they are not as stored.
    private let normalizes: Bool
    /// Short codes of the rows, in memory: an exact search that reads a quarter of the bytes. Filled by searches.
    let codes: VectorCodes

    let path: String
    let descriptor: Int32
    /// Whether the directory's entry of the file is on the disk.
    private let isNamed = Atomic<Bool>(false)
    /// The sync that failed; the system forgets the pages it could not write, so no later sync is believed.
    private let failure = Mutex<VexFSError?>(nil)
    /// Rows behind this are not in the file; only a file that is checked can be too short.
    private let readableRows: Int
    let chunks = Mutex<[MappedChunk]>([])
    /// Maps that packs have replaced and whose space is not given back yet, by chunk.
    let former = Mutex<[Int: MappedChunk]>([:])

    /// Opens or creates the file.
    /// - Throws: `corruption` where the header does not fit, `newerFormat`, `storeFull`, `inputOutput`.
    /// - Parameters:
    ///   - element: how the components are stored. Others than Float32 also stand in memory as Float32: indexes
    ///     read them there.
    ///   - metric: how the vectors are compared.
    ///   - isFresh: whether what the file holds means nothing, so that it starts anew.
    ///   - isReadOnly: whether the file is only looked at: it is neither made nor changed.
    init(
        path: String, dimension: Int, element: VectorElement = .float32, metric: Metric = .dot, isFresh: Bool = false,
        isReadOnly: Bool = false
    ) throws(VexFSError) {
        self.path = path
        self.dimension = dimension
        self.element = element
        strideBytes = Self.strideBytes(dimension: dimension)
        storedStride = Self.strideBytes(dimension: dimension, element)
        normalizes = metric == .cosine && element == .uint8
        codes = VectorCodes(dimension: dimension)
        let flags = isReadOnly ? O_RDONLY : O_RDWR | O_CREAT | (isFresh ? O_TRUNC : 0)
        descriptor = try SystemCall.open(path, flags)
        readableRows =
            isReadOnly ? max(0, try SystemCall.size(descriptor) - Self.headerBytes) / storedStride : Int.max
        do throws(VexFSError) {
            let size = try SystemCall.size(descriptor)
            if size == 0 && !isReadOnly {
                try writeHeader()
            } else {
                try checkHeader(path)
            }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit { Glibc.close(descriptor) }

    /// Bytes from one row of so many components to the next.
    static func strideBytes(dimension: Int, _ element: VectorElement = .float32) -> Int {
        (dimension * element.byteCount + 63) / 64 * 64
    }

    private func writeHeader() throws(VexFSError) {
        var writer = ByteWriter(capacity: Self.headerBytes)
        writer.append(Self.magic)
        writer.append(UInt32(1))
        writer.append(UInt32(dimension))
        writer.append(UInt32(storedStride))
        writer.append(element.code)
        writer.append(vexfs_crc32c(0, writer.bytes, writer.bytes.count))
        writer.bytes.append(contentsOf: repeatElement(0, count: Self.headerBytes - writer.bytes.count))
        try writer.bytes.withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(descriptor, bytes, at: 0)
        }
    }

    private func checkHeader(_ path: String) throws(VexFSError) {
        var header = [UInt8](repeating: 0, count: 28)
        guard pread(descriptor, &header, 28, 0) == 28 else {
            throw VexFSError(.corruption, "the vector file has no header", at: path)
        }
        let checksum = vexfs_crc32c(0, header, 24)
        try header.withSystemBytes { bytes throws(VexFSError) in
            var reader = ByteReader(bytes)
            guard try reader.read(UInt64.self) == Self.magic else {
                throw VexFSError(.corruption, "this is not a vector file", at: path)
            }
            let version = try reader.read(UInt32.self)
            guard version == 1 else {
                throw VexFSError(.newerFormat, "the vector file has version \(version); this program reads 1", at: path)
            }
            let stored = (Int(try reader.read(UInt32.self)), Int(try reader.read(UInt32.self)))
            let code = try reader.read(UInt32.self)
            guard try reader.read(UInt32.self) == checksum, stored == (dimension, storedStride), code == element.code
            else {
                throw VexFSError(.corruption, "the vector file's header is damaged", at: path)
            }
        }
    }

    /// Writes consecutive rows. `vectors: [count × dimension] Float32`, row-major.
    /// - Throws: `storeFull`, `inputOutput`; the rows then mean nothing.
    func write(_ vectors: [Float], count: Int, at first: Row) throws(VexFSError) {
        precondition(vectors.count == count * dimension)
        let offset = Self.headerBytes + Int(first) * storedStride
        guard element == .float32 else { return try writeEncoded(vectors, count: count, at: first) }
        if strideBytes == dimension * 4 {
            try vectors.withSystemBytes { bytes throws(VexFSError) in
                try SystemCall.writeAll(descriptor, bytes, at: offset)
            }
        } else {
            var padded = [Float](repeating: 0, count: count * strideBytes / 4)
            for row in 0..<count {
                for component in 0..<dimension {
                    padded[row * strideBytes / 4 + component] = vectors[row * dimension + component]
                }
            }
            try padded.withSystemBytes { bytes throws(VexFSError) in
                try SystemCall.writeAll(descriptor, bytes, at: offset)
            }
        }
        try map(through: Int(first) + count)
    }

    /// Writes rows of components that are not Float32, and their Float32 to memory.
    private func writeEncoded(_ vectors: [Float], count: Int, at first: Row) throws(VexFSError) {
        var bytes = [UInt8](repeating: 0, count: count * storedStride)
        for row in 0..<count {
            let vector = element.encoded(Array(vectors[row * dimension..<(row + 1) * dimension]))
            bytes.replaceSubrange(row * storedStride..<row * storedStride + vector.count, with: vector)
        }
        try bytes.withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(descriptor, bytes, at: Self.headerBytes + Int(first) * storedStride)
        }
        try map(through: Int(first) + count)
        for row in Int(first)..<Int(first) + count {
            let chunk = chunks.withLock { $0[row / Self.rowsPerChunk] }
            mirror(row % Self.rowsPerChunk, of: chunk)
        }
    }

    /// Puts a stored vector into memory as Float32. Its place there belongs to no row that anyone reads yet.
    private func mirror(_ place: Int, of chunk: MappedChunk) {
        let target = UnsafeMutableRawPointer(mutating: chunk.start + place * strideBytes)
            .assumingMemoryBound(to: Float.self)
        element.decode(
            chunk.stored + place * storedStride, into: UnsafeMutableBufferPointer(start: target, count: dimension))
        if normalizes { _ = vexfs_normalize_f32(target, dimension) }
    }

    /// Maps a stretch of stored rows, `count` of which are there; those that are not Float32 are also put into memory.
    /// - Parameter readable: how many rows the file still has; reading behind its end would kill the process.
    func mapChunk(
        _ descriptor: Int32, offset: Int, byteCount: Int, count: Int, readable: Int = .max,
        packed: PackedRows? = nil, generation: Int = 0
    ) throws(VexFSError) -> MappedChunk {
        let stored = try SystemCall.map(descriptor, offset: offset, count: byteCount)
        guard element != .float32 else {
            return MappedChunk(start: stored, byteCount: byteCount, packed: packed, generation: generation)
        }
        let memory: UnsafeMutableRawPointer
        do throws(VexFSError) { memory = try SystemCall.mapMemory(count: count * strideBytes) } catch {
            munmap(UnsafeMutableRawPointer(mutating: stored), byteCount)
            throw error
        }
        let chunk = MappedChunk(
            start: UnsafeRawPointer(memory), byteCount: count * strideBytes, packed: packed, generation: generation,
            stored: (stored, byteCount))
        // Places of zeros are left alone, so that a hole takes no memory.
        for place in 0..<min(count, readable) where !isHole(chunk.stored + place * storedStride) {
            mirror(place, of: chunk)
        }
        return chunk
    }

    private func isHole(_ row: UnsafeRawPointer) -> Bool {
        UnsafeRawBufferPointer(start: row, count: storedStride).allSatisfy { $0 == 0 }
    }

    /// Makes rows 0..<count readable; grows the file where it ends before the last of them.
    func map(through count: Int) throws(VexFSError) {
        let needed = (count + Self.rowsPerChunk - 1) / Self.rowsPerChunk
        if chunks.withLock({ $0.count >= needed }) { return }
        let chunkBytes = Self.rowsPerChunk * storedStride
        // The file covers whole chunks, so that no read through a map can end behind it; the tail is a hole.
        let size = Self.headerBytes + needed * chunkBytes
        if readableRows == Int.max, try SystemCall.size(descriptor) < size {
            try SystemCall.truncate(descriptor, to: size)
        }
        while chunks.withLock({ $0.count }) < needed {
            let index = chunks.withLock { $0.count }
            let chunk = try mapChunk(
                descriptor, offset: Self.headerBytes + index * chunkBytes, byteCount: chunkBytes,
                count: Self.rowsPerChunk, readable: max(0, readableRows - index * Self.rowsPerChunk))
            chunks.withLock { $0.append(chunk) }
        }
    }

    /// The first `count` rows, for an index; the view keeps them mapped. Rows behind them may still be written.
    func rows(below count: Row) -> VectorRows {
        let maps = chunks.withLock { $0 }
        var pieces: [VectorChunk] = []
        for (index, map) in maps.enumerated() where index * Self.rowsPerChunk < Int(count) {
            let first = index * Self.rowsPerChunk
            let rows = min(Self.rowsPerChunk, Int(count) - first)
            pieces.append(
                VectorChunk(
                    base: map.start, firstRow: Row(first), count: rows, packed: map.packed?.index,
                    generation: map.generation))
        }
        return VectorRows(chunks: pieces, strideBytes: strideBytes, dimension: dimension, owner: MappedChunks(maps))
    }

    /// Lets go of the memory that reading all rows of a range took: an index was made of them, and searches read few.
    /// They are there as before, in the system's memory of files.
    func letGo(of rows: Range<Row>) {
        guard !rows.isEmpty else { return }
        let wanted = Int(rows.lowerBound) / Self.rowsPerChunk...Int(rows.upperBound - 1) / Self.rowsPerChunk
        for (index, chunk) in chunks.withLock({ $0 }).enumerated() where wanted.contains(index) { chunk.letGo() }
    }

    /// Reads the rows below one in the memory of another file's, whose rows they are: this file has only those that
    /// follow. `end` is a multiple of ``rowsPerChunk``.
    func inherit(from other: VectorFile, rowsBelow end: Row) {
        let maps = other.chunks.withLock { Array($0.prefix(Int(end) / Self.rowsPerChunk)) }
        chunks.withLock { chunks in chunks.replaceSubrange(..<min(maps.count, chunks.count), with: maps) }
    }

    /// Copies a row out as it is stored: `[dimension] Float32`.
    func vector(_ row: Row) -> [Float]? {
        let index = Int(row) / Self.rowsPerChunk
        guard Int(row) < readableRows,
            let chunk = chunks.withLock({ $0.indices.contains(index) ? $0[index] : nil })
        else { return nil }
        let local = Int(row) % Self.rowsPerChunk
        // A compaction may let go of the chunk while it is read here.
        return withExtendedLifetime(chunk) {
            if let packed = chunk.packed, !packed.index.contains(local) { return nil }
            let start = chunk.stored + (chunk.packed?.index.rank(local) ?? local) * storedStride
            return [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
                if element == .float32 {
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(
                        from: UnsafeRawBufferPointer(start: start, count: dimension * 4))
                } else {
                    buffer.initialize(repeating: 0)
                    element.decode(start, into: UnsafeMutableBufferPointer(rebasing: buffer[..<dimension]))
                }
                count = dimension
            }
        }
    }

    /// Brings every earlier write, and once the file's name, to the disk.
    func sync() throws(VexFSError) {
        if let failure = failure.withLock({ $0 }) { throw failure }
        do throws(VexFSError) {
            try SystemCall.syncData(descriptor)
        } catch {
            failure.withLock { $0 = error }
            throw error
        }
        guard !isNamed.load(ordering: .relaxed) else { return }
        // The path always has a directory in front: the store makes it so.
        try SystemCall.syncDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        isNamed.store(true, ordering: .relaxed)
    }

    /// CRC32C of a vector as this file stores it.
    func checksum(_ vector: [Float]) -> UInt32 {
        guard element != .float32 else { return Self.checksum(vector[...]) }
        return element.encoded(vector).withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
    }

    /// CRC32C of a vector as Float32.
    static func checksum(_ vector: ArraySlice<Float>) -> UInt32 {
        vector.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
    }
}

/// A read-only map of ``VectorFile/rowsPerChunk`` rows, or of those that a pack holds. Unmapped when the last reference
/// goes.
final class MappedChunk: @unchecked Sendable {
    // The memory is written by no one through this map, but for the Float32 of rows that are stored otherwise: they are
    // written as the file's rows are, before they are named, and then never again.
    let start: UnsafeRawPointer
    let byteCount: Int
    /// The rows as the file has them, where `start` is memory that they are written to as Float32; `start` otherwise.
    let stored: UnsafeRawPointer
    private let storedByteCount: Int
    /// Which rows are there; nil for all.
    let packed: PackedRows?
    /// How often the chunk was packed.
    let generation: Int
    private let release = Mutex<(@Sendable () -> Void)?>(nil)

    init(
        start: UnsafeRawPointer, byteCount: Int, packed: PackedRows? = nil, generation: Int = 0,
        stored: (start: UnsafeRawPointer, byteCount: Int)? = nil
    ) {
        self.stored = stored?.start ?? start
        storedByteCount = stored?.byteCount ?? 0
        self.start = start
        self.byteCount = byteCount
        self.packed = packed
        self.generation = generation
    }

    /// Lets go of the pages of the file; the next read of one finds it again.
    func letGo() {
        // Nothing is ever written through a map of a file, so its pages hold nothing that the file has not.
        let count = storedByteCount > 0 ? storedByteCount : byteCount
        madvise(UnsafeMutableRawPointer(mutating: stored), count, MADV_DONTNEED)
    }

    /// What is done when the last reference has gone.
    func whenUnmapped(_ body: @escaping @Sendable () -> Void) { release.withLock { $0 = body } }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: start), byteCount)
        if storedByteCount > 0 { munmap(UnsafeMutableRawPointer(mutating: stored), storedByteCount) }
        release.withLock { $0 }?()
    }
}

/// Keeps maps alive for a view.
private final class MappedChunks: Sendable {
    private let maps: [MappedChunk]
    init(_ maps: [MappedChunk]) { self.maps = maps }
}

extension Array {
    /// `withUnsafeBytes` for closures with typed errors.
    func withSystemBytes<R>(_ body: (UnsafeRawBufferPointer) throws(VexFSError) -> R) throws(VexFSError) -> R {
        let result: Result<R, VexFSError> = withUnsafeBytes { bytes in
            do throws(VexFSError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
