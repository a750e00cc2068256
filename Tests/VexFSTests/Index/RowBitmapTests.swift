import Testing

@testable import VexFS

@Suite struct RowBitmapTests {
    @Test func operationsEqualThoseOfASet() {
        let seed: UInt64 = 0xB17_0001
        var generator = SeededGenerator(seed: seed)
        for round in 0..<200 {
            var bitmap = RowBitmap()
            var set = Set<Row>()
            var other = RowBitmap()
            var otherSet = Set<Row>()
            for _ in 0..<60 {
                let row = Row.random(in: 0..<200, using: &generator)
                if Bool.random(using: &generator) {
                    bitmap.insert(row)
                    set.insert(row)
                } else {
                    bitmap.remove(row)
                    set.remove(row)
                }
                let second = Row.random(in: 0..<400, using: &generator)
                other.insert(second)
                otherSet.insert(second)
            }
            #expect(bitmap.intersects(other) == !set.isDisjoint(with: otherSet), "seed \(seed) round \(round)")
            switch round % 3 {
            case 0:
                bitmap.formIntersection(other)
                set.formIntersection(otherSet)
            case 1:
                bitmap.formUnion(other)
                set.formUnion(otherSet)
            default:
                bitmap.subtract(other)
                set.subtract(otherSet)
            }
            var rows: [Row] = []
            bitmap.forEach { rows.append($0) }
            #expect(rows == set.sorted(), "seed \(seed) round \(round)")
            #expect(bitmap.count == set.count)
            #expect(bitmap.isEmpty == set.isEmpty)
            #expect(RowBitmap(words: bitmap.words) == bitmap)
        }
    }

    @Test func runsCoverExactlyTheRowsOfTheRange() {
        let seed: UInt64 = 0xB17_0002
        var generator = SeededGenerator(seed: seed)
        for round in 0..<300 {
            var bitmap = RowBitmap()
            let density = [0.01, 0.5, 0.99][round % 3]
            for row in 0..<300 where Double.random(in: 0..<1, using: &generator) < density { bitmap.insert(Row(row)) }
            let start = Int.random(in: 0...310, using: &generator)
            let range = start..<start + Int.random(in: 0...400, using: &generator)
            var runs: [Range<Int>] = []
            bitmap.forEachRun(in: range) { runs.append($0) }
            let expected = range.filter { bitmap.contains(Row($0)) }
            #expect(Array(runs.joined()) == expected, "seed \(seed) round \(round)")
            for (left, right) in zip(runs, runs.dropFirst()) {
                #expect(left.upperBound < right.lowerBound, "runs are maximal")
            }
        }
    }

    @Test(arguments: [0, 1, 63, 64, 65, 1000]) func allRowsBelow(count: Int) {
        var expected = RowBitmap()
        for row in 0..<count { expected.insert(Row(row)) }
        #expect(RowBitmap(rowsBelow: count) == expected)
    }
}
