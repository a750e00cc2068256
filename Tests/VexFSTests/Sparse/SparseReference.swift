@testable import VexFS

/// Plain scoring of every vector: what an index has to agree with.
struct SparseReference {
    var vectors: [(row: Row, vector: SparseVector)] = []

    /// The best rows by product, of those that share a dimension.
    func search(_ query: SparseVector, limit: Int, among allowed: RowBitmap, statistics: RowBitmap?) -> [Neighbor] {
        var weights: [UInt32: Float] = [:]
        for (index, value) in zip(query.indices, query.values) {
            guard let statistics else {
                weights[index] = value
                continue
            }
            let counted = vectors.filter { statistics.contains($0.row) && $0.vector.count > 0 }
            let holders = counted.count { $0.vector.indices.contains(index) }
            weights[index] = value * InverseDocumentFrequency.weight(documents: counted.count, holders: holders)
        }
        var found: [Neighbor] = []
        for (row, vector) in vectors where allowed.contains(row) {
            var product = 0.0
            var shared = 0
            for (index, value) in zip(vector.indices, vector.values) {
                guard let weight = weights[index] else { continue }
                product += Double(weight) * Double(value)
                shared += 1
            }
            if shared > 0 { found.append(Neighbor(row: row, score: Float(product))) }
        }
        found.sort { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
        return Array(found.prefix(limit))
    }
}

extension SeededGenerator {
    /// A vector of up to `count` of the dimensions below `dimensions`, low ones most often.
    mutating func sparseVector(
        count: Int, dimensions: Int, values: ClosedRange<Float> = 0...1
    ) throws -> SparseVector {
        var components: [UInt32: Float] = [:]
        for _ in 0..<Int.random(in: 0...count, using: &self) {
            let place = Double.random(in: 0..<1, using: &self)
            let dimension = UInt32(Double(dimensions) * place * place * place)
            // Few values, so that there are equal scores and zeros.
            components[dimension] = (Float.random(in: values, using: &self) * 8).rounded() / 8
        }
        return try SparseVector(indices: Array(components.keys), values: components.keys.map { components[$0] ?? 0 })
    }
}
