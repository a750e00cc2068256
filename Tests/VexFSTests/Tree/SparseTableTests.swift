import Testing

@testable import VexFS

/// The table of packed elements against a dictionary.
@Suite struct SparseTableTests {
    private func expect(_ table: SparseTable<UInt32>, equals model: [Int: UInt32], _ comment: Comment) {
        #expect(table.count == model.count, comment)
        var walked: [Int] = []
        table.forEach(from: 0) { number, element in
            walked.append(number)
            return model[number] == element
        }
        #expect(walked == model.keys.sorted(), comment)
        #expect(table.chunks.last.map { $0 != nil } ?? true, comment)
    }

    @Test func aChunkIsCopiedOnlyWhereAnotherTableHasIt() throws {
        var table = SparseTable<UInt32>()
        table.set(3, 1)
        // The identity, not a reference: that would be another holder.
        let first = try ObjectIdentifier(#require(table.chunks[0]))
        table.set(4, 2)
        #expect(try ObjectIdentifier(#require(table.chunks[0])) == first)
        let copy = table
        table.set(5, 3)
        #expect(try ObjectIdentifier(#require(table.chunks[0])) != first)
        #expect(try ObjectIdentifier(#require(copy.chunks[0])) == first)
        let own = try ObjectIdentifier(#require(table.chunks[0]))
        table.update(5) { $0 = 4 }
        #expect(try ObjectIdentifier(#require(table.chunks[0])) == own)
    }

    @Test func randomChangesAndCopies() {
        for seed in UInt64(1)...6 {
            var random = SeededGenerator(seed: seed)
            var table = SparseTable<UInt32>()
            var model: [Int: UInt32] = [:]
            var copies: [(SparseTable<UInt32>, [Int: UInt32])] = []
            let range = [300, 3000, 40_000][Int(seed) % 3]
            for step in 0..<4000 {
                let number = Int.random(in: 0..<range, using: &random)
                let element = UInt32(truncatingIfNeeded: random.next())
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    table.set(number, element)
                    model[number] = element
                case 4:
                    // Runs, as files come.
                    for next in number..<min(range, number + 40) {
                        table.set(next, element)
                        model[next] = element
                    }
                case 5: #expect(table.remove(number) == model.removeValue(forKey: number))
                case 6:
                    for next in number..<min(range, number + 100) {
                        #expect(table.remove(next) == model.removeValue(forKey: next))
                    }
                case 7:
                    table.update(number) { $0 &+= 1 }
                    model[number]? &+= 1
                default: #expect(table[number] == model[number], "seed \(seed)")
                }
                if step % 1000 == 500 { copies.append((table, model)) }
            }
            expect(table, equals: model, "seed \(seed)")
            for (table, model) in copies { expect(table, equals: model, "a copy, seed \(seed)") }
            var after: [Int] = []
            table.forEach(from: range / 2) { number, _ in
                after.append(number)
                return after.count < 10
            }
            #expect(after == Array(model.keys.filter { $0 >= range / 2 }.sorted().prefix(10)))
            for number in Array(model.keys) { table.remove(number) }
            #expect(table.count == 0 && table.chunks.isEmpty)
        }
    }
}
