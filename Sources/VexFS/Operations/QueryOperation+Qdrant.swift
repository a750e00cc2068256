/// Reads a filter of a dialect.
public typealias FilterReading = (JSON) throws(VexFSError) -> Filter

extension Filter {
    /// Reads a filter as ``init(qdrant:textOptions:)`` does for fields without an index.
    public static func readQdrant(_ json: JSON) throws(VexFSError) -> Filter { try Filter(qdrant: json) }
}

extension QueryOperation {
    /// Reads the body of Qdrant's `points/query` (https://api.qdrant.tech/api-reference/search/query-points).
    ///
    /// What asks for the form of the answer (`with_payload`, `with_vector`, `shard_key`) is left to others; `filter`
    /// reads filters, and the conditions of formulas as filters, which are Qdrant's unless it is given.
    /// - Throws: `invalidQuery` with the place as a path and what it must be; what `filter` throws.
    public init(qdrant json: JSON, filter: FilterReading = Filter.readQdrant) throws(VexFSError) {
        self = try withoutActuallyEscaping(filter) { (filter) throws(VexFSError) in
            try QdrantQueryReader(readFilter: filter).operation(json, at: "", depth: 0)
        }
    }
}

/// Reads JSON of Qdrant's query API. A member that is null counts as missing.
struct QdrantQueryReader {
    let readFilter: FilterReading

    private static let operationKeys: Set<String> = [
        "query", "prefetch", "using", "filter", "params", "score_threshold", "limit", "lookup_from",
    ]
    private static let answerKeys: Set<String> = ["offset", "with_payload", "with_vector", "with_vectors", "shard_key"]

    func operation(_ json: JSON, at place: String, depth: Int) throws(VexFSError) -> QueryOperation {
        let known = depth == 0 ? Self.operationKeys.union(Self.answerKeys) : Self.operationKeys
        let object = try RequestObject(json, at: place, keys: known)
        guard depth <= QueryOperation.maximumDepth else {
            throw object.refused("is nested more than \(QueryOperation.maximumDepth) levels deep")
        }
        var operation = QueryOperation()
        operation.query = try object.value("query").map { (json, place) throws(VexFSError) in try query(json, at: place)
        }
        if let (json, place) = object.value("prefetch") {
            operation.prefetch = try list(json, at: place) { (json, place) throws(VexFSError) in
                try self.operation(json, at: place, depth: depth + 1)
            }
        }
        operation.using = try object.string("using") ?? ""
        operation.filter = try object.value("filter").map { (json, _) throws(VexFSError) in try readFilter(json) }
        operation.scoreThreshold = try object.number("score_threshold").map(Float.init)
        operation.limit = try object.integer("limit", 1...Int(Int32.max)) ?? QueryOperation.defaultLimit
        if depth == 0 { operation.offset = try object.integer("offset", 0...Int(Int32.max)) ?? 0 }
        if let (json, place) = object.value("params") { operation.parameters = try parameters(json, at: place) }
        if let (json, place) = object.value("lookup_from") {
            let lookup = try RequestObject(json, at: place, keys: ["collection", "vector", "shard_key"])
            operation.lookup = VectorLookup(
                collection: try lookup.required(lookup.string("collection"), "collection"),
                vector: try lookup.string("vector"))
        }
        return operation
    }

    /// One value where it stands alone, or each element of an array.
    func list<Element>(
        _ json: JSON, at place: String, _ read: (JSON, String) throws(VexFSError) -> Element
    ) throws(VexFSError) -> [Element] {
        guard case .array(let elements) = json else { return [try read(json, place)] }
        var result: [Element] = []
        for (index, element) in elements.enumerated() { result.append(try read(element, "\(place)[\(index)]")) }
        return result
    }

    private func parameters(_ json: JSON, at place: String) throws(VexFSError) -> SearchParameters {
        let object = try RequestObject(
            json, at: place, keys: ["hnsw_ef", "exact", "quantization", "indexed_only", "acorn", "idf"])
        guard object.value("idf") == nil else {
            throw object.refused("idf", "cannot be chosen here: rarity is always that among all points")
        }
        // Qdrant takes any number, and more than this finds nothing better.
        let ef = try object.integer("hnsw_ef", 1...Int(Int32.max)).map { min($0, SearchParameters.maximumEf) }
        return SearchParameters(isExact: try object.bool("exact") ?? false, ef: ef)
    }

    // MARK: Queries

    private static let forms = [
        "nearest", "recommend", "discover", "context", "order_by", "fusion", "rrf", "formula", "sample",
        "relevance_feedback",
    ]

    private func query(_ json: JSON, at place: String) throws(VexFSError) -> QueryOperation.Query {
        let members = json.members?.filter { !$0.value.isNull } ?? []
        guard let form = members.first(where: { Self.forms.contains($0.key) }) else {
            let isInput = members.isEmpty || members.contains { Self.inputKeys.contains($0.key) }
            guard isInput else {
                throw RequestObject.refused(
                    place, "has none of \(Self.forms.joined(separator: ", ")), and is no vector, id or text")
            }
            return .nearest(try input(json, at: place))
        }
        let companions: [String: Set<String>] = ["nearest": ["mmr"], "formula": ["defaults"]]
        let object = try RequestObject(json, at: place, keys: (companions[form.key] ?? []).union([form.key]))
        let inner = "\(place).\(form.key)"
        switch form.key {
        case "nearest":
            let mmr = try object.value("mmr").map { (json, place) throws(VexFSError) in try diversity(json, at: place) }
            return .nearest(try input(form.value, at: inner), diversity: mmr)
        case "recommend": return try recommend(form.value, at: inner)
        case "discover":
            let discover = try RequestObject(form.value, at: inner, keys: ["target", "context"])
            let (target, targetPlace) = try discover.required(discover.value("target"), "target")
            let context = discover.value("context")
            return .discover(
                target: try input(target, at: targetPlace),
                context: try context.map { (json, place) throws(VexFSError) in try pairs(json, at: place) } ?? [])
        case "context": return .context(try pairs(form.value, at: inner))
        case "order_by": return .orderBy(try QdrantOrderReader.orderBy(form.value, at: inner))
        case "fusion": return .fusion(try fusion(form.value, at: inner))
        case "rrf": return .fusion(try reciprocalRank(form.value, at: inner))
        case "formula": return .formula(try FormulaReader(filter: readFilter).formula(object, at: inner))
        case "relevance_feedback": return try relevanceFeedback(form.value, at: inner)
        default:
            guard form.value.stringValue == "random" else { throw RequestObject.refused(inner, "must be \"random\"") }
            return .sample
        }
    }

