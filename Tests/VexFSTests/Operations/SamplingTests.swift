import Testing

@testable import VexFS

struct SamplingTests {
    @Test(arguments: 0..<20) func samplesAreDistinctRowsOfTheSet(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let rows = RowBitmap((0..<200).map { _ in Row.random(in: 0..<100_000, using: &generator) })
        let count = Int.random(in: 0...250, using: &generator)
        let sample = Sampling.rows(count, of: rows, using: &generator)
        #expect(sample.count == min(count, rows.count) && Set(sample).count == sample.count, "seed \(seed)")
        #expect(sample.allSatisfy(rows.contains), "seed \(seed)")
    }

    @Test func everyRowIsAsLikelyInEveryPlace() {
        var generator = SeededGenerator(seed: 7)
        var counts: [Row: [Int]] = [:]
        for _ in 0..<6000 {
            for (place, row) in Sampling.rows(2, of: RowBitmap([3, 5, 9]), using: &generator).enumerated() {
                counts[row, default: [0, 0]][place] += 1
            }
        }
        // 2000 are expected; five standard deviations are 183.
        #expect(counts.count == 3 && counts.values.joined().allSatisfy { abs($0 - 2000) < 183 }, "\(counts)")
    }

    @Test func noSampleIsSmallerThanNone() {
        var generator = SeededGenerator(seed: 1)
        #expect(Sampling.rows(-1, of: RowBitmap([3]), using: &generator).isEmpty)
        #expect(Sampling.rows(.min, of: RowBitmap([3]), using: &generator).isEmpty)
        #expect(Sampling.rows(.max, of: RowBitmap([3]), using: &generator) == [3])
        #expect(Sampling.rows(5, of: RowBitmap(), using: &generator).isEmpty)
    }
}
