import Testing

@testable import VexFS

/// Filters that come again are answered from gathered codes, with the same answers.
@Suite struct GraphScansTests {
    private func filter(_ rows: [Row]) -> SegmentFilter { SegmentFilter(rows: RowBitmap(rows), passing: rows.count) }

    @Test(arguments: GraphSegmentTests.metrics) func gatheredCodesGiveTheSameAnswers(metric: Metric) throws {
        let seed: UInt64 = 0x6D_0001
        let count = 20_000
        let fixture = GraphFixture.vectors(count, 24, metric: metric, seed: seed)
        var generator = SeededGenerator(seed: seed)
        // Every third row is missing: places are not rows.
        let rows = (0..<Row(count)).filter { $0 % 3 != 0 }
        let segment = try GraphFixture.segment(.bulk, SegmentRows(rows), fixture, metric)
        let graph = try #require(GraphFixture.graph(segment))
        let query = GraphFixture.queries(1, like: fixture, using: &generator)[0]
        let asked = SegmentQuery(vector: metric == .cosine ? query.normalized() : query, limit: 10, ef: 32)
        let filters = (0..<6).map { _ in filter(Array(rows.shuffled(using: &generator).prefix(1500)).sorted()) }
        let first = try filters.map { try segment.search(asked, filter: $0) }
        #expect(graph.scans.allocatedBytes == 0, "nothing is gathered for a filter that comes once")
        for round in 0..<4 {
            for (filter, expected) in zip(filters, first) {
                let answer = try segment.search(asked, filter: filter)
                let place = "seed \(seed) round \(round)"
                #expect(answer.neighbors == expected.neighbors, "\(place)")
                #expect(answer.compared == expected.compared && answer.rescored == expected.rescored, "\(place)")
                #expect(answer.isExact)
            }
            let kept = graph.scans.allocatedBytes
            let most = rows.count * (graph.points.width + 4 * graph.degree) / 8
            #expect(kept > 0 && kept <= most, "\(kept) of \(most)")
        }
        #expect(
            first.map(\.neighbors)
                == filters.map { filter in
                    fixture.bruteForce(query, limit: 10, allowed: filter.rows, metric: metric)
                })
    }

    /// Ten filters in turn and room for few of them: some are kept, and they stay.
    @Test func filtersThatTakeTurnsDoNotDriveEachOtherOut() throws {
        let fixture = GraphFixture.vectors(20_000, 24, metric: .cosine, seed: 0x6D_0003)
        let segment = try GraphFixture.segment(.bulk, SegmentRows(0..<20_000), fixture, .cosine)
        let graph = try #require(GraphFixture.graph(segment))
        var generator = SeededGenerator(seed: 0x6D_0003)
        let all = (0..<UInt32(20_000)).map { $0 }
        let filters = (0..<10).map { _ in all.shuffled(using: &generator).prefix(1500).sorted() }
        func ask(_ number: Int) -> GatheredCodes? {
            filters[number].withUnsafeBufferPointer { graph.scans.gathered($0, of: graph.points) }
        }
        var kept: [Set<Int>] = []
        for _ in 0..<4 { kept.append(Set((0..<10).filter { ask($0) != nil })) }
        #expect(kept[0].isEmpty && !kept[1].isEmpty && kept[1].count < 10)
        #expect(kept[2] == kept[1] && kept[3] == kept[1])
        // What nobody asks for any more makes room.
        let other = try #require((0..<10).first { !kept[1].contains($0) })
        _ = ask(other)
        #expect(ask(other) != nil)
        let first = try #require(ask(other))
        #expect(ask(other) === first)
    }

    @Test func manyThreadsAskWithTheSameFilters() throws {
        let fixture = GraphFixture.vectors(8000, 16, metric: .cosine, seed: 0x6D_0002)
        var generator = SeededGenerator(seed: 0x6D_0002)
        let segment = try GraphFixture.segment(.bulk, SegmentRows(0..<8000), fixture, .cosine)
        let query = SegmentQuery(
            vector: GraphFixture.queries(1, like: fixture, using: &generator)[0].normalized(), limit: 5, ef: 32)
        let all = Array(Row(0)..<8000)
        let filters = (0..<8).map { _ in filter(all.shuffled(using: &generator).prefix(700).sorted()) }
        let expected = try filters.map { try segment.search(query, filter: $0).neighbors }
        ParallelRanges.run(400, grain: 1, threads: 4, isCancelled: { false }) { range in
            for number in range {
                let answer = try? segment.search(query, filter: filters[number % filters.count])
                #expect(answer?.neighbors == expected[number % filters.count])
            }
        }
    }
}
