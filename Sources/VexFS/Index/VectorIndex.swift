/// What an index is asked for.
public struct IndexQuery: Sendable {
    /// How many neighbours at the most.
    public var limit: Int
    /// The search breadth of a graph, nil for the index's own choice; an exact index ignores it.
    public var ef: Int?

    /// Creates a query for the nearest `limit` rows.
    public init(limit: Int, ef: Int? = nil) {
        self.limit = limit
        self.ef = ef
    }
}

/// What an index found.
public struct IndexAnswer: Sendable {
    /// Nearest first, equal scores by ascending row.
    public var neighbors: [Neighbor]
    /// How many vectors, or codes of vectors, were compared with the query.
    public var compared: Int
    /// How many candidates were compared in full precision after their codes.
    public var rescored = 0
    /// Whether the neighbours are certain to be the nearest ones.
    public var isExact = true
    /// What each part of the index did, in words, for `.explain`; empty where ``VectorIndex/plan`` says it all.
    public var parts: [String] = []

    /// Creates an exact answer.
    public init(neighbors: [Neighbor], compared: Int) {
        self.neighbors = neighbors
        self.compared = compared
    }
}

/// Finds the rows whose vectors are nearest to a query. Immutable: any number of threads may search at once.
public protocol VectorIndex: Sendable {
    /// How vectors are compared.
    var metric: Metric { get }
    /// Components of a vector.
    var dimension: Int { get }
    /// What the index does, in words, for `.explain`.
    var plan: String { get }
    /// The nearest rows among those in `allowed` that the index holds.
    ///
    /// `vector` is `[dimension] Float32`, finite; for ``Metric/cosine`` of any length.
    /// - Throws: `dimensionMismatch` (EINVAL) when the vector has another dimension than the index.
    func search(_ vector: [Float], _ query: IndexQuery, allowed: RowBitmap) throws(VexFSError) -> IndexAnswer
}
