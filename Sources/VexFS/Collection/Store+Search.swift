/// Searching every collection at once.
extension Store {
    /// How far down a search across collections goes.
    static let maximumHits = 10_000

    /// Runs a search in every collection that can answer it and merges the answers, best first.
    ///
    /// Collections whose vectors have another dimension or whose texts have no model are left out; where metrics
    /// differ, distances d are ranked as similarities 1 / (1 + d).
    /// - Throws: what ``Collection/search(_:)`` throws, where no collection could answer; `invalidQuery` where offset
    ///   and limit together are more than 10 000.
    public func search(_ request: QueryRequest) throws(VexFSError) -> SearchAnswer {
        // Every collection reads the documents of as many hits as may be among the answers.
        guard request.offset + request.limit <= Self.maximumHits else {
            throw VexFSError(
                .invalidQuery,
                "offset=\(request.offset) and k=\(request.limit) reach beyond the first \(Self.maximumHits) results "
                    + "of a search across collections; search one collection to go further")
        }
        var inner = request
        inner.limit = request.limit + request.offset
        inner.offset = 0
        var merged: [(similarity: Double, hit: SearchHit)] = []
        var total = SearchExplanation()
        var metric = Metric.cosine
        var failure: VexFSError?
        var answered = 0
        for collection in collections {
            do throws(VexFSError) {
                let answer = try collection.search(inner)
                answered += 1
                metric = answer.metric
                total.add(answer.explanation)
                merged += answer.hits.map { hit in
                    (answer.metric.higherIsNearer ? hit.score : 1 / (1 + hit.score), hit)
                }
            } catch {
                let isElsewhere =
                    error.code == .dimensionMismatch || error.code == .nothingToEmbed || error.code == .notFound
                guard isElsewhere else { throw error }
                failure = error
            }
        }
        if answered == 0, let failure { throw failure }
        merged.sort { $0.similarity > $1.similarity }
        var hits = merged.map(\.hit)
        if request.groupBy == nil {
            hits = Array(hits.dropFirst(request.offset).prefix(request.limit))
        } else {
            hits = regrouped(hits, request)
        }
        for index in hits.indices { hits[index].rank = request.offset + index + 1 }
        total.plan = "\(answered) collection\(answered == 1 ? "" : "s"): \(total.isExact ? "exact" : "approximate")"
        return SearchAnswer(hits: hits, explanation: total, metric: metric)
    }

    /// Puts hits of several collections together that belong to one group: `k=` and `offset=` count groups.
    private func regrouped(_ hits: [SearchHit], _ request: QueryRequest) -> [SearchHit] {
        var order: [Filter.Value] = []
        var members: [Filter.Value: [SearchHit]] = [:]
        for hit in hits {
            guard let key = hit.group.flatMap(Filter.Value.init(json:)) else { continue }
            if members[key] == nil { order.append(key) }
            if members[key, default: []].count < request.groupSize { members[key, default: []].append(hit) }
        }
        return order.dropFirst(request.offset).prefix(request.limit).flatMap { members[$0] ?? [] }
    }
}

extension SearchExplanation {
    /// Adds the counts and times of another collection's search.
    mutating func add(_ other: SearchExplanation) {
        documents += other.documents
        vectors += other.vectors
        if let count = other.matching { matching = (matching ?? 0) + count }
        candidates += other.candidates
        rescored += other.rescored
        isExact = isExact && other.isExact
        parts += other.parts
        pending += other.pending
        nearestScore = [nearestScore, other.nearestScore].compactMap { $0 }.max()
        embedMicroseconds += other.embedMicroseconds
        filterMicroseconds += other.filterMicroseconds
        scanMicroseconds += other.scanMicroseconds
        fetchMicroseconds += other.fetchMicroseconds
    }
}
