/// One piece of a vector file in memory: vectors a fixed stride apart, `[count × dimension] Float32` where every row
/// has one, and `[rows that are there × dimension] Float32` in a chunk that was packed.
///
/// The memory belongs to the `owner` of the ``VectorRows`` that holds the chunk and is never written again.
public struct VectorChunk: @unchecked Sendable {
    /// Where the first vector begins; aligned to 4 bytes.
    public let base: UnsafeRawPointer
    /// The chunk's first row.
    public let firstRow: Row
    /// How many rows the chunk stands for.
    public let count: Int
    /// Which of the rows are there; nil for all of them, each at its own place.
    let packed: PackedRows.Index?
    /// Counts how often the chunk was packed: one that holds other bytes has another generation.
    let generation: Int

    /// Describes memory that holds `count` rows from `base`.
    public init(base: UnsafeRawPointer, firstRow: Row, count: Int) {
        self.base = base
        self.firstRow = firstRow
        self.count = count
        packed = nil
        generation = 0
    }

    /// Describes memory that holds those of `count` rows that `packed` names.
    init(base: UnsafeRawPointer, firstRow: Row, count: Int, packed: PackedRows.Index?, generation: Int) {
        self.base = base
        self.firstRow = firstRow
        self.count = count
        self.packed = packed
        self.generation = generation
    }

    /// How many vectors the chunk holds.
    var placeCount: Int { packed.map { min($0.count, $0.rank(count)) } ?? count }

    /// Where the vectors of a range of the chunk's rows (counted from `firstRow`) lie: one behind the other.
    @inline(__always)
    func places(of local: Range<Int>) -> Range<Int> {
        guard let packed else { return local }
        return packed.rank(local.lowerBound)..<packed.rank(local.upperBound)
    }

    /// The place of the chunk's row `local`, nil where it is not there.
    @inline(__always)
    func place(of local: Int) -> Int? {
        guard let packed else { return local }
        return packed.contains(local) ? packed.rank(local) : nil
    }
}

/// The vectors of a collection as they lie in memory: an immutable view, cheap to copy.
///
/// A writer that appends makes a new view; readers keep theirs. What `owner` maps stays mapped as long as any view
/// lives.
public struct VectorRows: Sendable {
    /// Pieces in ascending order of rows, not overlapping; gaps between them are rows without a vector.
    public let chunks: [VectorChunk]
    /// Bytes from one row to the next.
    public let strideBytes: Int
    /// Components of a vector.
    public let dimension: Int
    /// Rows of the first chunk: a guess for ``address(of:)``.
    private let rowsPerChunk: Int
    /// Keeps the memory of the chunks alive.
    private let owner: any AnyObject & Sendable

    /// Describes vectors in memory that `owner` keeps alive and that nobody writes to any more.
    /// - Precondition: chunks are in ascending order and don't overlap; a stride holds a vector and keeps its
    ///   alignment.
    public init(chunks: [VectorChunk], strideBytes: Int, dimension: Int, owner: any AnyObject & Sendable) {
        precondition(dimension >= 0 && strideBytes >= dimension * MemoryLayout<Float>.stride && strideBytes % 4 == 0)
        var end = 0
        for chunk in chunks {
            precondition(Int(chunk.firstRow) >= end, "chunks out of order")
            end = Int(chunk.firstRow) + chunk.count
        }
        self.chunks = chunks
        self.strideBytes = strideBytes
        self.dimension = dimension
        self.owner = owner
        rowsPerChunk = chunks.first?.count ?? 0
    }

    /// No vectors at all.
    static func none(dimension: Int) -> VectorRows {
        VectorRows(chunks: [], strideBytes: dimension * 4, dimension: dimension, owner: NoOwner())
    }

    private final class NoOwner: Sendable {}

    /// Calls `body` with the vector of a row, `[dimension] Float32`, or returns nil where no chunk holds it. O(log
    /// chunks).
    public func withVector<Result>(
        _ row: Row, _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result? {
        guard let chunk = chunk(of: row), let place = chunk.place(of: Int(row - chunk.firstRow)) else { return nil }
        return try withExtendedLifetime(owner) {
            let start = chunk.base + place * strideBytes
            return try body(
                UnsafeBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: dimension))
        }
    }

    /// Where the vector of a row lies, `[dimension] Float32`; valid while this view lives. For loops over many rows of
    /// a segment, which must keep the view alive around the loop.
    /// - Precondition: a chunk holds the row. Of a row that was compacted away some other row's vector, or zeros, are
    ///   read: ask ``holds(_:)`` where that matters.
    @inline(__always)
    func address(of row: Row) -> UnsafePointer<Float> {
        // Almost always all chunks but the last are of one size and begin at row 0.
        var index = rowsPerChunk > 0 ? Int(row) / rowsPerChunk : 0
        if index >= chunks.count || row < chunks[index].firstRow
            || Int(row) >= Int(chunks[index].firstRow) + chunks[index].count
        {
            index = chunkIndex(of: row)
        }
        let chunk = chunks[index]
        let local = Int(row - chunk.firstRow)
        let place = chunk.packed.map { min($0.rank(local), max(0, $0.count - 1)) } ?? local
        return (chunk.base + place * strideBytes).assumingMemoryBound(to: Float.self)
    }

    /// Whether the row's vector is there. A row of an index that was removed and compacted away is not.
    func holds(_ row: Row) -> Bool {
        let index = chunkIndex(of: row)
        return index < chunks.count && chunks[index].place(of: Int(row - chunks[index].firstRow)) != nil
    }

    /// The chunks that hold any row of the ranges, alone.
    func chunks(overlapping ranges: [Range<Row>]) -> VectorRows {
        let wanted = chunks.filter { chunk in
            let rows = chunk.firstRow..<chunk.firstRow + Row(chunk.count)
            return ranges.contains { $0.overlaps(rows) }
        }
        return VectorRows(chunks: wanted, strideBytes: strideBytes, dimension: dimension, owner: owner)
    }

    /// Calls `body` with the chunks while their memory is certain to be there.
    func withChunks<Result>(_ body: ([VectorChunk]) -> Result) -> Result {
        withExtendedLifetime(owner) { body(chunks) }
    }

    private func chunk(of row: Row) -> VectorChunk? {
        let index = chunkIndex(of: row)
        return index < chunks.count ? chunks[index] : nil
    }

    /// The index of the chunk that holds the row; `chunks.count` where none does.
    private func chunkIndex(of row: Row) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            let chunk = chunks[middle]
            if row < chunk.firstRow {
                high = middle
            } else if Int(row) >= Int(chunk.firstRow) + chunk.count {
                low = middle + 1
            } else {
                return middle
            }
        }
        return chunks.count
    }
}
