/// A query of points: what to rank them by, which of them, and how many.
///
/// Nested ones are prefetches: they run first, and the outer query ranks only what they found, or fuses their lists.
public struct QueryOperation: Sendable, Equatable {
    /// The number of points where none is named.
    public static let defaultLimit = 10
    /// How deep prefetches can be nested.
    public static let maximumDepth = 64

    /// What to rank by; nil for the order of ids.
    public var query: Query?
    /// What to choose the points from; empty for the whole collection.
    public var prefetch: [QueryOperation]
    /// The name of the vector to compare; the default vector's is empty.
    public var using: String
    /// What points have to be like; holds for the prefetches too.
    public var filter: Filter?
    /// How nearest points are searched for.
    public var parameters: SearchParameters
    /// Only points with better scores: higher ones, or lower ones where the metric is a distance.
    public var scoreThreshold: Float?
    /// The most points.
    public var limit: Int
    /// How many of the best to leave out; of prefetches 0.
    public var offset: Int
    /// Where the vectors of points named as examples are taken from; nil for the collection itself.
    public var lookup: VectorLookup?

    /// Describes a query.
    public init(
        _ query: Query? = nil, prefetch: [QueryOperation] = [], using: String = "", filter: Filter? = nil,
        parameters: SearchParameters = SearchParameters(), scoreThreshold: Float? = nil,
        limit: Int = defaultLimit, offset: Int = 0, lookup: VectorLookup? = nil
    ) {
        self.query = query
        self.prefetch = prefetch
        self.using = using
        self.filter = filter
        self.parameters = parameters
        self.scoreThreshold = scoreThreshold
        self.limit = limit
        self.offset = offset
        self.lookup = lookup
    }

    /// What points are ranked by (https://qdrant.tech/documentation/concepts/search/#query-api).
    public enum Query: Sendable, Equatable {
        /// How near they are to a vector; with `diversity`, near and different from each other.
        case nearest(VectorInput, diversity: MaximalMarginalRelevance? = nil)
        /// How near they are to positive examples, and how far from negative ones.
        case recommend(positive: [VectorInput], negative: [VectorInput], RecommendStrategy)
        /// How many pairs' positive sides they are on, then how near they are to the target.
        case discover(target: VectorInput, context: [ContextPair])
        /// How far they are on the negative sides of pairs.
        case context([ContextPair])
        /// A field of the payload.
        case orderBy(OrderBy)
        /// Their places in the prefetches.
        case fusion(Fusion)
        /// A formula over the prefetches' scores and the payload.
        case formula(Formula)
        /// Chance.
        case sample
        /// How near they are to a target, corrected by what somebody thought of some answers.
        case relevanceFeedback(target: VectorInput, examples: [VectorInput], RelevanceFeedback)
    }

    /// A vector, or what has one.
    public enum VectorInput: Sendable, Equatable {
        case vector(QueryVector)
        /// The vector of a point, which itself is left out of the answer.
        case point(PointIdentifier)
        /// The embedding of a text.
        case text(String, model: String?)
    }

    /// Two examples: points should be nearer to the first.
    public struct ContextPair: Sendable, Equatable {
        /// The one to be near to.
        public var positive: VectorInput
        /// The other one.
        public var negative: VectorInput

        /// Pairs two examples.
        public init(positive: VectorInput, negative: VectorInput) {
            self.positive = positive
            self.negative = negative
        }
    }
}

/// Where the vectors of points named as examples are taken from.
public struct VectorLookup: Sendable, Hashable {
    /// The collection.
    public var collection: String
    /// The vector's name there; nil for the one that is searched with.
    public var vector: String?

    /// Names a collection.
    public init(collection: String, vector: String? = nil) {
        self.collection = collection
        self.vector = vector
    }
}

/// How nearest points are searched for.
public struct SearchParameters: Sendable, Equatable {
    /// Whether every vector is compared in full.
    public var isExact: Bool
    /// The search breadth of a graph; nil for the collection's.
    public var ef: Int?
    /// The largest breadth that a search can ask for.
    public static let maximumEf = 100_000

    /// Describes a search.
    public init(isExact: Bool = false, ef: Int? = nil) {
        self.isExact = isExact
        self.ef = ef
    }
}

extension QueryOperation.Query {
    /// The inputs that are turned into vectors, in the order that ``ExampleScore`` wants them in.
    var inputs: [QueryOperation.VectorInput] {
        switch self {
        case .nearest(let input, _): [input]
        case .recommend(let positive, let negative, _): positive + negative
        case .discover(let target, let context): [target] + context.flatMap { [$0.positive, $0.negative] }
        case .context(let pairs): pairs.flatMap { [$0.positive, $0.negative] }
        case .relevanceFeedback(let target, let examples, _): [target] + examples
        case .orderBy, .fusion, .formula, .sample: []
        }
    }
}

extension QueryOperation {
    /// The points named as examples here and in the prefetches, where the vectors are the collection's own.
    func mentionedPoints(in collection: String) -> [PointIdentifier] {
        var found = prefetch.flatMap { $0.mentionedPoints(in: collection) }
        guard lookup == nil || lookup?.collection == collection else { return found }
        for case .point(let id) in query?.inputs ?? [] { found.append(id) }
        return found
    }

    /// Refuses what has no meaning.
    /// - Throws: `invalidQuery` with a sentence that says what to change.
    func check(depth: Int = 0) throws(VexFSError) {
        func refuse(_ sentence: String) -> VexFSError { VexFSError(.invalidQuery, sentence) }
        guard depth <= Self.maximumDepth else {
            throw refuse("prefetches are nested more than \(Self.maximumDepth) levels deep")
        }
        guard limit >= 0, offset >= 0 else { throw refuse("limit and offset must not be negative") }
        switch query {
        case .fusion? where prefetch.isEmpty: throw refuse("a fusion needs prefetches to fuse")
        case .fusion? where !using.isEmpty: throw refuse("a fusion compares no vectors; leave out using")
        case .formula? where prefetch.isEmpty: throw refuse("a formula needs a prefetch that finds the points")
        case .recommend(let positive, let negative, _)? where positive.isEmpty && negative.isEmpty:
            throw refuse("recommend needs at least one example")
        case .recommend(let positive, _, .averageVector)? where positive.isEmpty: throw RecommendStrategy.noPositives
        case .nearest(_, let diversity?)?
        where (diversity.candidates ?? limit) > MaximalMarginalRelevance.maximumCandidates:
            throw refuse(
                "mmr would choose from \(diversity.candidates ?? limit) candidates, and "
                    + "\(MaximalMarginalRelevance.maximumCandidates) is the most; ask for fewer points, or set "
                    + "candidates_limit")
        case .relevanceFeedback(_, let examples, _)? where examples.count > RelevanceFeedback.maximumExamples:
            throw refuse(
                "feedback has \(examples.count) examples, and \(RelevanceFeedback.maximumExamples) is the most")
        case .context(let pairs)? where pairs.isEmpty: throw refuse("context needs at least one pair")
        case .orderBy? where scoreThreshold != nil: throw refuse("points ordered by a field have no scores to compare")
        case nil where scoreThreshold != nil: throw refuse("a score threshold needs a query that gives scores")
        default: break
        }
        for inner in prefetch { try inner.check(depth: depth + 1) }
    }
}
