import Testing

@testable import VexFS

@Suite struct SegmentRowsTests {
    @Test func aRunIsLikeItsList() {
        for run in [Row(0)..<0, 0..<1, 5..<70, 70_000..<200_000] {
            let (short, long) = (SegmentRows(run), SegmentRows(Array(run)))
            #expect(short == long && short.isRun && short.count == run.count && short.last == run.last)
            #expect(short.span == run.count && short.inFile == long.inFile)
            #expect(short.asBitmap().rows == Array(run))
        }
        #expect(SegmentRows([3, 5]).span == 3)
        #expect(SegmentRows([3, 5]).asBitmap().rows == [3, 5])
    }

    @Test func rowsOfASetAreThoseWithinTheRange() {
        let seed: UInt64 = 0x5E6_0001
        var generator = SeededGenerator(seed: seed)
        for density in [0, 0.001, 0.3, 0.999, 1] {
            let rows = (Row(0)..<140_000).filter { _ in Double.random(in: 0..<1, using: &generator) < density }
            let set = RowBitmap(rows)
            for range in [Row(0)..<140_000, 1024..<2048, 65_000..<66_000, 139_264..<150_000, 7..<7] {
                let expected = rows.filter(range.contains)
                let found = SegmentRows(range, of: set)
                #expect(found == SegmentRows(expected), "seed \(seed) density \(density) range \(range)")
            }
        }
    }
}
