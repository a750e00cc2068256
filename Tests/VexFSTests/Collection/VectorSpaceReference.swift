import Testing

@testable import VexFS

/// Vectors by the documents' ids, compared one by one in double precision: what a search must answer.
struct VectorSpaceReference {
    var metric: Metric
    var dimension: Int
    var element = VectorElement.float32
    var vectors: [String: [Float]] = [:]

    /// What is stored of a vector, component by component.
    func stored(_ vector: [Float]) -> [Float] {
        switch element {
        case .float32: return vector
        case .uint8: return vector.map { Float(Int($0)) }
        case .float16:
            let length = metric == .cosine ? vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() : 1
            return vector.map { Float(Float16(Double($0) / length)) }
        }
    }

    /// The score of a stored vector.
    func score(_ one: [Float], query: [Float]) -> Double {
        // Lengths of 16-bit directions are not exactly 1, and are not divided by; queries of them are not rounded.
        if metric == .cosine, element == .float16 {
            let length = query.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            return zip(one, query).reduce(0) { $0 + Double($1.0) * Double($1.1) } / length
        }
        return score(one, stored(query))
    }

    /// The score of two vectors.
    private func score(_ one: [Float], _ other: [Float]) -> Double {
        var (product, squares, differences) = (0.0, 0.0, 0.0)
        var lengths = (0.0, 0.0)
        for index in one.indices {
            let (a, b) = (Double(one[index]), Double(other[index]))
            product += a * b
            squares += (a - b) * (a - b)
            differences += abs(a - b)
            lengths.0 += a * a
            lengths.1 += b * b
        }
        switch metric {
        case .dot: return product
        case .euclidean: return squares.squareRoot()
        case .manhattan: return differences
        case .cosine: return product / (lengths.0 * lengths.1).squareRoot()
        }
    }

    /// Whether an answer is right: as many documents as there are up to the limit, with their scores, and none left out
    /// that is nearer than the last by more than rounding.
    func check(_ hits: [(id: String, score: Double)], _ query: [Float], limit: Int, _ comment: Comment) {
        let scores = vectors.mapValues { score($0, query: query) }
        let nearest = scores.values.sorted { metric.higherIsNearer ? $0 > $1 : $0 < $1 }.prefix(limit)
        #expect(hits.count == nearest.count, comment)
        #expect(Set(hits.map(\.id)).count == hits.count, comment)
        let largest = scores.values.map(abs).max() ?? 1
        let tolerance = 1e-4 * max(1, largest)
        for (hit, wanted) in zip(hits, nearest) {
            guard let own = scores[hit.id] else {
                Issue.record("\(hit.id) has no such vector. \(comment)")
                continue
            }
            #expect(abs(hit.score - own) <= tolerance, comment)
            #expect(abs(hit.score - wanted) <= tolerance, comment)
        }
    }
}
