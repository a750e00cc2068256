/// What every segment of an index is asked, prepared once for all of them.
public struct SegmentQuery: Sendable {
    /// `[dimension] Float32`, finite; of unit length for ``Metric/cosine``.
    public var vector: [Float]
    /// How many neighbours at the most.
    public var limit: Int
    /// The search breadth: how many candidates a segment keeps before it compares full vectors. A larger one costs
    /// time and finds more; a segment may keep more than this, never fewer than ``limit``.
    public var ef: Int

    /// The full vector of every live row. It comes with the query, so that a segment keeps no memory map alive that a
    /// compaction wants to be rid of.
    public var vectors: VectorRows?

    /// Creates a query; `ef` is raised to `limit`.
    public init(vector: [Float], limit: Int, ef: Int, vectors: VectorRows? = nil) {
        self.vectors = vectors
        self.vector = vector
        self.limit = limit
        self.ef = max(ef, limit)
    }
}

/// The rows that a segment may answer with.
public struct SegmentFilter: Sendable {
    /// Rows that pass; may name rows of other segments too.
    public var rows: RowBitmap
    /// How many rows of the segment are among them, exactly.
    public var passing: Int

    /// Creates a filter.
    public init(rows: RowBitmap, passing: Int) {
        self.rows = rows
        self.passing = passing
    }
}

/// What a segment found and what it cost.
public struct SegmentAnswer: Sendable {
    /// Nearest first, equal scores by ascending row; scores are those of the full vectors.
    public var neighbors: [Neighbor] = []
    /// How many codes were compared with the query.
    public var compared = 0
    /// How many full vectors were compared with the query.
    public var rescored = 0
    /// What was done, in words, for `.explain`: "graph walk", "list scan, 12 of 300 lists", "scan of 812 rows".
    public var plan = ""
    /// Whether the neighbours are certain to be the nearest ones.
    public var isExact = false

    /// An empty answer.
    public init() {}
}

/// An immutable part of a collection's index: some of its rows, found fast. Any number of threads may search at once.
///
/// A segment numbers its rows from 0 by ascending row: its *places*. It is derived from the vectors and can be thrown
/// away at any time.
public protocol IndexSegment: Sendable {
    /// Which rows, by place.
    var rows: SegmentRows { get }
    /// The search breadth that finds most of the nearest rows, for a query that names none.
    var defaultEf: Int { get }
    /// Bytes of memory that are the segment's own: what it allocated, without what it maps from files.
    var allocatedBytes: Int { get }
    /// Bytes that it maps from its file; 0 for a segment without one.
    var mappedBytes: Int { get }
    /// The nearest of the segment's rows, or of those that pass the filter; as many as there are up to the limit.
    /// - Throws: `outOfMemory`.
    func search(_ query: SegmentQuery, filter: SegmentFilter?) throws(VexFSError) -> SegmentAnswer
}
