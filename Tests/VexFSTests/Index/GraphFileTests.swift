import Glibc
import Testing

@testable import VexFS

@Suite struct GraphFileTests {
    /// A path of its own in the system's temporary directory.
    private static func path(_ name: String) -> String { "/tmp/vexfs-graph-\(getpid())-\(name)" }

    private static func write(_ segment: any IndexSegment, kind: String, to path: String, metric: Metric) throws {
        let graph = try #require(GraphFixture.graph(segment))
        let header = SegmentHeader(kind: kind, metric: metric, dimension: graph.points.dimension, count: graph.count)
        let writer = try SegmentWriter(path: path, header: header)
        try (segment as? GraphSegment)?.write(to: writer)
        try (segment as? HNSWSegment)?.write(to: writer)
        try writer.finish()
    }

    private static func open(
        _ kind: GraphFixture.Kind, _ file: SegmentFile, _ vectors: VectorRows, _ metric: Metric
    ) throws -> any IndexSegment {
        switch kind {
        case .bulk: try GraphSegment.open(file, vectors: vectors, metric: metric)
        case .incremental: try HNSWSegment.open(file, vectors: vectors, metric: metric)
        }
    }

    private static func name(_ kind: GraphFixture.Kind) -> String {
        kind == .bulk ? GraphSegment.kind : HNSWSegment.kind
    }

    @Test(arguments: GraphFixture.Kind.allCases, GraphSegmentTests.metrics) func answersAreTheSameFromTheFile(
        kind: GraphFixture.Kind, metric: Metric
    ) throws {
        var generator = SeededGenerator(seed: 0x6B_0001)
        let fixture = GraphFixture.vectors(2000, 19, metric: metric, seed: 0x6B_0001)
        let some: [Row] = (5..<2000).filter { $0 % 3 != 0 }.map { Row($0) }
        let sets: [[Row]] = [Array(0..<2000), some, [7], []]
        for rows in sets {
            let built = try GraphFixture.segment(kind, SegmentRows(rows), fixture, metric)
            let path = Self.path("same-\(kind)-\(metric)-\(rows.count)")
            defer { unlink(path) }
            try Self.write(built, kind: Self.name(kind), to: path, metric: metric)
            let opened = try Self.open(kind, SegmentFile(opening: path), fixture.rows, metric)
            #expect(opened.rows == built.rows)
            #expect(opened.mappedBytes > 0)
            var allowed = RowBitmap()
            for row in rows where row % 2 == 0 { allowed.insert(row) }
            let filter = SegmentFilter(rows: allowed, passing: allowed.count)
            for query in GraphFixture.queries(10, like: fixture, using: &generator) {
                let query = SegmentQuery(
                    vector: metric == .cosine ? query.normalized() : query, limit: 10, ef: 40)
                #expect(try opened.search(query, filter: nil).neighbors == built.search(query, filter: nil).neighbors)
                let expected = try built.search(query, filter: filter).neighbors
                #expect(try opened.search(query, filter: filter).neighbors == expected)
            }
        }
    }

    @Test func otherFilesAreRefused() throws {
        let fixture = GraphFixture.vectors(300, 12, metric: .cosine, seed: 0x6B_0002)
        let built = try GraphFixture.segment(.bulk, SegmentRows((0..<300).map { $0 }), fixture, .cosine)
        let path = Self.path("other")
        defer { unlink(path) }
        try Self.write(built, kind: GraphSegment.kind, to: path, metric: .cosine)
        let file = try SegmentFile(opening: path)
        #expect(throws: VexFSError.self) { try HNSWSegment.open(file, vectors: fixture.rows, metric: .cosine) }
        #expect(throws: VexFSError.self) { try GraphSegment.open(file, vectors: fixture.rows, metric: .dot) }
        let wider = GraphFixture.vectors(300, 13, metric: .cosine, seed: 1)
        #expect(throws: VexFSError.self) { try GraphSegment.open(file, vectors: wider.rows, metric: .cosine) }
    }

    @Test func aDamagedByteIsFound() throws {
        let seed: UInt64 = 0x6B_0003
        var generator = SeededGenerator(seed: seed)
        let fixture = GraphFixture.vectors(400, 12, metric: .cosine, seed: seed)
        let built = try GraphFixture.segment(.bulk, SegmentRows((0..<400).map { $0 }), fixture, .cosine)
        let path = Self.path("damaged")
        defer { unlink(path) }
        try Self.write(built, kind: GraphSegment.kind, to: path, metric: .cosine)
        let bytes = try SystemCall.readAll(path)
        for _ in 0..<20 {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            let descriptor = try SystemCall.open(path, O_RDWR)
            var byte = bytes[at] ^ 0x10
            pwrite(descriptor, &byte, 1, at)
            #expect(throws: VexFSError.self, "seed \(seed) byte \(at)") { try SegmentFile(opening: path) }
            byte = bytes[at]
            pwrite(descriptor, &byte, 1, at)
            close(descriptor)
        }
        _ = try GraphSegment.open(SegmentFile(opening: path), vectors: fixture.rows, metric: .cosine)
    }
}
