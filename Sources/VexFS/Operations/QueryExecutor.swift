/// Runs queries on the points of a collection as they were at one moment.
///
/// What several queries of a batch have in common (the rows of a filter, the vector of an example) is worked out once.
/// A value of one thread.
public struct QueryExecutor {
    /// The points that are searched.
    public let source: any PointSource
    private var filtered: [Filter: RowBitmap] = [:]
    private var resolved: [ResolvedInput: QueryVector] = [:]
    /// Whether nobody waits for the answer any more; asked between the steps of what takes long.
    public var isCancelled: @Sendable () -> Bool = { false }
    var generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

    /// A point or a text whose vector is known.
    private struct ResolvedInput: Hashable {
        enum Input: Hashable {
            case point(PointIdentifier)
            case text(String, model: String?)
        }
        let input: Input
        let place: VectorLookup
        let using: String
    }

    /// Looks at a collection.
    public init(_ source: any PointSource) { self.source = source }

    /// The best points, best first.
    ///
    /// Nearest points, also by a mean of examples, are found by the index; whatever compares with several examples
    /// looks at every point that filter and prefetches leave: O(points × examples × dimension).
    /// - Throws: `invalidQuery`, `invalidFilter`, `invalidVector`, `dimensionMismatch`; `notFound` where an example or
    ///   a collection is not there.
    public mutating func run(_ operation: QueryOperation) throws(VexFSError) -> [ScoredRow] {
        try run(operation, among: source.rows)
    }

    /// Runs a batch; each answer or error stands where its query stood.
    public mutating func run(_ batch: [QueryOperation]) -> [Result<[ScoredRow], VexFSError>] {
        var answers: [Result<[ScoredRow], VexFSError>] = []
        for operation in batch {
            do throws(VexFSError) {
                answers.append(.success(try run(operation)))
            } catch {
                answers.append(.failure(error))
            }
        }
        return answers
    }

    /// The best points among some.
    mutating func run(_ operation: QueryOperation, among rows: RowBitmap) throws(VexFSError) -> [ScoredRow] {
        try operation.check()
        guard operation.limit > 0 else { return [] }
        var allowed = rows
        for id in operation.mentionedPoints(in: source.name) {
            guard let row = source.row(of: id) else { throw Self.noPoint(id, source) }
            allowed.remove(row)
        }
        // Of random points, none is the next one.
        let offset = operation.query == .sample && operation.prefetch.isEmpty ? 0 : operation.offset
        let found = try stage(operation, among: allowed, limit: operation.limit.addingSaturating(offset))
        return Array(found.dropFirst(offset))
    }

    /// The rows that a filter lets through.
    mutating func rows(matching filter: Filter?, among rows: RowBitmap) throws(VexFSError) -> RowBitmap {
        guard let filter else { return rows }
        if let known = filtered[filter] { return known.intersection(rows) }
        let found = try source.rows(matching: filter, among: source.rows)
        filtered[filter] = found
        return found.intersection(rows)
    }

    /// - Throws: `interrupted` where nobody waits for the answer any more.
    func requireCaller() throws(VexFSError) {
        guard !isCancelled() else { throw VexFSError(.interrupted, "the caller was interrupted") }
    }

