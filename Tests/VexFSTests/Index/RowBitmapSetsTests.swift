import Testing

@testable import VexFS

@Suite struct RowBitmapSetsTests {
    @Test func operationsEqualThoseOfPlainBits() {
        let seed: UInt64 = 0xB17_0004
        var generator = SeededGenerator(seed: seed)
        for round in 0..<150 {
            let (left, right) = (
                PlainBits.random(containers: 3, using: &generator), PlainBits.random(containers: 3, using: &generator)
            )
            let (a, b) = (RowBitmap(left), RowBitmap(right))
            let both = left.combined(right) { $0 & $1 }
            let either = left.combined(right) { $0 | $1 }
            let rest = left.combined(right) { $0 & ~$1 }
            var (union, intersection, subtraction) = (a, a, a)
            union.formUnion(b)
            intersection.formIntersection(b)
            subtraction.subtract(b)
            #expect(union.isSame(as: either), "seed \(seed) round \(round)")
            #expect(intersection.isSame(as: both), "seed \(seed) round \(round)")
            #expect(subtraction.isSame(as: rest), "seed \(seed) round \(round)")
            #expect(a.isSame(as: left) && b.isSame(as: right), "the operands stay as they were")
            #expect(a.intersectionCount(b) == both.count)
            #expect(a.intersects(b) == (both.count > 0))
            #expect(intersection.isSubset(of: a) && intersection.isSubset(of: b) && a.isSubset(of: union))
            #expect(a.isSubset(of: b) == (rest.count == 0))
            #expect((a == b) == (left == right))
            #expect(RowBitmap(words: union.words) == union)
        }
    }

    @Test func setsOfDifferentLengths() {
        let (short, long) = (RowBitmap([1, 2, 70_000]), RowBitmap([2, 70_000, 300_000]))
        #expect(short.intersection(long).rows == [2, 70_000])
        #expect(long.intersection(short).rows == [2, 70_000])
        #expect(long.subtracting(short).rows == [300_000])
        #expect(short.subtracting(long).rows == [1])
        var union = short
        union.formUnion(long)
        #expect(union.rows == [1, 2, 70_000, 300_000])
        #expect(!long.isSubset(of: short) && !short.isSubset(of: long))
        #expect(long.intersection(RowBitmap()) == RowBitmap())
    }
}
