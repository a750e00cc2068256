/// Queries that look at payloads.
extension QueryExecutor {
    /// Points by a field; those of one value by their ids.
    func ordered(_ order: OrderBy, _ rows: RowBitmap, _ limit: Int) throws(VexFSError) -> [ScoredRow] {
        let values = try source.orderValues(of: order, limit: limit, among: rows)
        return try order.ordered(values, limit: limit) { (rows) throws(VexFSError) in
            try source.page(from: nil, limit: rows.count, among: rows).map(\.row)
        }
    }

    /// The prefetched points by a formula, best first; equal scores in the order of the prefetches.
    mutating func scored(
        by formula: Formula, _ lists: [[ScoredRow]], _ candidates: RowBitmap
    ) throws(VexFSError) -> [ScoredRow] {
        let scores = lists.map { Dictionary($0.map { ($0.row, $0.score) }) { _, last in last } }
        var conditions: [RowBitmap] = []
        for condition in formula.conditions { conditions.append(try rows(matching: condition, among: candidates)) }
        var seen = RowBitmap()
        var points: [ScoredRow] = []
        for row in lists.joined().map(\.row) where !seen.contains(row) {
            seen.insert(row)
            guard let payload = try source.payload(of: row) else { continue }
            let point = Formula.Point(
                scores: scores.map { $0[row] }, payload: payload, conditions: conditions.map { $0.contains(row) })
            points.append(ScoredRow(row: row, score: try formula.score(point)))
        }
        return points.sortedByScore()
    }
}
