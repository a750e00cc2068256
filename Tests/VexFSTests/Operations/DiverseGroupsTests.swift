import Testing

@testable import VexFS

/// Groups of points that differ from each other: of as many as fill all groups, and no more are chosen.
@Suite struct DiverseGroupsTests {
    @Test(arguments: 0..<40) func groupsAreThoseOfTheChosenPoints(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let source = MemoryPoints(
            metric: .euclidean,
            points: (0..<Int.random(in: 0...50, using: &generator)).map { place in
                MemoryPoints.Point(
                    id: .integer(UInt64(place)),
                    vector: (0..<2).map { _ in Float.random(in: 0...1, using: &generator) },
                    payload: .object([.init("g", .integer(Int64.random(in: 0...6, using: &generator)))]))
            })
        let limit = Int.random(in: 1...5, using: &generator)
        let size = Int.random(in: 1...4, using: &generator)
        let candidates = Bool.random(using: &generator) ? 30 : nil
        let query = QueryOperation.Query.nearest(
            .vector(.dense([0.5, 0.5])),
            diversity: MaximalMarginalRelevance(
                diversity: Float.random(in: 0...1, using: &generator), candidates: candidates))
        var executor = QueryExecutor(source)
        var order: [JSON] = []
        var members: [[Row]] = []
        for point in try executor.run(QueryOperation(query, limit: limit * size)) {
            let key = source.points[Int(point.row)].payload["g"] ?? .null
            if let known = order.firstIndex(of: key) {
                members[known].append(point.row)
            } else {
                order.append(key)
                members.append([point.row])
            }
        }
        let found = try executor.groups(
            GroupQuery(QueryOperation(query), by: PayloadPath(key: "g"), limit: limit, size: size))
        #expect(found.map(\.id.json) == Array(order.prefix(limit)), "seed \(seed)")
        #expect(
            found.map { $0.points.map(\.row) } == members.prefix(limit).map { Array($0.prefix(size)) }, "seed \(seed)")
    }
}
