/// The index of a space of sparse vectors: made of the stored vectors by the first search, and brought up to date by
/// each, as ``TextIndex`` is of texts.
///
/// It takes in whatever is stored, also rows that are kept and no longer live; which of them may answer says the bitmap
/// of a search.
public final class SparseRowIndex: Sendable {
    private let index = SparseIndex()
    /// The first row that was not looked at yet. Held while rows are read, so that they come in their order.
    private let next = Monitor<Row>(0)

    /// Rows that are asked for one by one rather than walked to.
    private static let fewRows: Row = 64
    /// Vectors that are taken in together.
    private static let batchRows = 8192

    /// An index without rows.
    public init() {}

    /// Bytes of memory.
    public var allocatedBytes: Int { index.allocatedBytes }

    /// Takes in the rows through `last` that are new since the last time.
    ///
    /// `read` reads one row's vector, `walk` those of all rows from one on, ascending, until it is told false.
    /// - Throws: what they throw; the rows before are in, and the next call goes on from there.
    func update(
        through last: Row?, read: (Row) throws(VexFSError) -> SparseVector?,
        walk: (Row, (Row, SparseVector) throws(VexFSError) -> Bool) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        try next.withLock { next throws(VexFSError) in
            guard let last, last >= next else { return }
            if last - next < Self.fewRows {
                for row in next...last {
                    if let vector = try read(row) { try index.insert(vector, row: row) }
                    next = row + 1
                }
                return
            }
            var batch: [(row: Row, vector: SparseVector)] = []
            var after = next
            try walk(next) { (row, vector) throws(VexFSError) in
                guard row <= last else { return false }
                batch.append((row, vector))
                after = row + 1
                if batch.count >= Self.batchRows {
                    try index.insert(batch)
                    batch.removeAll(keepingCapacity: true)
                    next = after
                }
                return true
            }
            try index.insert(batch)
            next = last + 1
        }
    }

    /// The query with its values multiplied by how much their dimensions say among the rows.
    public func weighted(_ query: SparseVector, in statistics: RowBitmap) -> SparseVector {
        index.weighted(query, in: statistics)
    }

    /// The `limit` allowed rows with the largest products; only rows that share a dimension with the query.
    public func search(_ query: SparseVector, limit: Int, among allowed: RowBitmap) -> IndexAnswer {
        index.search(query, limit: limit, among: allowed)
    }

    /// Gives back the memory of rows that no search will ask for again.
    func compact(removing dead: RowBitmap) { index.compact(removing: dead) }
}
