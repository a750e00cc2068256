/// Queries that compare vectors.
extension QueryExecutor {
    /// How many rows are compared with all examples at a time: their vectors stay in the cache.
    private static var blockRows: Int { 256 }

    func nearest(
        _ vector: QueryVector, _ operation: QueryOperation, _ rows: RowBitmap, _ limit: Int
    ) throws(VexFSError) -> [ScoredRow] {
        let candidates = rows.intersection(try source.rows(withVector: operation.using))
        guard !candidates.isEmpty else { return [] }
        let found = try source.nearest(
            to: vector, in: operation.using, limit: min(limit, candidates.count), among: candidates,
            operation.parameters)
        return try better(found, operation)
    }

    /// Those of a ranked list that are better than the threshold: higher, or lower where the metric is a distance. So
    /// it is for every query that compares vectors, as in Qdrant, also where its scores are no distances.
    private func better(_ points: [Neighbor], _ operation: QueryOperation) throws(VexFSError) -> [ScoredRow] {
        let scored = points.map { ScoredRow(row: $0.row, score: $0.score) }
        guard let threshold = operation.scoreThreshold else { return scored }
        let isSimilarity = try source.metric(of: operation.using).higherIsNearer
        return Array(scored.prefix { isSimilarity ? $0.score > threshold : $0.score < threshold })
    }

    /// The nearest points, chosen to differ from each other; scores are those to the query.
    func diverse(
        _ vector: QueryVector, _ diversity: MaximalMarginalRelevance, _ operation: QueryOperation, _ rows: RowBitmap,
        _ limit: Int
    ) throws(VexFSError) -> [ScoredRow] {
        let candidates = try nearest(vector, operation, rows, diversity.candidates ?? operation.limit)
        guard candidates.count > 1 else { return candidates }
        let chosen = candidates.map(\.row)
        let name = operation.using
        let relevances = try source.similarities(of: chosen, to: [vector], in: name)
        var own: [QueryVector] = []
        for row in chosen {
            // A point that is gone meanwhile is like no other.
            guard let vector = try source.vector(of: row, named: name) else { return Array(candidates.prefix(limit)) }
            own.append(vector)
        }
        let order = try diversity.selection(relevances, limit: limit) { (index) throws(VexFSError) in
            // How near several vectors are to others depends on which of them ask: here it is the candidates, as in
            // Qdrant.
            if case .multiple = own[index] {
                return try source.similarities(of: [chosen[index]], to: own, in: name)
            }
            return try source.similarities(of: chosen, to: [own[index]], in: name)
        }
        return order.map { candidates[$0] }
    }

    mutating func recommended(
        _ positive: [QueryOperation.VectorInput], _ negative: [QueryOperation.VectorInput],
        _ strategy: RecommendStrategy, _ operation: QueryOperation, _ rows: RowBitmap, _ limit: Int
    ) throws(VexFSError) -> [ScoredRow] {
        // Examples without a vector count for nothing, as in Qdrant, as long as others have one.
        let positives = try vectors(positive, operation)
        let negatives = try vectors(negative, operation)
        guard !positives.isEmpty || !negatives.isEmpty else {
            throw VexFSError(.notFound, "none of the examples has a vector to recommend by")
        }
        switch strategy {
        case .averageVector:
            return try nearest(try RecommendStrategy.average(positives, negatives), operation, rows, limit)
        case .bestScore:
            return try scan(.bestScore(positives: positives.count), positives + negatives, operation, rows, limit)
        case .sumScores:
            return try scan(.sumScores(positives: positives.count), positives + negatives, operation, rows, limit)
        }
    }

    /// The points with the best scores by the query's examples, all of which must have vectors.
    mutating func compared(
        _ score: ExampleScore, _ operation: QueryOperation, _ rows: RowBitmap, _ limit: Int
    ) throws(VexFSError) -> [ScoredRow] {
        var examples: [QueryVector] = []
        for input in operation.query?.inputs ?? [] { examples.append(try vector(input, operation)) }
        return try scan(score, examples, operation, rows, limit)
    }

    /// Compares every row with every example. O(rows × examples × dimension), O(limit) memory besides a list of the
    /// rows.
    private func scan(
        _ score: ExampleScore, _ examples: [QueryVector], _ operation: QueryOperation, _ rows: RowBitmap, _ limit: Int
    ) throws(VexFSError) -> [ScoredRow] {
        let candidates = rows.intersection(try source.rows(withVector: operation.using)).rows
        var weighted: [QueryVector] = []
        for example in examples { weighted.append(try source.weighted(example, in: operation.using)) }
        // Higher is better, whatever the metric.
        var heap = NeighborHeap(limit: limit, metric: .dot)
        var start = 0
        while start < candidates.count {
            try requireCaller()
            let block = Array(candidates[start..<min(candidates.count, start + Self.blockRows)])
            let similarities = try source.similarities(of: block, to: weighted, in: operation.using)
            similarities.withUnsafeBufferPointer { similarities in
                for (place, row) in block.enumerated() {
                    let own = similarities[place * examples.count..<(place + 1) * examples.count]
                    heap.offer(Neighbor(row: row, score: score.score(own)))
                }
            }
            start += block.count
        }
        return try better(heap.sorted(), operation)
    }
}
