import CVexKernels
import Testing

@testable import VexFS

/// Vectors in memory for tests, cut into chunks of random sizes with gaps between them.
final class VectorFixture: Sendable {
    let dimension: Int
    let strideFloats: Int
    /// `[rowCount × strideFloats]`; rows in gaps exist here but belong to no chunk.
    nonisolated(unsafe) let memory: UnsafeMutablePointer<Float>
    let rowCount: Int
    let chunkRanges: [Range<Int>]

    init(
        rowCount: Int, dimension: Int, metric: Metric, chunkRanges: [Range<Int>],
        fill: (_ row: Int) -> [Float]
    ) {
        self.dimension = dimension
        self.rowCount = rowCount
        self.chunkRanges = chunkRanges
        strideFloats = dimension + 3
        memory = .allocate(capacity: max(1, rowCount * strideFloats))
        memory.initialize(repeating: .nan, count: max(1, rowCount * strideFloats))
        for row in 0..<rowCount {
            let vector = metric == .cosine ? fill(row).normalized() : fill(row)
            for (index, value) in vector.enumerated() { memory[row * strideFloats + index] = value }
        }
    }

    deinit { memory.deallocate() }

    var rows: VectorRows {
        let chunks = chunkRanges.map {
            VectorChunk(
                base: UnsafeRawPointer(memory + $0.lowerBound * strideFloats), firstRow: Row($0.lowerBound),
                count: $0.count)
        }
        return VectorRows(chunks: chunks, strideBytes: strideFloats * 4, dimension: dimension, owner: self)
    }

    /// Every allowed row in a chunk, scored one by one and sorted.
    func bruteForce(_ query: [Float], limit: Int, allowed: RowBitmap, metric: Metric) -> [Neighbor] {
        let prepared = metric == .cosine ? query.normalized() : query
        var all: [Neighbor] = []
        for row in chunkRanges.joined() where allowed.contains(Row(row)) {
            var score = vexfs_distance_f32(metric.measure, prepared, memory + row * strideFloats, dimension)
            if metric == .euclidean { score = score.squareRoot() }
            all.append(Neighbor(row: Row(row), score: score))
        }
        all.sort {
            if $0.score == $1.score { return $0.row < $1.row }
            return metric.higherIsNearer ? $0.score > $1.score : $0.score < $1.score
        }
        return Array(all.prefix(limit))
    }
}