    /// One level of prefetches: these first, then the query on what they found.
    private mutating func stage(
        _ operation: QueryOperation, among rows: RowBitmap, limit: Int
    ) throws(VexFSError) -> [ScoredRow] {
        let allowed = try self.rows(matching: operation.filter, among: rows)
        try requireCaller()
        var lists: [[ScoredRow]] = []
        for inner in operation.prefetch { lists.append(try stage(inner, among: allowed, limit: inner.limit)) }
        let candidates = lists.isEmpty ? allowed : RowBitmap(lists.joined().map(\.row))
        guard limit > 0 else { return [] }
        switch operation.query {
        case nil:
            return try source.page(from: nil, limit: limit, among: candidates).map { ScoredRow(row: $0.row, score: 1) }
        case .sample?:
            let chosen = Sampling.rows(limit, of: candidates, using: &generator)
            return chosen.map { ScoredRow(row: $0, score: 1) }
        case .orderBy(let order)?: return try ordered(order, candidates, limit)
        case .fusion(let fusion)?: return Self.best(try fusion.fused(lists), operation.scoreThreshold, limit)
        case .formula(let formula)?:
            return Self.best(try scored(by: formula, lists, candidates), operation.scoreThreshold, limit)
        case .nearest(let input, let diversity)?:
            let vector = try self.vector(input, operation)
            guard let diversity else { return try nearest(vector, operation, candidates, limit) }
            return try diverse(vector, diversity, operation, candidates, limit)
        case .recommend(let positive, let negative, let strategy)?:
            return try recommended(positive, negative, strategy, operation, candidates, limit)
        case .discover?:
            return try compared(.discover, operation, candidates, limit)
        case .context?: return try compared(.context, operation, candidates, limit)
        case .relevanceFeedback(_, _, let feedback)?:
            return try compared(.feedback(feedback), operation, candidates, limit)
        }
    }

    /// Those of a ranked list that reach the threshold, as fusion and formulas have it.
    private static func best(_ points: [ScoredRow], _ threshold: Float?, _ limit: Int) -> [ScoredRow] {
        Array(points.prefix { $0.score >= threshold ?? -.infinity }.prefix(limit))
    }

    // MARK: Inputs

    static func noPoint(_ id: PointIdentifier, _ source: any PointSource) -> VexFSError {
        VexFSError(.notFound, "there is no point with the id \"\(id)\" in the collection \(source.name)")
    }

    /// The vector of an input.
    mutating func vector(
        _ input: QueryOperation.VectorInput, _ operation: QueryOperation
    ) throws(VexFSError) -> QueryVector {
        guard let found = try vectorIfThere(input, operation) else {
            let name = operation.lookup?.vector ?? operation.using
            throw VexFSError(
                .notFound, "the point \(Self.describe(input)) has no \(name.isEmpty ? "vector" : "vector \(name)")")
        }
        return found
    }

    private static func describe(_ input: QueryOperation.VectorInput) -> String {
        if case .point(let id) = input { "\"\(id)\"" } else { "of the query" }
    }

    /// The vector of an input; nil for a point without one.
    private mutating func vectorIfThere(
        _ input: QueryOperation.VectorInput, _ operation: QueryOperation
    ) throws(VexFSError) -> QueryVector? {
        let lookup = operation.lookup
        let place = VectorLookup(
            collection: lookup?.collection ?? source.name, vector: lookup?.vector ?? operation.using)
        let key: ResolvedInput
        switch input {
        case .vector(let vector): return vector
        case .text(let text, let model):
            key = ResolvedInput(input: .text(text, model: model), place: place, using: operation.using)
        case .point(let id): key = ResolvedInput(input: .point(id), place: place, using: operation.using)
        }
        if let known = resolved[key] { return known }
        let found: QueryVector
        switch key.input {
        case .text(let text, let model):
            found = try source.embedding(of: text, model: model, for: operation.using)
        case .point(let id):
            let there = place.collection == source.name ? source : try source.collection(named: place.collection)
            guard let row = there.row(of: id) else { throw Self.noPoint(id, there) }
            guard let vector = try there.vector(of: row, named: place.vector ?? "") else { return nil }
            found = vector
        }
        resolved[key] = found
        return found
    }

    /// The vectors of those inputs that have one.
    mutating func vectors(
        _ inputs: [QueryOperation.VectorInput], _ operation: QueryOperation
    ) throws(VexFSError) -> [QueryVector] {
        var found: [QueryVector] = []
        for input in inputs { if let vector = try vectorIfThere(input, operation) { found.append(vector) } }
        return found
    }
}

extension Int {
    /// The sum, or the largest number where that is too large; neither is negative.
    func addingSaturating(_ other: Int) -> Int {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
