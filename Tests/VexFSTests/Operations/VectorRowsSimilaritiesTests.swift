import Testing

@testable import VexFS

struct VectorRowsSimilaritiesTests {
    // Nobody writes to it once it is made.
    private final class Memory: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        init(_ floats: [Float]) {
            base = UnsafeMutableRawPointer.allocate(byteCount: max(4, floats.count * 4), alignment: 16)
            base.copyMemory(from: floats, byteCount: floats.count * 4)
        }
        deinit { base.deallocate() }
    }

    @Test(arguments: Metric.allCases) func similaritiesFollowTheDefinitions(metric: Metric) {
        var generator = SeededGenerator(seed: 3)
        let dimension = 19
        func vector() -> [Float] {
            (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) }.normalized()
        }
        let vectors = (0..<40).map { _ in vector() }
        let memory = Memory(Array(vectors.joined()))
        // Rows 10…19 are in no chunk.
        let chunks = [(0, 10), (20, 12), (32, 8)].map { first, count in
            VectorChunk(base: UnsafeRawPointer(memory.base + first * dimension * 4), firstRow: Row(first), count: count)
        }
        let rows = VectorRows(chunks: chunks, strideBytes: dimension * 4, dimension: dimension, owner: memory)
        let plain = MemoryPoints(
            metric: metric, points: vectors.map { MemoryPoints.Point(id: .integer(0), vector: $0, payload: .null) })
        let queries = [vector(), vector(), vector()]
        let wanted: [Row] = [35, 3, 4, 21, 39, 0, 21, 15, 31, 32]
        let found = rows.similarities(of: wanted, to: queries, metric)
        for (place, row) in wanted.enumerated() {
            for (query, vector) in queries.enumerated() {
                let own = found[place * queries.count + query]
                if row == 15 {
                    #expect(own == -.infinity)
                } else {
                    #expect(abs(Double(own) - plain.similarity(vector, vectors[Int(row)])) < 1e-5)
                }
            }
        }
        #expect(rows.similarities(of: [], to: queries, metric).isEmpty)
        #expect(VectorRows.none(dimension: 2).similarities(of: [1], to: [[1, 2]], metric) == [-.infinity])
    }
}
