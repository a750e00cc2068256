import CVexKernels
import Testing

@testable import VexFS

@Suite struct RowBitmapReaderTests {
    @Test func aReaderSeesWhatTheSetHolds() {
        let seed: UInt64 = 0xB17_0006
        var generator = SeededGenerator(seed: seed)
        for round in 0..<10 {
            let plain = PlainBits.random(containers: 3, using: &generator)
            RowBitmap(plain).withReader { reader in
                for _ in 0..<5000 {
                    let row = Int.random(in: 0..<5 << 16, using: &generator)
                    #expect(reader.contains(Row(row)) == plain.contains(row), "seed \(seed) round \(round) row \(row)")
                }
            }
        }
        #expect(!RowBitmap().withReader { $0.contains(0) })
    }

    @Test func wordsOfARange() {
        let seed: UInt64 = 0xB17_0007
        var generator = SeededGenerator(seed: seed)
        for round in 0..<60 {
            let plain = PlainBits.random(containers: 3, using: &generator)
            var start = Int.random(in: 0...3 << 16, using: &generator)
            var count = Int.random(in: 0...100_000, using: &generator)
            if round % 3 == 0 { (start, count) = (start / 64 * 64, count / 64 * 64) }
            if round % 6 == 0 { (start, count) = (1 << 16, 1024) }
            RowBitmap(plain).withWords(in: start..<start + count) { words in
                #expect(words.count == (count + 63) / 64)
                let isSame = (0..<words.count * 64).allSatisfy { bit in
                    (words[bit / 64] >> UInt64(bit % 64) & 1 != 0) == (bit < count && plain.contains(start + bit))
                }
                #expect(isSame, "seed \(seed) round \(round)")
            }
        }
    }

    @Test func tablesAndCopiesHoldTheRows() throws {
        let seed: UInt64 = 0xB17_0009
        var generator = SeededGenerator(seed: seed)
        for round in 0..<20 {
            let plain = PlainBits.random(containers: 3, using: &generator)
            let set = RowBitmap(plain)
            let rows = set.rows
            let end = Row(plain.words.count * 64)
            set.withTable(through: end + 70_000) { table in
                let others = (0..<2000).map { _ in Row.random(in: 0..<end + 70_000, using: &generator) }
                for row in others + rows.prefix(50) {
                    let word = table[Int(row >> 16)]?[Int(row >> 6) & 1023] ?? 0
                    #expect((word >> UInt64(row & 63) & 1 != 0) == set.contains(row), "seed \(seed) round \(round)")
                }
            }
            for _ in 0..<20 {
                let start = Int.random(in: 0...Int(end), using: &generator)
                let range = start..<Int.random(in: start...Int(end), using: &generator)
                let expected = rows.filter { range.contains(Int($0)) }
                var room = [UInt32](repeating: 0, count: expected.count + Int(VEXFS_LIST_SLACK))
                let found = set.copyRows(in: range, from: Row(range.lowerBound), into: &room)
                #expect(room[..<found].map { $0 + Row(range.lowerBound) } == expected, "seed \(seed) round \(round)")
            }
        }
    }
}
