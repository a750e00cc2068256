import Testing

@testable import VexFS

@Suite struct RowBitmapRunsTests {
    @Test func runsCoverExactlyTheRowsOfTheRange() {
        let seed: UInt64 = 0xB17_0002
        var generator = SeededGenerator(seed: seed)
        for round in 0..<40 {
            let plain = PlainBits.random(containers: 3, using: &generator)
            let bitmap = RowBitmap(plain)
            let start = Int.random(in: 0...200_000, using: &generator)
            let range = start..<start + Int.random(in: 0...80_000, using: &generator)
            var runs: [Range<Int>] = []
            bitmap.forEachRun(in: range) { runs.append($0) }
            let expected = range.filter(plain.contains)
            #expect(Array(runs.joined()) == expected, "seed \(seed) round \(round)")
            #expect(bitmap.count(in: range) == expected.count)
            for (left, right) in zip(runs, runs.dropFirst()) {
                #expect(left.upperBound < right.lowerBound, "runs are maximal")
            }
        }
    }

    @Test func runsGoOnInTheNextContainer() {
        var runs: [Range<Int>] = []
        RowBitmap(rowsBelow: 200_000).forEachRun(in: 5..<1_000_000) { runs.append($0) }
        #expect(runs == [5..<200_000])
    }

    @Test func ranksAndPrefixes() {
        let seed: UInt64 = 0xB17_0005
        var generator = SeededGenerator(seed: seed)
        for round in 0..<20 {
            let plain = PlainBits.random(containers: 2, using: &generator)
            let bitmap = RowBitmap(plain)
            let rows = bitmap.rows
            #expect(bitmap.first == rows.first && bitmap.last == rows.last)
            for _ in 0..<20 where !rows.isEmpty {
                let index = Int.random(in: 0..<rows.count, using: &generator)
                #expect(bitmap.row(at: index) == rows[index], "seed \(seed) round \(round)")
                #expect(bitmap.rank(of: rows[index]) == index)
            }
            let limit = Int.random(in: 0...rows.count + 5, using: &generator)
            #expect(bitmap.prefix(limit).rows == Array(rows.prefix(limit)))
        }
    }
}
