import Testing

@testable import VexFS

/// The directory's hash table against sets.
@Suite struct NameIndexTests {
    private func numbers(_ index: NameIndex, _ hash: UInt32) -> Set<UInt32> {
        var found: Set<UInt32> = []
        var candidates = index.candidates(hash)
        while let number = candidates.next() { #expect(found.insert(number).inserted) }
        return found
    }

    @Test func randomChangesAndCopies() {
        for seed in UInt64(1)...6 {
            var random = SeededGenerator(seed: seed)
            var index = NameIndex()
            var model: [UInt32: Set<UInt32>] = [:]
            var copies: [(NameIndex, [UInt32: Set<UInt32>])] = []
            var hashes: [UInt32] = []
            // Few hashes, hashes of common first bits, and hashes as they are.
            let mask: UInt32 = [0x8000_0F03, 0x0000_FFFF, .max][Int(seed) % 3]
            for step in 0..<10_000 {
                let hash = UInt32(truncatingIfNeeded: random.next()) & mask
                if Int.random(in: 0..<3, using: &random) > 0 || step < 4000 {
                    index.insert(hash, UInt32(step + 1))
                    model[hash, default: []].insert(UInt32(step + 1))
                    hashes.append(hash)
                } else if let some = hashes.randomElement(using: &random), let number = model[some]?.first {
                    index.remove(some, number)
                    model[some]?.remove(number)
                    if model[some]?.isEmpty == true { model[some] = nil }
                    index.remove(some ^ 1, number)
                }
                if step % 4000 == 3000 { copies.append((index, model)) }
                if step % 5000 == 4999 { index.giveBackMemory() }
            }
            copies.append((index, model))
            for (index, model) in copies {
                #expect(index.brokenInvariant == nil, "seed \(seed)")
                #expect(index.count == model.values.reduce(0) { $0 + $1.count }, "seed \(seed)")
                for (hash, expected) in model { #expect(numbers(index, hash) == expected, "seed \(seed) \(hash)") }
            }
            for (hash, numbers) in model { for number in numbers { index.remove(hash, number) } }
            #expect(index.count == 0 && index.ordered.isEmpty)
        }
    }

    @Test func hashesSpread() {
        let hash = NameHash(key: 42)
        var high = [Int](repeating: 0, count: 256)
        var low = high
        for number in 0..<65_536 {
            let value = hash(ByteString("document-\(number).json"))
            high[Int(value >> 24)] += 1
            low[Int(value & 255)] += 1
        }
        for counts in [high, low] { #expect((counts.min() ?? 0) > 170 && (counts.max() ?? 0) < 350) }
        #expect(hash("a") != NameHash(key: 43)("a"))
    }
}
