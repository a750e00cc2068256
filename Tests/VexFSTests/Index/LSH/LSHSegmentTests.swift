import Testing

@testable import VexFS

@Suite struct LSHSegmentTests {
    static let metrics: [Metric] = [.cosine, .dot, .euclidean]
    static let seed: UInt64 = 0x15A5_0001

    static func segment(
        _ fixture: ListFixture, _ options: LSHOptions = LSHOptions(), in directory: SegmentDirectory
    ) throws -> LSHSegment {
        let file = try directory.file(
            LSHSegment.kind, fixture.metric, dimension: fixture.vectors.dimension, count: fixture.rows.count
        ) { writer throws(VexFSError) in
            try LSHSegment.build(
                rows: fixture.rows, vectors: fixture.vectors.rows, metric: fixture.metric, options: options, threads: 2,
                writer: writer, isCancelled: { false })
        }
        return try LSHSegment(opening: file, vectors: fixture.vectors.rows)
    }

    @Test(arguments: metrics, [1, 3, 33]) func findsMostAndMoreWithMoreProbes(metric: Metric, dimension: Int) throws {
        var generator = SeededGenerator(seed: Self.seed)
        let fixture = ListFixture(count: 6000, dimension: dimension, metric: metric, gaps: true, using: &generator)
        let directory = SegmentDirectory()
        let segment = try Self.segment(fixture, in: directory)
        #expect(segment.rows == fixture.rows)
        var queries = generator
        let usual = try ListSegmentTests.recall(segment, fixture, ef: 64, using: &queries)
        queries = generator
        let wide = try ListSegmentTests.recall(segment, fixture, ef: 512, using: &queries)
        let place = "seed \(Self.seed) \(metric) \(dimension) \(usual) \(wide)"
        #expect(wide >= usual, "\(place)")
        // Directions say little of products in few dimensions.
        #expect(wide >= (metric == .dot ? 0.6 : 0.95), "\(place)")
        #expect(usual >= (metric == .dot ? 0.3 : 0.8), "\(place)")
    }

    @Test(arguments: metrics) func filtersAndFewRows(metric: Metric) throws {
        var generator = SeededGenerator(seed: Self.seed)
        for count in [0, 1, 2, 33, 7000] {
            let fixture = ListFixture(count: count, dimension: 9, metric: metric, gaps: true, using: &generator)
            let directory = SegmentDirectory()
            let segment = try Self.segment(fixture, LSHOptions(tables: 8, bits: 6), in: directory)
            for share in [0, 0.01, 0.9] {
                var bitmap = RowBitmap()
                for row in 0..<11_000 where Double.random(in: 0..<1, using: &generator) < share {
                    bitmap.insert(Row(row))
                }
                let recall = try ListSegmentTests.recall(segment, fixture, filter: { _ in bitmap }, using: &generator)
                #expect(recall >= (share < 0.5 || count < 100 ? 1 : 0.3), "seed \(Self.seed) \(count) \(share)")
            }
        }
    }

    @Test(arguments: metrics) func probesAreDifferentAndInOrder(metric: Metric) {
        var generator = SeededGenerator(seed: Self.seed)
        let functions = LSHFunctions(dimension: 6, tables: 3, bits: 5, width: metric == .euclidean ? 0.7 : nil)
        let projections = (0..<functions.perTable).map { _ in Float.random(in: -3...3, using: &generator) }
        projections.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            var probes = LSHProbes(functions, table: 1, projections: base)
            var buckets = [probes.home]
            while let bucket = probes.next() { buckets.append(bucket) }
            if metric == .euclidean {
                // Three ways for each projection, and cells of two may share a bucket.
                #expect(buckets.count == 27)
            } else {
                #expect(buckets.sorted() == Array(0..<32))
                let least = (0..<5).min { abs(projections[$0]) < abs(projections[$1]) } ?? 0
                #expect(buckets[1] == buckets[0] ^ 1 << UInt32(least))
            }
            #expect(buckets.allSatisfy { $0 < 32 })
        }
    }
}
