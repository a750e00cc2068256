import Testing

@testable import VexFS

@Suite struct LayeredSparseIndexTests {
    /// Rows dealt out to several indexes, some to more than one, are found as by one index that has all.
    @Test(arguments: 1...12) func layersAnswerAsOneIndex(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...3, using: &generator)
        let indexes = (0..<count).map { _ in SparseIndex() }
        var parts = [RowBitmap](repeating: RowBitmap(), count: count)
        var reference = SparseReference()
        for row in Row(0)..<400 {
            let vector = try generator.sparseVector(count: 12, dimensions: 60, values: -0.5...1)
            let owner = Int.random(in: 0..<count, using: &generator)
            parts[owner].insert(row)
            reference.vectors.append((row, vector))
            for (place, index) in indexes.enumerated() where place == owner || Bool.random(using: &generator) {
                try index.insert(vector, row: row)
            }
        }
        var layers = LayeredSparseIndex()
        for (index, rows) in zip(indexes, parts) { layers.add(index, asked: rows) }
        #expect(layers.count == reference.vectors.count { $0.vector.count > 0 })
        for _ in 0..<20 {
            let query = try generator.sparseVector(count: 6, dimensions: 60)
            let allowed = RowBitmap((0..<400).filter { _ in Bool.random(using: &generator) }.map { Row($0) })
            let live = RowBitmap((0..<400).filter { _ in Int.random(in: 0..<4, using: &generator) > 0 }.map { Row($0) })
            let limit = Int.random(in: 0...40, using: &generator)
            let found = layers.search(layers.weighted(query, in: live), limit: limit, among: allowed)
            #expect(
                found.neighbors == reference.search(query, limit: limit, among: allowed, statistics: live),
                "seed \(seed)")
        }
    }

    @Test func noLayersAnswerNothing() throws {
        let query = try SparseVector(indices: [1], values: [1])
        #expect(LayeredSparseIndex().search(query, limit: 5, among: RowBitmap(rowsBelow: 9)).neighbors.isEmpty)
        #expect(LayeredSparseIndex().count == 0)
    }
}
