import Testing

@testable import VexFS

@Suite struct GraphExtensionTests {
    @Test(arguments: GraphSegmentTests.metrics) func anExtendedGraphKeepsItsLinksAndFindsTheNewRows(
        metric: Metric
    ) throws {
        let seed: UInt64 = 0x6C_0001
        let fixture = GraphFixture.vectors(4000, 24, metric: metric, seed: seed)
        var generator = SeededGenerator(seed: seed)
        var segment: HNSWSegment?
        for end in [1, 700, 2500, 4000] {
            let rows = SegmentRows((0..<Row(end)).map { $0 })
            let options = HNSWOptions(m: 12, efConstruct: 80, count: end)
            segment = try HNSWSegment.build(
                rows: rows, vectors: fixture.rows, metric: metric, options: options, extending: segment)
        }
        let grown = try #require(segment)
        #expect(grown.m == 12)
        let queries = GraphFixture.queries(40, like: fixture, using: &generator)
        let recall = GraphFixture.recall(grown, queries, fixture, metric, ef: 100)
        #expect(recall >= 0.97, "seed \(seed): \(recall)")
    }

    @Test func anotherBeginningIsBuiltAnew() throws {
        let fixture = GraphFixture.vectors(1500, 16, metric: .cosine, seed: 0x6C_0002)
        var generator = SeededGenerator(seed: 0x6C_0003)
        let options = HNSWOptions(count: 1000)
        let first = try HNSWSegment.build(
            rows: SegmentRows((0..<1000).map { $0 }), vectors: fixture.rows, metric: .cosine, options: options)
        let rows = SegmentRows((500..<1500).map { $0 })
        let second = try HNSWSegment.build(
            rows: rows, vectors: fixture.rows, metric: .cosine, options: options, extending: first)
        #expect(second.rows == rows)
        let queries = GraphFixture.queries(20, like: fixture, using: &generator)
        #expect(GraphFixture.recall(second, queries, fixture, .cosine, ef: 100) >= 0.97)
    }
}