    private func diversity(_ json: JSON, at place: String) throws(VexFSError) -> MaximalMarginalRelevance {
        let object = try RequestObject(json, at: place, keys: ["diversity", "candidates_limit"])
        let diversity = try object.number("diversity") ?? 0.5
        guard (0...1).contains(diversity) else { throw object.refused("diversity", "must be from 0 to 1") }
        return MaximalMarginalRelevance(
            diversity: Float(diversity),
            candidates: try object.integer("candidates_limit", 0...MaximalMarginalRelevance.maximumCandidates))
    }

    private func recommend(_ json: JSON, at place: String) throws(VexFSError) -> QueryOperation.Query {
        let object = try RequestObject(json, at: place, keys: ["positive", "negative", "strategy"])
        func examples(_ key: String) throws(VexFSError) -> [QueryOperation.VectorInput] {
            guard let (json, place) = object.value(key) else { return [] }
            guard json.arrayValue != nil else { throw object.refused(key, "must be an array of examples") }
            return try list(json, at: place, input)
        }
        var strategy = RecommendStrategy.averageVector
        if let word = try object.string("strategy") {
            guard let named = RecommendStrategy(rawValue: word) else {
                let known = RecommendStrategy.allCases.map(\.rawValue).joined(separator: ", ")
                throw object.refused("strategy", "must be one of \(known)")
            }
            strategy = named
        }
        return .recommend(positive: try examples("positive"), negative: try examples("negative"), strategy)
    }

    private func pairs(_ json: JSON, at place: String) throws(VexFSError) -> [QueryOperation.ContextPair] {
        try list(json, at: place) { (json, place) throws(VexFSError) in
            let object = try RequestObject(json, at: place, keys: ["positive", "negative"])
            let (positive, positivePlace) = try object.required(object.value("positive"), "positive")
            let (negative, negativePlace) = try object.required(object.value("negative"), "negative")
            return QueryOperation.ContextPair(
                positive: try input(positive, at: positivePlace), negative: try input(negative, at: negativePlace))
        }
    }

    private func fusion(_ json: JSON, at place: String) throws(VexFSError) -> Fusion {
        switch json.stringValue {
        case "rrf": return .reciprocalRank()
        case "dbsf": return .distribution
        default: throw RequestObject.refused(place, "must be rrf or dbsf")
        }
    }

    private func reciprocalRank(_ json: JSON, at place: String) throws(VexFSError) -> Fusion {
        let object = try RequestObject(json, at: place, keys: ["k", "weights"])
        let weights = try object.value("weights").map { (json, place) throws(VexFSError) in
            try floats(json, at: place)
        }
        return .reciprocalRank(k: try object.integer("k", 1...Int(Int32.max)) ?? Fusion.defaultK, weights: weights)
    }

    private func relevanceFeedback(_ json: JSON, at place: String) throws(VexFSError) -> QueryOperation.Query {
        let object = try RequestObject(json, at: place, keys: ["target", "feedback", "strategy"])
        let (target, targetPlace) = try object.required(object.value("target"), "target")
        let (feedback, feedbackPlace) = try object.required(object.value("feedback"), "feedback")
        let (strategy, strategyPlace) = try object.required(object.value("strategy"), "strategy")
        let chosen = try RequestObject(strategy, at: strategyPlace, keys: ["naive"])
        let (naive, naivePlace) = try chosen.required(chosen.value("naive"), "naive")
        let weights = try RequestObject(naive, at: naivePlace, keys: ["a", "b", "c"])
        func weight(_ key: String) throws(VexFSError) -> Float {
            Float(try weights.required(weights.number(key), key))
        }
        guard let count = feedback.arrayValue?.count else { throw object.refused("feedback", "must be an array") }
        guard count <= RelevanceFeedback.maximumExamples else {
            throw object.refused(
                "feedback", "has \(count) examples, and \(RelevanceFeedback.maximumExamples) is the most")
        }
        var relevances: [Float] = []
        let examples = try list(feedback, at: feedbackPlace) { (json, place) throws(VexFSError) in
            let item = try RequestObject(json, at: place, keys: ["example", "score"])
            let (example, examplePlace) = try item.required(item.value("example"), "example")
            relevances.append(Float(try item.required(item.number("score"), "score")))
            return try input(example, at: examplePlace)
        }
        let scored = RelevanceFeedback(
            a: try weight("a"), b: try weight("b"), c: try weight("c"), relevances: relevances)
        guard scored.b >= 0 else { throw weights.refused("b", "must not be negative") }
        return .relevanceFeedback(target: try input(target, at: targetPlace), examples: examples, scored)
    }
}
