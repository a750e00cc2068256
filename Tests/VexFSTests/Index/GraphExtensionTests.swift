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
        let recall = try GraphFixture.recall(grown, queries, fixture, metric, ef: 100)
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
        #expect(try GraphFixture.recall(second, queries, fixture, .cosine, ef: 100) >= 0.97)
    }

    @Test(arguments: GraphSegmentTests.metrics) func rowsThatDiedAreTakenOutOfTheLinks(metric: Metric) throws {
        let seed: UInt64 = 0x6C_0004
        let fixture = GraphFixture.vectors(4000, 24, metric: metric, seed: seed)
        var generator = SeededGenerator(seed: seed)
        let options = HNSWOptions(m: 12, efConstruct: 80, count: 3000)
        let first = try HNSWSegment.build(
            rows: SegmentRows(0..<3000), vectors: fixture.rows, metric: metric, options: options)
        let rows = SegmentRows((Row(0)..<4000).filter { $0 >= 3000 || !Bool.random(using: &generator) || $0 % 3 == 0 })
        let base = try #require(
            try HNSWBase(first.graph, rows: rows, degree: 24, metric: metric, factor: first.graph.points.factor))
        #expect((0..<base.count).allSatisfy { rows[$0] < 3000 } && rows[base.count] >= 3000)
        let grown = try HNSWSegment.build(
            rows: rows, vectors: fixture.rows, metric: metric, options: options, extending: first)
        #expect(grown.rows == rows)
        for place in 0..<rows.count {
            for index in 0..<24 {
                let link = grown.graph.links[place * 24 + index]
                #expect(link == UInt32.max || link < rows.count && link != place, "seed \(seed) place \(place)")
            }
        }
        let live = RowBitmap((0..<rows.count).map { rows[$0] })
        var found = 0
        for query in GraphFixture.queries(40, like: fixture, using: &generator) {
            let exact = try FlatIndex(rows: fixture.rows, metric: metric)
                .search(query, IndexQuery(limit: 10), allowed: live).neighbors.map(\.row)
            let answer = try grown.search(
                SegmentQuery(vector: query, limit: 10, ef: 100, vectors: fixture.rows), filter: nil)
            found += Set(exact).intersection(answer.neighbors.map(\.row)).count
        }
        #expect(found >= 388, "seed \(seed): \(found) of 400")
    }

    @Test func aGraphThatLostHalfIsBuiltAnew() throws {
        let fixture = GraphFixture.vectors(1000, 16, metric: .cosine, seed: 0x6C_0005)
        let first = try HNSWSegment.build(
            rows: SegmentRows(0..<1000), vectors: fixture.rows, metric: .cosine, options: HNSWOptions(count: 1000))
        let factor = first.graph.points.factor
        for (rows, isBase) in [(SegmentRows(400..<1000), true), (SegmentRows(501..<1000), false)] {
            let base = try HNSWBase(first.graph, rows: rows, degree: 32, metric: .cosine, factor: factor)
            #expect((base != nil) == isBase)
        }
    }
}
