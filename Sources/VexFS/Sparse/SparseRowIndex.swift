import Synchronization

/// The index of a space of sparse vectors: made of the stored vectors when it is first asked for, and brought up to
/// date by each search, as ``TextIndex`` is of texts.
///
/// It takes in whatever the collection itself wrote, also rows that are kept and no longer live; which of them may
/// answer says the bitmap of a search.
public final class SparseRowIndex: Sendable {
    let index = SparseIndex()
    private let intake: RowIntake
    /// Whether a search asked for it since the store was opened.
    let isAsked = Atomic<Bool>(false)

    /// Rows that are asked for one by one rather than walked to.
    private static let fewRows: Row = 64
    /// Vectors that are taken in together.
    private static let batchRows = 8192

    /// An index without rows.
    /// - Parameter first: The first row that it is to have.
    init(from first: Row = 0) { intake = RowIntake(from: first) }

    /// Bytes of memory.
    public var allocatedBytes: Int { index.allocatedBytes }
    /// The first row that was not looked at yet.
    var end: Row { intake.end }

    /// Takes in the rows through `last` that are new since the last time.
    ///
    /// `read` reads one row's vector, `walk` those of all rows from one on, ascending, until it is told false.
    /// - Parameter isAhead: Whether nobody waits for it.
    /// - Throws: what they throw; the rows before are in, and the next call goes on from there.
    func update(
        through last: Row?, isAhead: Bool = false, read: (Row) throws(VexFSError) -> SparseVector?,
        walk: (Row, (Row, SparseVector) throws(VexFSError) -> Bool) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        guard let last else { return }
        try intake.take(through: last, isAhead: isAhead) { next throws(VexFSError) in
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

    /// Gives back the memory of rows that no search will ask for again.
    func compact(removing dead: RowBitmap) { index.compact(removing: dead) }
}
