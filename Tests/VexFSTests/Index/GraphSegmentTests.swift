import CVexKernels
import Testing

@testable import VexFS

/// Clustered vectors and segments over them, for the tests of graphs.
enum GraphFixture {
    enum Kind: String, CaseIterable { case bulk, incremental }

    /// Points around centres that overlap; lengths differ where the metric sees them.
    static func vectors(_ count: Int, _ dimension: Int, metric: Metric, seed: UInt64) -> VectorFixture {
        var generator = SeededGenerator(seed: seed)
        let centres = (0..<24).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) } }
        return VectorFixture(rowCount: count, dimension: dimension, metric: metric, chunkRanges: [0..<count]) { _ in
            vector(around: centres, using: &generator)
        }
    }

    static func vector(around centres: [[Float]], using generator: inout SeededGenerator) -> [Float] {
        let centre = centres.randomElement(using: &generator) ?? []
        let length = Float.random(in: 0.5...1.5, using: &generator)
        return centre.map { length * ($0 + Float.random(in: -0.6...0.6, using: &generator)) }
    }

    static func queries(_ count: Int, like fixture: VectorFixture, using generator: inout SeededGenerator) -> [[Float]]
    {
        (0..<count).map { _ in
            let row = Int.random(in: 0..<fixture.rowCount, using: &generator)
            return (0..<fixture.dimension).map {
                fixture.memory[row * fixture.strideFloats + $0] + Float.random(in: -0.2...0.2, using: &generator)
            }
        }
    }

    static func segment(
        _ kind: Kind, _ rows: SegmentRows, _ fixture: VectorFixture, _ metric: Metric, threads: Int = 2
    ) throws -> any IndexSegment {
        switch kind {
        case .bulk:
            var options = GraphOptions(count: rows.count, dimension: fixture.dimension)
            options.threads = threads
            return try GraphSegment.build(rows: rows, vectors: fixture.rows, metric: metric, options: options)
        case .incremental:
            var options = HNSWOptions(count: rows.count)
            options.threads = threads
            return try HNSWSegment.build(rows: rows, vectors: fixture.rows, metric: metric, options: options)
        }
    }

    static func graph(_ segment: any IndexSegment) -> Graph? {
        (segment as? GraphSegment)?.graph ?? (segment as? HNSWSegment)?.graph
    }

    /// The share of the exact answers that the segment finds; scores that are found must be exact.
    static func recall(
        _ segment: any IndexSegment, _ queries: [[Float]], _ fixture: VectorFixture, _ metric: Metric, ef: Int,
        allowed: RowBitmap? = nil
    ) throws -> Double {
        var all = RowBitmap()
        for place in 0..<segment.rows.count where allowed?.contains(segment.rows[place]) ?? true {
            all.insert(segment.rows[place])
        }
        let filter = allowed.map { SegmentFilter(rows: $0, passing: all.count) }
        var hits = 0
        var total = 0
        for query in queries {
            let prepared = metric == .cosine ? query.normalized() : query
            let expected = fixture.bruteForce(query, limit: 10, allowed: all, metric: metric)
            let answer = try segment.search(SegmentQuery(vector: prepared, limit: 10, ef: ef), filter: filter)
            #expect(answer.neighbors.count == expected.count)
            let sorted = answer.neighbors.sorted(by: NeighborOrder(metric).precedes)
            #expect(answer.neighbors == sorted)
            let rows = Set(expected.map(\.row))
            total += expected.count
            for neighbor in answer.neighbors where rows.contains(neighbor.row) {
                hits += 1
                #expect(expected.contains(neighbor))
            }
            if answer.isExact { #expect(answer.neighbors == expected) }
            for neighbor in answer.neighbors { #expect(all.contains(neighbor.row)) }
        }
        return total == 0 ? 1 : Double(hits) / Double(total)
    }
}

@Suite struct GraphSegmentTests {
    static let metrics: [Metric] = [.cosine, .dot, .euclidean]

    @Test(arguments: GraphFixture.Kind.allCases, metrics) func findsTheNearest(
        kind: GraphFixture.Kind, metric: Metric
    ) throws {
        let seed: UInt64 = 0x6A_0001
        for dimension in [13, 40] {
            let fixture = GraphFixture.vectors(4000, dimension, metric: metric, seed: seed)
            var generator = SeededGenerator(seed: seed + 1)
            let rows = SegmentRows((0..<4000).filter { $0 % 7 != 3 }.map(Row.init))
            let segment = try GraphFixture.segment(kind, rows, fixture, metric)
            let queries = GraphFixture.queries(20, like: fixture, using: &generator)
            let recall = try GraphFixture.recall(segment, queries, fixture, metric, ef: 100)
            #expect(recall >= 0.97, "seed \(seed) dimension \(dimension): \(recall)")
        }
    }

    @Test(arguments: GraphFixture.Kind.allCases, metrics) func smallSegmentsAreExact(
        kind: GraphFixture.Kind, metric: Metric
    ) throws {
        var generator = SeededGenerator(seed: 0x6A_0002)
        for count in [1, 2, 3, 10, 11, 65, 200] {
            for dimension in [1, 33] {
                let fixture = GraphFixture.vectors(count, dimension, metric: metric, seed: UInt64(count))
                let segment = try GraphFixture.segment(kind, SegmentRows((0..<Row(count)).map { $0 }), fixture, metric)
                let queries = GraphFixture.queries(5, like: fixture, using: &generator)
                let recall = try GraphFixture.recall(segment, queries, fixture, metric, ef: 10)
                #expect(recall == 1, "count \(count) dimension \(dimension)")
            }
        }
    }

    @Test(arguments: GraphFixture.Kind.allCases) func anEmptySegmentAnswersNothing(kind: GraphFixture.Kind) throws {
        let fixture = GraphFixture.vectors(1, 8, metric: .cosine, seed: 1)
        let segment = try GraphFixture.segment(kind, SegmentRows([]), fixture, .cosine)
        let query = SegmentQuery(vector: [Float](repeating: 1, count: 8), limit: 5, ef: 20)
        #expect(try segment.search(query, filter: nil).neighbors.isEmpty)
        let none = SegmentFilter(rows: RowBitmap(rowsBelow: 9), passing: 0)
        #expect(try segment.search(query, filter: none).neighbors.isEmpty)
        #expect(segment.rows.count == 0)
    }

    @Test(arguments: GraphFixture.Kind.allCases, metrics) func equalVectorsAreAllFound(
        kind: GraphFixture.Kind, metric: Metric
    ) throws {
        var generator = SeededGenerator(seed: 0x6A_0003)
        let distinct = GraphFixture.vectors(40, 24, metric: metric, seed: 3)
        let fixture = VectorFixture(rowCount: 3000, dimension: 24, metric: metric, chunkRanges: [0..<3000]) { row in
            (0..<24).map { distinct.memory[row % 40 * distinct.strideFloats + $0] }
        }
        let segment = try GraphFixture.segment(kind, SegmentRows((0..<3000).map { $0 }), fixture, metric, threads: 1)
        let queries = GraphFixture.queries(20, like: fixture, using: &generator)
        var found = 0
        for query in queries {
            let prepared = metric == .cosine ? query.normalized() : query
            let best = fixture.bruteForce(query, limit: 10, allowed: RowBitmap(rowsBelow: 3000), metric: metric)
            let answer = try segment.search(SegmentQuery(vector: prepared, limit: 10, ef: 128), filter: nil)
            // Any ten of the equals are as good.
            if answer.neighbors.map(\.score) == best.map(\.score) { found += 1 }
        }
        // Among 75 equals of each kind an inner product may lead a walk to one kind and leave no room for another.
        #expect(found >= (metric == .dot ? 16 : 20))
    }

    @Test(arguments: GraphFixture.Kind.allCases, metrics) func filteredAnswersAreAsGood(
        kind: GraphFixture.Kind, metric: Metric
    ) throws {
        let seed: UInt64 = 0x6A_0004
        let count = 30_000
        let fixture = GraphFixture.vectors(count, 16, metric: metric, seed: seed)
        var generator = SeededGenerator(seed: seed)
        let segment = try GraphFixture.segment(kind, SegmentRows((0..<Row(count)).map { $0 }), fixture, metric)
        let queries = GraphFixture.queries(4, like: fixture, using: &generator)
        let anchor = GraphFixture.queries(1, like: fixture, using: &generator)[0]
        let ranked = fixture.bruteForce(anchor, limit: count, allowed: RowBitmap(rowsBelow: count), metric: metric)
        for passing in [count * 9 / 10, count / 2, 300, 1, 0] {
            for (shape, order) in [
                ("random", ranked.shuffled(using: &generator)), ("near", ranked), ("far", ranked.reversed()),
            ] {
                var allowed = RowBitmap()
                for neighbor in order.prefix(passing) { allowed.insert(neighbor.row) }
                let recall = try GraphFixture.recall(segment, queries, fixture, metric, ef: 100, allowed: allowed)
                #expect(recall >= 0.95, "seed \(seed) \(shape), \(passing) pass: \(recall)")
            }
        }
    }

    @Test(arguments: GraphFixture.Kind.allCases, metrics) func graphsAreSound(
        kind: GraphFixture.Kind, metric: Metric
    ) throws {
        let fixture = GraphFixture.vectors(3000, 20, metric: metric, seed: 0x6A_0005)
        let segment = try GraphFixture.segment(kind, SegmentRows((0..<3000).map { $0 }), fixture, metric)
        let graph = try #require(GraphFixture.graph(segment))
        #expect(graph.brokenInvariant == nil)
        var reached = [Bool](repeating: false, count: graph.count)
        var waiting = graph.entries
        for entry in waiting { reached[Int(entry)] = true }
        for place in 0..<graph.count { #expect(graph.links[place * graph.degree] != UInt32.max) }
        while let place = waiting.popLast() {
            for index in 0..<graph.degree {
                let link = graph.links[Int(place) * graph.degree + index]
                guard link != UInt32.max, !reached[Int(link)] else { continue }
                reached[Int(link)] = true
                waiting.append(link)
            }
        }
        let share = Double(reached.filter { $0 }.count) / Double(graph.count)
        #expect(share > 0.99, "\(share) of the points can be reached")
    }

    @Test(arguments: GraphFixture.Kind.allCases) func oneThreadBuildsTheSameGraphTwice(
        kind: GraphFixture.Kind
    ) throws {
        let fixture = GraphFixture.vectors(2500, 24, metric: .cosine, seed: 0x6A_0006)
        let graphs = try (0..<2).map { _ in
            let rows = SegmentRows((0..<2500).map { $0 })
            let segment = try GraphFixture.segment(kind, rows, fixture, .cosine, threads: 1)
            return try #require(GraphFixture.graph(segment))
        }
        for index in 0..<graphs[0].count * graphs[0].degree where graphs[0].links[index] != graphs[1].links[index] {
            Issue.record("link \(index) differs")
            return
        }
        #expect(graphs[0].entries == graphs[1].entries)
    }

    @Test(arguments: GraphFixture.Kind.allCases) func aBuildCanBeStopped(kind: GraphFixture.Kind) {
        let fixture = GraphFixture.vectors(2500, 8, metric: .cosine, seed: 0x6A_0007)
        let rows = SegmentRows((0..<2500).map { $0 })
        #expect {
            switch kind {
            case .bulk:
                var options = GraphOptions(count: 2500, dimension: 8)
                options.isCancelled = { true }
                _ = try GraphSegment.build(rows: rows, vectors: fixture.rows, metric: .cosine, options: options)
            case .incremental:
                var options = HNSWOptions(count: 2500)
                options.isCancelled = { true }
                _ = try HNSWSegment.build(rows: rows, vectors: fixture.rows, metric: .cosine, options: options)
            }
        } throws: {
            ($0 as? VexFSError)?.code == .interrupted
        }
    }

    @Test func manhattanIsRefused() {
        let fixture = GraphFixture.vectors(10, 8, metric: .manhattan, seed: 1)
        #expect(!GraphSegment.supports(.manhattan))
        #expect(throws: VexFSError.self) {
            try GraphFixture.segment(.bulk, SegmentRows((0..<10).map { $0 }), fixture, .manhattan)
        }
    }

    @Test(arguments: GraphFixture.Kind.allCases) func manyThreadsSearchAtOnce(kind: GraphFixture.Kind) throws {
        let fixture = GraphFixture.vectors(3000, 16, metric: .cosine, seed: 0x6A_0008)
        var generator = SeededGenerator(seed: 0x6A_0009)
        let segment = try GraphFixture.segment(kind, SegmentRows((0..<3000).map { $0 }), fixture, .cosine)
        let queries = GraphFixture.queries(64, like: fixture, using: &generator).map { $0.normalized() }
        let expected = try queries.map {
            try segment.search(SegmentQuery(vector: $0, limit: 10, ef: 50), filter: nil).neighbors
        }
        let workers = GraphWorkers(threads: 4, isCancelled: { false })
        try workers.run(640, chunk: 4) { range, _ throws(VexFSError) in
            for index in range {
                let query = SegmentQuery(vector: queries[index % 64], limit: 10, ef: 50)
                let answer = try segment.search(query, filter: nil)
                #expect(answer.neighbors == expected[index % 64])
            }
        }
    }
}
