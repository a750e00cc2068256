import VexFS

/// Which rows pass for which query. The rule is simple and has no hidden state, so that a benchmark of another program
/// can make the same choice:
///
/// - random: row r passes where `mix(r) < share`, with splitmix64 (doi:10.1145/2660193.2660195) of r as a number in
///   0..<1;
/// - correlated: of eight anchors, rows `(2j + 1) × rows / 16`, each query belongs to the nearest one, and the
///   `share × rows` rows nearest to that anchor pass;
/// - anticorrelated: the same with the farthest rows.
struct BenchFilter: Sendable {
    /// The sets of rows that pass.
    let sets: [RowBitmap]
    /// Which of the sets is each query's.
    let setOfQuery: [Int]
    /// The share of all rows that pass, on average over the queries.
    let selectivity: Double

    static let anchorCount = 8

    init(_ data: BenchData, kind: BenchRequest.FilterKind, share: Double) throws(Failure) {
        let count = max(1, Int((share * Double(data.rowCount)).rounded()))
        if kind == .random {
            var rows = RowBitmap(capacity: data.rowCount)
            for row in 0..<data.rowCount where Self.mix(UInt64(row)) < share { rows.insert(Row(row)) }
            sets = [rows]
            setOfQuery = [Int](repeating: 0, count: data.queries.count)
        } else {
            let anchors = (0..<Self.anchorCount).map { (2 * $0 + 1) * data.rowCount / (2 * Self.anchorCount) }
                .map { data.rows($0..<$0 + 1) }
            let nearness = try BenchThreads.map(Self.anchorCount) { Self.nearness(data, to: anchors[$0]) }
            sets = nearness.map { values in
                let order = values.indices.sorted {
                    values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1
                }
                var rows = RowBitmap(capacity: data.rowCount)
                for row in kind == .correlated ? order.prefix(count) : order.suffix(count) { rows.insert(Row(row)) }
                return rows
            }
            setOfQuery = data.queries.map { query in
                let values = anchors.map { Self.nearness(query, $0, data.metric) }
                return values.indices.max { values[$0] < values[$1] } ?? 0
            }
        }
        let passing = setOfQuery.reduce(0) { [sets] in $0 + sets[$1].count }
        selectivity = Double(passing) / Double(data.rowCount) / Double(data.queries.count)
    }

    /// The rows that pass for a query.
    func rows(for query: Int) -> RowBitmap { sets[setOfQuery[query]] }

    /// A number in 0..<1 that has nothing to do with its neighbours'.
    static func mix(_ number: UInt64) -> Double {
        var random = SeededRandom(seed: number)
        return Double(random.next() >> 11) * 0x1p-53
    }

    private static func nearness(_ data: BenchData, to anchor: [Float]) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(data.rowCount)
        let pieceRows = 1024
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: pieceRows * data.dimension)
        buffer.initialize(repeating: 0)
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: data.rowCount, by: pieceRows) {
            let rows = start..<min(data.rowCount, start + pieceRows)
            data.copy(rows, into: buffer)
            for place in 0..<rows.count {
                let row = UnsafeBufferPointer(rebasing: buffer[place * data.dimension..<(place + 1) * data.dimension])
                values.append(anchor.withUnsafeBufferPointer { nearness(row, $0, data.metric) })
            }
        }
        return values
    }

    private static func nearness(_ left: [Float], _ right: [Float], _ metric: Metric) -> Float {
        left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { nearness(left, $0, metric) } }
    }

    /// Higher is nearer; only comparisons between values of one anchor or one query mean something.
    private static func nearness(
        _ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>, _ metric: Metric
    ) -> Float {
        switch metric {
        case .cosine, .dot: return BenchData.product(left, right)
        case .euclidean:
            return 2 * BenchData.product(left, right) - BenchData.product(left, left)
                - BenchData.product(right, right)
        case .manhattan:
            var sum: Float = 0
            for index in left.indices { sum -= abs(left[index] - right[index]) }
            return sum
        }
    }
}
