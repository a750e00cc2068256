import Synchronization

/// An exact index of sparse vectors: the rows with the largest dot products with a query.
///
/// Rows come in ascending order and stay until ``compact(removing:)``; which of them may answer says each search's
/// bitmap, so the past is searched with another bitmap. Searches take the lists as they are at the moment, and wait for
/// no one: full segments never change, and new rows lie in front of them until there are enough for a segment.
public final class SparseIndex: Sendable {
    private struct State {
        /// By ascending rows; those of one container get fewer and larger.
        var segments: [SparseSegment] = []
        var fresh = SparseRows()
        var rows = RowBitmap()
        /// Above the last row that ever came.
        var next: Row = 0
    }

    /// New rows that are compared one by one before they become a segment.
    static let freshLimit = 64

    private let state = Mutex(State())

    /// An empty index.
    public init() {}

    /// The rows that have a vector with components; those without are never found, nor counted by statistics.
    public var rows: RowBitmap { state.withLock { $0.rows } }

    /// Bytes of memory.
    public var allocatedBytes: Int {
        state.withLock { state in
            state.segments.reduce(state.fresh.allocatedBytes + state.rows.allocatedBytes) { $0 + $1.allocatedBytes }
        }
    }

    /// Adds a row's vector. Amortised O(components log rows).
    /// - Throws: `invalidArgument` (EINVAL) where the row is not above all others.
    public func insert(_ vector: SparseVector, row: Row) throws(VexFSError) {
        try state.withLock { state throws(VexFSError) in
            try Self.append(vector, row, to: &state)
            if state.fresh.count >= Self.freshLimit { Self.seal(&state) }
        }
    }

    /// Adds many rows' vectors: the more at once, the less each costs. All or, after an error, those before.
    /// - Throws: `invalidArgument` (EINVAL) where a row is not above all others.
    public func insert(_ vectors: [(row: Row, vector: SparseVector)]) throws(VexFSError) {
        try state.withLock { state throws(VexFSError) in
            for (row, vector) in vectors { try Self.append(vector, row, to: &state) }
            if state.fresh.count >= Self.freshLimit { Self.seal(&state) }
        }
    }

    private static func append(_ vector: SparseVector, _ row: Row, to state: inout State) throws(VexFSError) {
        guard row >= state.next else {
            throw VexFSError(
                .invalidArgument,
                "row \(row) cannot follow row \(state.next - 1): a sparse index takes rows in their order")
        }
        state.next = row + 1
        guard vector.count > 0 else { return }
        if let last = state.fresh.rows.last, last >> 16 != row >> 16 { seal(&state) }
        state.fresh.append(vector, row: row)
        state.rows.insert(row)
    }

    /// Gives back the memory of rows that no search will ask for again. O(components of the segments that change).
    public func compact(removing dead: RowBitmap) {
        state.withLock { state in
            Self.seal(&state)
            let kept = state.rows.subtracting(dead)
            state.segments = state.segments.compactMap { $0.keeping(kept) }
            state.rows = kept
        }
    }

    /// The `limit` allowed rows with the largest products, larger first, equal ones by ascending row; only rows that
    /// share a dimension with the query.
    ///
    /// With `statistics`, each of the query's values is multiplied with the ``InverseDocumentFrequency`` of its
    /// dimension among these rows. Exact: scores are the products rounded to a float. O(components of the query's
    /// dimensions), most of which are left out once `limit` good rows are known.
    public func search(
        _ query: SparseVector, limit: Int, among allowed: RowBitmap, statistics: RowBitmap? = nil
    ) -> IndexAnswer {
        let view = state.withLock { $0 }
        guard limit > 0, query.count > 0 else { return IndexAnswer(neighbors: [], compared: 0) }
        let weighted =
            statistics.map { statistics in
                let counted = Self.holders(of: query.indices, in: statistics, view)
                return query.weighted(documents: counted.rows, holders: counted.holders)
            } ?? query
        var heap = NeighborHeap(limit: limit, metric: .dot)
        var compared = 0
        for segment in view.segments where segment.rows.intersects(allowed) {
            compared += segment.search(query, weights: weighted.values, among: allowed, into: &heap)
        }
        compared += view.fresh.search(weighted, among: allowed, into: &heap)
        return IndexAnswer(neighbors: heap.sorted(), compared: compared)
    }

    /// The query with each value multiplied by the ``InverseDocumentFrequency`` of its dimension among the rows.
    public func weighted(_ query: SparseVector, in statistics: RowBitmap) -> SparseVector {
        let counted = holders(of: query.indices, in: statistics)
        return query.weighted(documents: counted.rows, holders: counted.holders)
    }

    /// How many of the rows have components, and how many have each of the dimensions, which ascend.
    func holders(of dimensions: [UInt32], in statistics: RowBitmap) -> (rows: Int, holders: [Int]) {
        Self.holders(of: dimensions, in: statistics, state.withLock { $0 })
    }

    private static func holders(
        of dimensions: [UInt32], in statistics: RowBitmap, _ view: State
    ) -> (rows: Int, holders: [Int]) {
        var holders = view.fresh.counts(of: dimensions, in: statistics)
        for segment in view.segments {
            let isWhole = segment.rows.isSubset(of: statistics)
            for (index, dimension) in dimensions.enumerated() {
                holders[index] += segment.count(of: dimension, in: statistics, isWhole: isWhole)
            }
        }
        return (view.rows.intersectionCount(statistics), holders)
    }

    /// Makes a segment of the new rows, and one with those before of the same container while these are not much
    /// larger: so there are few, and each component is copied only as often as its segment doubles.
    private static func seal(_ state: inout State) {
        guard state.fresh.count > 0 else { return }
        state.segments.append(SparseSegment(state.fresh))
        state.fresh.removeAll()
        while state.segments.count >= 2 {
            let last = state.segments[state.segments.count - 1]
            let before = state.segments[state.segments.count - 2]
            guard before.firstRow == last.firstRow, before.rows.count <= 2 * last.rows.count else { return }
            state.segments.removeLast(2)
            state.segments.append(SparseSegment.merged(before, last))
        }
    }
}
