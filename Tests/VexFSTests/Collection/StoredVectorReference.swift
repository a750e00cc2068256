@testable import VexFS

/// Plain documents with sparse vectors and several vectors: what a collection has to agree with.
struct StoredVectorReference {
    var sparse: [String: SparseVector] = [:]
    var several: [String: [[Float]]] = [:]

    /// Ids by their products with a query, best first; only those that share a component.
    func nearest(_ query: SparseVector, weighted: Bool, among ids: Set<String>) -> [(id: String, score: Double)] {
        let held = sparse.values.filter { $0.count > 0 }
        var weights: [UInt32: Double] = [:]
        for (index, value) in zip(query.indices, query.values) {
            let holders = held.count { $0.indices.contains(index) }
            let rarity = InverseDocumentFrequency.weight(documents: held.count, holders: holders)
            weights[index] = Double(weighted ? value * rarity : value)
        }
        var found: [(id: String, score: Double)] = []
        for (id, vector) in sparse where ids.contains(id) {
            let shared = zip(vector.indices, vector.values).compactMap { index, value in
                weights[index].map { $0 * Double(value) }
            }
            if !shared.isEmpty { found.append((id, shared.reduce(0, +))) }
        }
        return found.sorted { $0.score > $1.score }
    }

    /// Ids by max-sim, best first.
    func nearest(_ query: [[Float]], _ metric: Metric, among ids: Set<String>) -> [(id: String, score: Double)] {
        func length(_ vector: [Float]) -> Double {
            vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        func similarity(_ left: [Float], _ right: [Float]) -> Double {
            let pairs = zip(left, right).map { (Double($0), Double($1)) }
            let dot = pairs.reduce(0) { $0 + $1.0 * $1.1 }
            return switch metric {
            case .dot: dot
            case .cosine: dot / (length(left) * length(right))
            case .euclidean: -pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            case .manhattan: -pairs.reduce(0) { $0 + abs($1.0 - $1.1) }
            }
        }
        let found = several.filter { ids.contains($0.key) }.map { id, vectors in
            let sum = query.reduce(0.0) { sum, one in sum + (vectors.map { similarity(one, $0) }.max() ?? 0) }
            return (id: id, score: metric.higherIsNearer ? sum : metric == .euclidean ? (-sum).squareRoot() : -sum)
        }
        return found.sorted { metric.higherIsNearer ? $0.score > $1.score : $0.score < $1.score }
    }

    /// What is wrong with an answer; nil where nothing is. Ids of equal scores may stand in any order.
    static func complaint(
        _ found: [(id: String, score: Double)], _ expected: [(id: String, score: Double)], limit: Int
    ) -> String? {
        let wanted = expected.prefix(limit)
        let isClose = { (left: Double, right: Double) in abs(left - right) <= 2e-5 * max(1, abs(left), abs(right)) }
        let known = Dictionary(uniqueKeysWithValues: expected.map { ($0.id, $0.score) })
        guard found.count == wanted.count, Set(found.map(\.id)).count == found.count,
            zip(found, wanted).allSatisfy({ isClose($0.score, $1.score) }),
            found.allSatisfy({ hit in known[hit.id].map { isClose($0, hit.score) } ?? false })
        else { return "found \(found), expected \(Array(wanted))" }
        return nil
    }
}
