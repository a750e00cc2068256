import Testing

@testable import VexFS

@Suite struct PackedRowsTests {
    @Test func placesAreRanksOfTheSetBits() {
        var random = SeededGenerator(seed: 11)
        for density in [0, 1, 5, 50, 99, 100] {
            let words = (0..<8).map { _ in
                (0..<64).reduce(UInt64(0)) { word, bit in
                    Int.random(in: 0..<100, using: &random) < density ? word | 1 << UInt64(bit) : word
                }
            }
            let packed = PackedRows(words: words)
            let present = (0..<512).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
            #expect(packed.index.count == present.count)
            for local in 0...512 {
                #expect(packed.index.rank(local) == present.filter { $0 < local }.count)
                #expect(packed.index.contains(local) == present.contains(local))
            }
            for _ in 0..<50 {
                let low = Int.random(in: 0...512, using: &random)
                let high = Int.random(in: low...512, using: &random)
                #expect(packed.rows(in: low..<high).map(Int.init) == present.filter { (low..<high).contains($0) })
            }
        }
    }
}
