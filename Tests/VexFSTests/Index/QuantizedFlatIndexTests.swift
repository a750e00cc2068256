import Testing

@testable import VexFS

@Suite struct QuantizedFlatIndexTests {
    enum Shape: String, CaseIterable { case clustered, uniform, fewValues, differentLengths }

    /// A vector of the wanted kind; clustered ones lie close around one of eight centres.
    static func vector(_ shape: Shape, dimension: Int, using generator: inout SeededGenerator) -> [Float] {
        switch shape {
        case .clustered:
            var centre = SeededGenerator(seed: UInt64.random(in: 0..<8, using: &generator))
            return (0..<dimension).map { _ in
                Float.random(in: -1...1, using: &centre) + Float.random(in: -0.05...0.05, using: &generator)
            }
        case .uniform: return (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) }
        case .fewValues: return (0..<dimension).map { _ in Float(Int.random(in: -1...1, using: &generator)) }
        case .differentLengths:
            let length = Float.random(in: -12...12, using: &generator)
            return (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) * length * length * length }
        }
    }

    @Test(arguments: Shape.allCases, Metric.allCases) func equalsTheExactIndexBitForBit(shape: Shape, metric: Metric)
        throws
    {
        let seed: UInt64 = 0x1B_0001
        var generator = SeededGenerator(seed: seed)
        for dimension in [1, 8, 65] {
            let rowCount = 3000
            let fixture = VectorFixture(
                rowCount: rowCount, dimension: dimension, metric: metric,
                chunkRanges: FlatIndexTests.randomRanges(rowCount, using: &generator)
            ) { _ in Self.vector(shape, dimension: dimension, using: &generator) }
            let flat = FlatIndex(rows: fixture.rows, metric: metric)
            let coded = VectorCodes(dimension: dimension).index(over: fixture.rows, metric: metric)
            for density in [0.1, 0.9, 1] {
                let allowed = FlatIndexTests.randomBitmap(rowCount + 100, density: density, using: &generator)
                for limit in [1, 10, 80] {
                    let query = Self.vector(shape, dimension: dimension, using: &generator)
                    let expected = try flat.search(query, IndexQuery(limit: limit), allowed: allowed)
                    let answer = try coded.search(query, IndexQuery(limit: limit), allowed: allowed)
                    let place = "seed \(seed) dimension \(dimension) density \(density) limit \(limit)"
                    #expect(answer.neighbors == expected.neighbors, "\(place)")
                    #expect(answer.compared == expected.compared, "\(place)")
                }
            }
        }
    }

    @Test func codesGrowWithTheRows() throws {
        var generator = SeededGenerator(seed: 0x1B_0002)
        let codes = VectorCodes(dimension: 16)
        let all = RowBitmap(rowsBelow: 5000)
        let query = Self.vector(.uniform, dimension: 16, using: &generator)
        var earlier: (index: any VectorIndex, neighbors: [Neighbor])?
        for end in [0, 1, 900, 1024, 1025, 4000] {
            var contents = SeededGenerator(seed: 7)
            let fixture = VectorFixture(
                rowCount: end, dimension: 16, metric: .dot, chunkRanges: end == 0 ? [] : [0..<end]
            ) {
                _ in Self.vector(.uniform, dimension: 16, using: &contents)
            }
            let index = codes.index(over: fixture.rows, metric: .dot)
            let expected = try FlatIndex(rows: fixture.rows, metric: .dot).search(
                query, IndexQuery(limit: 5), allowed: all)
            #expect(try index.search(query, IndexQuery(limit: 5), allowed: all).neighbors == expected.neighbors)
            // An index made before the codes grew still answers as it did.
            if let earlier {
                let again = try earlier.index.search(query, IndexQuery(limit: 5), allowed: all)
                #expect(again.neighbors == earlier.neighbors)
            }
            earlier = (index, expected.neighbors)
        }
    }

    @Test func onlyBlocksOfWantedRowsHaveCodes() throws {
        let seed: UInt64 = 0x1B_0003
        var generator = SeededGenerator(seed: seed)
        let ranges = [0..<4100, 4100..<9000]
        let fixture = VectorFixture(rowCount: 9000, dimension: 16, metric: .dot, chunkRanges: ranges) { _ in
            Self.vector(.clustered, dimension: 16, using: &generator)
        }
        let codes = VectorCodes(dimension: 16)
        let flat = FlatIndex(rows: fixture.rows, metric: .dot)
        let block = CodeBlock.rowCount * (32 + MemoryLayout<CodeFacts>.stride)
        for (wanted, blocks) in [
            ([Row(0)..<9000], 10), ([Row(1024)..<1025], 1), ([Row(4000)..<4101, Row(8999)..<9000], 4),
            ([], 0), ([Row(0)..<9000], 10),
        ] {
            let index = codes.index(over: fixture.rows, wanted: wanted, metric: .dot)
            #expect(codes.allocatedBytes == blocks * block, "wanted \(wanted)")
            // Rows that were not wanted are found too.
            let allowed = FlatIndexTests.randomBitmap(9000, density: 0.5, using: &generator)
            let query = Self.vector(.clustered, dimension: 16, using: &generator)
            let expected = try flat.search(query, IndexQuery(limit: 10), allowed: allowed)
            let found = try index.search(query, IndexQuery(limit: 10), allowed: allowed)
            #expect(found.neighbors == expected.neighbors, "wanted \(wanted) seed \(seed)")
        }
    }

    @Test func oddRowsDoNotSpoilTheBounds() throws {
        let special: [[Float]] = [
            [0, 0], [.nan, 1], [.leastNonzeroMagnitude, 0], [1e30, -1e30], [1e-30, 1e-30], [-0.0, 5], [.infinity, 0],
        ]
        let fixture = VectorFixture(rowCount: 2000, dimension: 2, metric: .dot, chunkRanges: [0..<2000]) {
            $0 % 100 < special.count ? special[$0 % 100] : [Float($0), 1]
        }
        let allowed = RowBitmap(rowsBelow: 2000)
        for metric in [Metric.dot, .euclidean] {
            let flat = FlatIndex(rows: fixture.rows, metric: metric)
            let coded = VectorCodes(dimension: 2).index(over: fixture.rows, metric: metric)
            for query in [[1, 1], [0, 0], [-1, 3], [1e20, 1]] as [[Float]] {
                let expected = try flat.search(query, IndexQuery(limit: 50), allowed: allowed)
                let answer = try coded.search(query, IndexQuery(limit: 50), allowed: allowed)
                #expect(answer.neighbors == expected.neighbors, "\(metric) \(query)")
            }
        }
    }

    @Test func anotherDimensionIsRefused() {
        let fixture = VectorFixture(rowCount: 100, dimension: 2, metric: .dot, chunkRanges: [0..<100]) { _ in [1, 1] }
        let index = VectorCodes(dimension: 2).index(over: fixture.rows, metric: .dot)
        #expect(throws: VexFSError.self) {
            try index.search([1], IndexQuery(limit: 1), allowed: RowBitmap(rowsBelow: 100))
        }
    }
}
