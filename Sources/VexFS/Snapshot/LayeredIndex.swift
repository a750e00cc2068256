/// The index of a fork: that of the collection it began with for the rows below one, and its own for the others.
struct LayeredIndex: VectorIndex {
    /// What finds the rows below.
    let lower: any VectorIndex
    /// What finds the others.
    let upper: any VectorIndex
    /// The rows below.
    let lowerRows: RowBitmap

    var metric: Metric { upper.metric }
    var dimension: Int { upper.dimension }
    var plan: String { "of its origin: \(lower.plan); its own: \(upper.plan)" }

    /// The nearest of both, merged. The other collection's rows with the numbers of own ones are never asked for.
    func search(_ vector: [Float], _ query: IndexQuery, allowed: RowBitmap) throws(VexFSError) -> IndexAnswer {
        let below = allowed.intersection(lowerRows)
        let above = allowed.subtracting(lowerRows)
        if above.isEmpty { return try lower.search(vector, query, allowed: below) }
        if below.isEmpty { return try upper.search(vector, query, allowed: above) }
        var answer = try lower.search(vector, query, allowed: below)
        let own = try upper.search(vector, query, allowed: above)
        answer.neighbors = .merged([answer.neighbors, own.neighbors], limit: query.limit, metric: metric)
        answer.compared += own.compared
        answer.rescored += own.rescored
        answer.isExact = answer.isExact && own.isExact
        answer.parts += own.parts
        return answer
    }
}