@Suite struct FlatIndexTests {
    static func randomRanges(_ rowCount: Int, using generator: inout SeededGenerator) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = Int.random(in: 0...3, using: &generator)
        while start < rowCount {
            let end = min(rowCount, start + Int.random(in: 1...400, using: &generator))
            ranges.append(start..<end)
            start = end + (Bool.random(using: &generator) ? 0 : Int.random(in: 1...70, using: &generator))
        }
        return ranges
    }

    static func randomBitmap(_ rowCount: Int, density: Double, using generator: inout SeededGenerator) -> RowBitmap {
        var bitmap = RowBitmap()
        for row in 0..<rowCount where Double.random(in: 0..<1, using: &generator) < density {
            bitmap.insert(Row(row))
        }
        return bitmap
    }

    @Test(arguments: Metric.allCases) func equalsBruteForce(metric: Metric) throws {
        let seed: UInt64 = 0xF1A7_0001
        var generator = SeededGenerator(seed: seed)
        for dimension in [1, 3, 16, 50] {
            let rowCount = 1500
            // Components from a handful of values: many equal scores.
            let fixture = VectorFixture(
                rowCount: rowCount, dimension: dimension, metric: metric,
                chunkRanges: Self.randomRanges(rowCount, using: &generator)
            ) { _ in (0..<dimension).map { _ in Float(Int.random(in: -2...2, using: &generator)) } }
            let index = FlatIndex(rows: fixture.rows, metric: metric)
            for density in [0, 0.002, 0.3, 0.97, 1] {
                let allowed = Self.randomBitmap(rowCount + 200, density: density, using: &generator)
                for limit in [0, 1, 10, 100, 5000] {
                    let query = (0..<dimension).map { _ in Float.random(in: -2...2, using: &generator) }
                    let answer = try index.search(query, IndexQuery(limit: limit), allowed: allowed)
                    let expected = fixture.bruteForce(query, limit: limit, allowed: allowed, metric: metric)
                    #expect(
                        answer.neighbors == expected,
                        "seed \(seed) dimension \(dimension) density \(density) limit \(limit)")
                    if limit > 0 {
                        let inScope = fixture.chunkRanges.joined().count { allowed.contains(Row($0)) }
                        #expect(answer.compared == inScope)
                    }
                }
            }
        }
    }

    @Test func equalScoresComeByAscendingRow() throws {
        let fixture = VectorFixture(
            rowCount: 600, dimension: 4, metric: .cosine, chunkRanges: [0..<250, 250..<600]
        ) { _ in [1, 2, 3, 4] }
        let index = FlatIndex(rows: fixture.rows, metric: .cosine)
        let answer = try index.search([1, 2, 3, 4], IndexQuery(limit: 300), allowed: RowBitmap(rowsBelow: 600))
        #expect(answer.neighbors.map(\.row) == Array(0..<300))
    }

    @Test func cosineIgnoresTheQuerysLength() throws {
        let fixture = VectorFixture(rowCount: 2, dimension: 2, metric: .cosine, chunkRanges: [0..<2]) {
            $0 == 0 ? [3, 4] : [4, 3]
        }
        let index = FlatIndex(rows: fixture.rows, metric: .cosine)
        let answer = try index.search([300, 400], IndexQuery(limit: 1), allowed: RowBitmap(rowsBelow: 2))
        let best = try #require(answer.neighbors.first)
        #expect(best.row == 0)
        #expect(abs(best.score - 1) < 1e-6)
    }

    @Test func euclideanScoresAreNotSquared() throws {
        let fixture = VectorFixture(rowCount: 1, dimension: 2, metric: .euclidean, chunkRanges: [0..<1]) { _ in [3, 4] }
        let index = FlatIndex(rows: fixture.rows, metric: .euclidean)
        let answer = try index.search([0, 0], IndexQuery(limit: 1), allowed: RowBitmap(rowsBelow: 1))
        #expect(answer.neighbors == [Neighbor(row: 0, score: 5)])
    }

    @Test func nothingAllowedAndNothingStoredAreEmptyAnswers() throws {
        let fixture = VectorFixture(rowCount: 10, dimension: 2, metric: .dot, chunkRanges: [0..<10]) { _ in [1, 1] }
        let index = FlatIndex(rows: fixture.rows, metric: .dot)
        #expect(try index.search([1, 1], IndexQuery(limit: 5), allowed: RowBitmap()).neighbors.isEmpty)
        let empty = VectorFixture(rowCount: 0, dimension: 2, metric: .dot, chunkRanges: []) { _ in [] }
        let none = FlatIndex(rows: empty.rows, metric: .dot)
        #expect(try none.search([1, 1], IndexQuery(limit: 5), allowed: RowBitmap(rowsBelow: 9)).neighbors.isEmpty)
    }

    @Test func anotherDimensionIsRefused() {
        let fixture = VectorFixture(rowCount: 1, dimension: 3, metric: .dot, chunkRanges: [0..<1]) { _ in [1, 1, 1] }
        let index = FlatIndex(rows: fixture.rows, metric: .dot)
        let error = #expect(throws: VexFSError.self) {
            try index.search([1, 2], IndexQuery(limit: 1), allowed: RowBitmap(rowsBelow: 1))
        }
        #expect(error?.code == .dimensionMismatch)
        #expect(error?.message.contains("2 components") == true)
    }

    @Test func aVectorThatIsNotANumberIsNeverANeighbour() throws {
        let fixture = VectorFixture(rowCount: 3, dimension: 1, metric: .dot, chunkRanges: [0..<3]) {
            $0 == 1 ? [.nan] : [Float($0)]
        }
        let index = FlatIndex(rows: fixture.rows, metric: .dot)
        let answer = try index.search([1], IndexQuery(limit: 3), allowed: RowBitmap(rowsBelow: 3))
        #expect(answer.neighbors.map(\.row) == [2, 0])
    }
}
