import Testing

@testable import VexFS

@Suite struct ListSegmentTests {
    static let metrics: [Metric] = [.cosine, .dot, .euclidean]
    static let seed: UInt64 = 0x1157_0001

    static func segment(
        _ fixture: ListFixture, _ options: ListOptions = ListOptions(), threads: Int = 2, in directory: SegmentDirectory
    ) throws -> ListSegment {
        let file = try directory.file(
            ListSegment.kind, fixture.metric, dimension: fixture.vectors.dimension, count: fixture.rows.count
        ) { writer throws(VexFSError) in
            try ListSegment.build(
                rows: fixture.rows, vectors: fixture.vectors.rows, metric: fixture.metric, options: options,
                threads: threads, writer: writer, isCancelled: { false })
        }
        return try ListSegment(opening: file, vectors: fixture.vectors.rows)
    }

    /// The share of exact neighbours found over some queries; every answer must be sound.
    static func recall(
        _ segment: some IndexSegment, _ fixture: ListFixture, limit: Int = 10, ef: Int = 64,
        queries: Int = 30, filter: (SegmentQuery) -> RowBitmap? = { _ in nil }, using generator: inout SeededGenerator
    ) throws -> Double {
        var found = 0
        var wanted = 0
        for _ in 0..<queries {
            let query = fixture.query(limit: limit, ef: ef, using: &generator)
            let bitmap = filter(query)
            let answer = try segment.search(query, filter: bitmap.map(fixture.filter))
            #expect(faults(of: answer, query, fixture, bitmap) == [])
            let exact = try fixture.exact(query, bitmap)
            found += ListFixture.hits(answer.neighbors, exact, fixture.metric)
            wanted += exact.count
            if answer.isExact { #expect(answer.neighbors == exact) }
        }
        return wanted == 0 ? 1 : Double(found) / Double(wanted)
    }

    @Test(arguments: metrics, [1, 3, 7, 64, 129]) func findsTheNearest(metric: Metric, dimension: Int) throws {
        var generator = SeededGenerator(seed: Self.seed + UInt64(dimension))
        for codes in [ListOptions.Codes.binary, .product(bytes: max(1, dimension / 4))] {
            let fixture = ListFixture(
                count: 6000, dimension: dimension, metric: metric, gaps: dimension == 7, using: &generator)
            let directory = SegmentDirectory()
            let segment = try Self.segment(fixture, ListOptions(codes: codes, lists: 60), in: directory)
            #expect(segment.rows == fixture.rows)
            let recall = try Self.recall(segment, fixture, using: &generator)
            let wide = try Self.recall(segment, fixture, ef: 512, using: &generator)
            let place = "seed \(Self.seed) \(metric) \(dimension) \(codes)"
            #expect(recall >= (dimension < 4 ? 0.9 : 0.95), "\(place)")
            #expect(wide >= (dimension < 4 ? 0.97 : 0.99), "\(place)")
        }
    }

    @Test(arguments: metrics) func holdsFewRows(metric: Metric) throws {
        var generator = SeededGenerator(seed: Self.seed)
        for count in [0, 1, 2, 31, 32, 33, 100] {
            let fixture = ListFixture(count: count, dimension: 5, metric: metric, gaps: true, using: &generator)
            let directory = SegmentDirectory()
            let segment = try Self.segment(fixture, ListOptions(lists: 3), in: directory)
            for limit in [0, 1, 10, 200] {
                let query = fixture.query(limit: limit, ef: 1, using: &generator)
                let answer = segment.search(query, filter: nil)
                #expect(faults(of: answer, query, fixture, nil) == [], "\(count) rows, limit \(limit)")
                let isExact = answer.neighbors == (try fixture.exact(query, nil))
                #expect(isExact, "\(count) rows, limit \(limit)")
            }
        }
    }

    @Test(arguments: metrics) func manyEqualRows(metric: Metric) throws {
        var generator = SeededGenerator(seed: Self.seed)
        let vectors = VectorFixture(rowCount: 3000, dimension: 8, metric: metric, chunkRanges: [0..<3000]) { row in
            [Float](repeating: row < 2900 ? 1 : Float(row - 2900), count: 8)
        }
        let fixture = ListFixture(count: 0, dimension: 8, metric: metric, using: &generator)
        let directory = SegmentDirectory()
        let rows = SegmentRows((0..<3000).map { Row($0) })
        let file = try directory.file(ListSegment.kind, metric, dimension: 8, count: 3000) {
            writer throws(VexFSError) in
            try ListSegment.build(
                rows: rows, vectors: vectors.rows, metric: metric, options: ListOptions(), threads: 2, writer: writer,
                isCancelled: { false })
        }
        let segment = try ListSegment(opening: file, vectors: vectors.rows)
        let query = fixture.query(limit: 700, ef: 64, using: &generator)
        let answer = segment.search(query, filter: nil)
        #expect(answer.neighbors.count == 700)
        #expect(Set(answer.neighbors.map(\.row)).count == 700)
    }

    @Test(arguments: metrics, [0.5, 0.1, 0.01, 0.001]) func filters(metric: Metric, share: Double) throws {
        var generator = SeededGenerator(seed: Self.seed)
        let fixture = ListFixture(count: 8000, dimension: 24, metric: metric, gaps: true, using: &generator)
        let directory = SegmentDirectory()
        let segment = try Self.segment(fixture, ListOptions(lists: 70), in: directory)
        var random = RowBitmap()
        for row in 0..<12000 where Double.random(in: 0..<1, using: &generator) < share { random.insert(Row(row)) }
        let total = fixture.rows.count
        /// The rows nearest to a query, or those farthest from it.
        func sorted(_ query: SegmentQuery) throws -> [Row] {
            var all = query
            all.limit = total
            return try fixture.exact(all, nil).map(\.row)
        }
        func bitmap(_ rows: some Sequence<Row>) -> RowBitmap {
            var bitmap = RowBitmap()
            for row in rows { bitmap.insert(row) }
            return bitmap
        }
        let passing = max(1, Int(Double(total) * share))
        let centre = try sorted(fixture.query(limit: 1, ef: 1, using: &generator))
        let near = bitmap(centre.prefix(passing))
        let place = "seed \(Self.seed) \(metric) \(share)"
        let atRandom = try Self.recall(segment, fixture, queries: 12, filter: { _ in random }, using: &generator)
        #expect(atRandom >= 0.95, "\(place) random")
        let correlated = try Self.recall(segment, fixture, queries: 12, filter: { _ in near }, using: &generator)
        #expect(correlated >= 0.95, "\(place) correlated")
        let far = try Self.recall(
            segment, fixture, queries: 8, filter: { query in (try? sorted(query)).map { bitmap($0.suffix(passing)) } },
            using: &generator)
        #expect(far >= 0.95, "\(place) anti-correlated")
        let one = bitmap([fixture.rows[77]])
        let single = try Self.recall(segment, fixture, queries: 2, filter: { _ in one }, using: &generator)
        #expect(single == 1)
        let query = fixture.query(limit: 10, ef: 64, using: &generator)
        #expect(segment.search(query, filter: fixture.filter(bitmap([1, 4, 99_999]))).neighbors.isEmpty)
    }

    @Test func threadsDoNotChangeTheFile() throws {
        var generator = SeededGenerator(seed: Self.seed)
        let fixture = ListFixture(count: 9000, dimension: 17, metric: .euclidean, using: &generator)
        let first = SegmentDirectory()
        let second = SegmentDirectory()
        let one = try Self.segment(fixture, threads: 1, in: first)
        let two = try Self.segment(fixture, threads: 2, in: second)
        for name in ["centres", "codes", "factors", "ids"] {
            let isEqual = try Array(one.file.bytes(name)) == Array(two.file.bytes(name))
            #expect(isEqual, "\(name)")
        }
    }

    @Test func refusesWhatIsNotItsOwn() throws {
        var generator = SeededGenerator(seed: Self.seed)
        let fixture = ListFixture(count: 40, dimension: 4, metric: .dot, using: &generator)
        let other = ListFixture(count: 40, dimension: 6, metric: .dot, using: &generator)
        let directory = SegmentDirectory()
        let file = try Self.segment(fixture, in: directory).file
        #expect(throws: VexFSError.self) { try ListSegment(opening: file, vectors: other.vectors.rows) }
        let strange = try directory.file("graph", .dot, dimension: 4, count: 40) { _ throws(VexFSError) in }
        #expect(throws: VexFSError.self) { try ListSegment(opening: strange, vectors: fixture.vectors.rows) }
        #expect(throws: VexFSError.self) {
            try directory.file(ListSegment.kind, .dot, dimension: 4, count: 40) { writer throws(VexFSError) in
                try ListSegment.build(
                    rows: fixture.rows, vectors: fixture.vectors.rows, metric: .dot, options: ListOptions(),
                    threads: 1, writer: writer, isCancelled: { true })
            }
        }
    }
}
