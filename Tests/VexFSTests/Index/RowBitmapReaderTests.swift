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
}
