import Testing

@testable import VexFS

@Suite struct RowBitmapTests {
    @Test func insertingAndRemovingChangesOneRow() {
        let seed: UInt64 = 0xB17_0001
        var generator = SeededGenerator(seed: seed)
        for round in 0..<12 {
            var plain = PlainBits.random(containers: 3, using: &generator)
            var bitmap = RowBitmap(plain)
            let before = (bitmap, plain)
            for _ in 0..<3000 {
                let row = Int.random(in: 0..<3 << 16, using: &generator)
                let isIn = Bool.random(using: &generator)
                plain.set(row, isIn)
                if isIn { bitmap.insert(Row(row)) } else { bitmap.remove(Row(row)) }
                #expect(bitmap.contains(Row(row)) == isIn)
            }
            #expect(bitmap.isSame(as: plain), "seed \(seed) round \(round)")
            #expect(before.0.isSame(as: before.1), "a copy stays as it was")
        }
    }

    /// A list grows to bits and to all rows, and shrinks back.
    @Test func everyFormTurnsIntoTheNext() {
        var bitmap = RowBitmap()
        for row in (0..<1 << 16).reversed() { bitmap.insert(Row(row)) }
        #expect(bitmap == RowBitmap(rowsBelow: 1 << 16))
        #expect(bitmap.containers[0] === RowBitmap.Container.full)
        let full = bitmap
        for row in 0..<1 << 16 where row % 512 != 0 { bitmap.remove(Row(row)) }
        #expect(bitmap.containers[0]?.isList == true)
        #expect(bitmap.rows == (0..<128).map { Row($0 * 512) })
        for row in bitmap.rows { bitmap.remove(row) }
        #expect(bitmap == RowBitmap())
        #expect(bitmap.containers.isEmpty)
        #expect(full.count == 1 << 16 && RowBitmap.Container.full.count == 1 << 16, "nothing shared has changed")
    }

    @Test func compactSetsHoldTheSameInLess() {
        let rows = (0..<4000).map { Row($0 * 16) }
        var bitmap = RowBitmap(rowsBelow: 64_000)
        bitmap.formIntersection(RowBitmap(rows + (0..<5000).map { Row(65_536 + $0 * 3) }))
        bitmap.insert(contentsOf: [70_000, 70_001, 70_003])
        let before = bitmap
        var words = RowBitmap(words: bitmap.words)
        #expect(words == bitmap)
        words.compact()
        bitmap.compact()
        #expect(bitmap == before && words == before)
        #expect(words.allocatedBytes < RowBitmap(words: before.words).allocatedBytes)
        #expect(words.containers.allSatisfy { $0?.isList != false })
    }

    @Test func aChangedCopyCopiesOneContainer() {
        let original = RowBitmap((0..<200_000).map { Row($0 * 2) })
        var copy = original
        copy.insert(70_001)
        #expect(!original.contains(70_001) && copy.contains(70_001))
        let shared = zip(original.containers, copy.containers).filter { $0 === $1 }.count
        #expect(original.containers.count == 7 && shared == 6)
    }

    @Test func manyRowsAtOnce() {
        let seed: UInt64 = 0xB17_0003
        var generator = SeededGenerator(seed: seed)
        for round in 0..<40 {
            var plain = PlainBits.random(containers: 3, using: &generator)
            var bitmap = RowBitmap(plain)
            let spread = [100, 3 << 16][round % 2]
            var rows = (0..<Int.random(in: 0...5000, using: &generator)).map { _ in
                Row.random(in: 0..<Row(spread), using: &generator)
            }
            if round % 3 == 0 { rows.sort() }
            for row in rows { plain.set(Int(row)) }
            bitmap.insert(contentsOf: rows)
            #expect(bitmap.isSame(as: plain), "seed \(seed) round \(round)")
            #expect(RowBitmap(rows).rows == Set(rows).sorted())
        }
    }

    @Test(arguments: [0, 1, 63, 64, 65, 1000, 65535, 65536, 65537, 140_000]) func allRowsBelow(count: Int) {
        var expected = RowBitmap()
        for row in 0..<count { expected.insert(Row(row)) }
        let all = RowBitmap(rowsBelow: count)
        #expect(all == expected)
        #expect(all.count == count)
        #expect(all.first == (count == 0 ? nil : 0))
        #expect(all.last == (count == 0 ? nil : Row(count - 1)))
        #expect(all.allocatedBytes < 9000 || count % 65536 != 0)
    }

    @Test func theHighestRow() {
        let bitmap = RowBitmap([.max, 0])
        #expect(bitmap.rows == [0, .max])
        #expect(bitmap.contains(.max) && !bitmap.contains(.max - 1))
    }
}
