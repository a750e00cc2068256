import Testing

@testable import VexFS

@Suite struct SparseIndexTests {
    /// Rows with gaps, some of them deleted, in more than one container.
    private func filled(
        _ generator: inout SeededGenerator, count: Int, dimensions: Int, values: ClosedRange<Float>, stride: Int
    ) throws -> (SparseIndex, SparseReference, RowBitmap) {
        let index = SparseIndex()
        var reference = SparseReference()
        var live = RowBitmap()
        var row: Row = 0
        var batch: [(row: Row, vector: SparseVector)] = []
        for number in 0..<count {
            row += Row.random(in: 1...Row(stride), using: &generator)
            let vector = try generator.sparseVector(count: 20, dimensions: dimensions, values: values)
            reference.vectors.append((row, vector))
            // The first in batches, the last one by one.
            if number < count / 2 {
                batch.append((row, vector))
                if batch.count == 300 || number == count / 2 - 1 {
                    try index.insert(batch)
                    batch.removeAll()
                }
            } else {
                try index.insert(vector, row: row)
            }
            if Int.random(in: 0..<5, using: &generator) > 0 { live.insert(row) }
        }
        return (index, reference, live)
    }

    private func expectEqual(
        _ index: SparseIndex, _ reference: SparseReference, _ query: SparseVector, limit: Int, _ allowed: RowBitmap,
        _ statistics: RowBitmap?, _ comment: String
    ) {
        let answer = index.search(query, limit: limit, among: allowed, statistics: statistics)
        let wanted = reference.search(query, limit: limit, among: allowed, statistics: statistics)
        #expect(answer.neighbors == wanted, "\(comment)")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5])
    func answersAreThoseOfPlainScoring(round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SparseIndexTests: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let values: ClosedRange<Float> = round % 2 == 0 ? 0...1 : -1...1
        let (index, reference, live) = try filled(
            &generator, count: 1 + 700 * round, dimensions: 40 << round, values: values, stride: 1 + round * 20)
        for _ in 0..<60 {
            let query = try generator.sparseVector(count: 8, dimensions: 40 << round, values: values)
            var allowed = live
            if Bool.random(using: &generator) {
                let share = Int.random(in: 1...50, using: &generator)
                allowed = RowBitmap(live.rows.filter { _ in Int.random(in: 0..<50, using: &generator) < share })
            }
            let limit = [1, 3, 10, 100, 10_000].randomElement(using: &generator) ?? 1
            let statistics = Bool.random(using: &generator) ? live : nil
            expectEqual(index, reference, query, limit: limit, allowed, statistics, "seed \(seed)")
        }
    }

    /// Rows without gaps, so that lists have codes; values of all sizes, and such that cannot be coded.
    @Test(arguments: [0.0...1.0, -0.2...1.0, 0.0...1e-31, 0.0...3e38, -1.0...0.0, 0.5...0.5])
    func answersOfFullWindowsAreThoseOfPlainScoring(values: ClosedRange<Double>) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SparseIndexTests: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let index = SparseIndex()
        var reference = SparseReference()
        let scale = Float(max(abs(values.lowerBound), values.upperBound))
        let unit = Float(values.lowerBound) / scale...Float(values.upperBound) / scale
        for row in Row(0)..<6000 {
            let drawn = try generator.sparseVector(count: 30, dimensions: 60, values: unit)
            let vector = try SparseVector(indices: drawn.indices, values: drawn.values.map { $0 * scale })
            reference.vectors.append((row, vector))
        }
        try index.insert(reference.vectors.map { ($0.row, $0.vector) })
        let all = RowBitmap(rowsBelow: 6000)
        for round in 0..<24 {
            let query = try generator.sparseVector(count: 10, dimensions: 60, values: round % 3 == 0 ? -1...1 : 0...1)
            let share = Int.random(in: 1...50, using: &generator)
            let some = RowBitmap(all.rows.filter { _ in Int.random(in: 0..<50, using: &generator) < share })
            let limit = [1, 10, 100].randomElement(using: &generator) ?? 1
            expectEqual(
                index, reference, query, limit: limit, round % 2 == 0 ? all : some, nil, "seed \(seed) round \(round)")
        }
        // A window in which no row is allowed is not looked at, the next one is.
        let last = RowBitmap([3, 5999])
        let query = try SparseVector(indices: [0, 1, 2, 3], values: [1, 1, 1, 1])
        expectEqual(index, reference, query, limit: 10, last, nil, "seed \(seed) two rows")
    }

    @Test func compactionChangesNoAnswer() throws {
        var generator = SeededGenerator(seed: 7)
        var (index, reference, live) = try filled(
            &generator, count: 3000, dimensions: 300, values: 0...1, stride: 40)
        let before = index.allocatedBytes
        index.compact(removing: index.rows.subtracting(live))
        #expect(index.allocatedBytes < before)
        #expect(index.rows == RowBitmap(reference.vectors.filter { $0.vector.count > 0 }.map(\.row)).intersection(live))
        let last = reference.vectors.last?.row ?? 0
        reference.vectors.removeAll { !live.contains($0.row) }
        for row in last + 1..<last + 400 {
            let vector = try generator.sparseVector(count: 20, dimensions: 300)
            try index.insert(vector, row: row)
            reference.vectors.append((row, vector))
            live.insert(row)
        }
        for _ in 0..<30 {
            let query = try generator.sparseVector(count: 6, dimensions: 300)
            expectEqual(index, reference, query, limit: 10, live, live, "after compaction")
        }
        index.compact(removing: index.rows)
        #expect(index.rows.isEmpty)
        let query = try generator.sparseVector(count: 9, dimensions: 300)
        #expect(index.search(query, limit: 9, among: live).neighbors.isEmpty)
    }

    @Test func emptyVectorsAreNeitherFoundNorCounted() throws {
        let index = SparseIndex()
        try index.insert(.empty, row: 0)
        try index.insert(try SparseVector(indices: [5], values: [2]), row: 1)
        let all = RowBitmap(rowsBelow: 2)
        let query = try SparseVector(indices: [5], values: [1])
        #expect(index.search(query, limit: 5, among: all).neighbors == [Neighbor(row: 1, score: 2)])
        #expect(index.search(.empty, limit: 5, among: all).neighbors.isEmpty)
        #expect(index.search(query, limit: 0, among: all).neighbors.isEmpty)
        let weight = InverseDocumentFrequency.weight(documents: 1, holders: 1)
        #expect(index.search(query, limit: 5, among: all, statistics: all).neighbors.first?.score == 2 * weight)
    }

    @Test func zerosAndNegativeProductsAreAnswers() throws {
        let index = SparseIndex()
        for (row, value) in [Float(0), -1, -0.0, 3].enumerated() {
            try index.insert(try SparseVector(indices: [1], values: [value]), row: Row(row))
        }
        let all = RowBitmap(rowsBelow: 4)
        for sealed in [false, true] {
            if sealed { index.compact(removing: RowBitmap()) }
            let rows = { (value: Float) throws in
                index.search(try SparseVector(indices: [1], values: [value]), limit: 9, among: all).neighbors.map(\.row)
            }
            #expect(try rows(1) == [3, 0, 2, 1])
            #expect(try rows(-1) == [1, 0, 2, 3])
            #expect(try rows(0) == [0, 1, 2, 3])
        }
    }

    @Test func rowsHaveAnOrder() throws {
        let index = SparseIndex()
        try index.insert(.empty, row: 3)
        #expect(throws: VexFSError.self) { try index.insert(.empty, row: 3) }
        #expect(throws: VexFSError.self) { try index.insert(.empty, row: 2) }
        #expect(throws: VexFSError.self) { try index.insert([(5, .empty), (4, .empty)]) }
    }

    @Test func searchesDoNotWaitForInserts() async throws {
        let index = SparseIndex()
        let query = try SparseVector(indices: [0, 1, 2], values: [1, 1, 1])
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                var generator = SeededGenerator(seed: 1)
                for row in Row(0)..<5000 {
                    guard let vector = try? generator.sparseVector(count: 10, dimensions: 50),
                        (try? index.insert(vector, row: row)) != nil
                    else { return false }
                }
                return true
            }
            for _ in 0..<3 {
                group.addTask {
                    let all = RowBitmap(rowsBelow: 5000)
                    for _ in 0..<200 {
                        let scores = index.search(query, limit: 10, among: all, statistics: all).neighbors.map(\.score)
                        guard scores == scores.sorted(by: >) else { return false }
                    }
                    return true
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(index.rows.count > 4000)
    }
}
