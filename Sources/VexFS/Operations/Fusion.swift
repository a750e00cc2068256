/// How several ranked lists become one.
public enum Fusion: Sendable, Equatable {
    /// The constant of ``reciprocalRank(k:weights:)`` where none is named.
    public static let defaultK = 2

    /// Reciprocal rank fusion: the sum of 1 / ((rank + 1) / weight + k − 1) over the lists that hold the point, ranks
    /// from 0; a weight of 1 makes that 1 / (k + rank) (Cormack, Clarke, Büttcher, doi:10.1145/1571941.1572114; weights
    /// as in Qdrant, https://qdrant.tech/documentation/concepts/hybrid-queries/). A list whose weight is not positive
    /// adds nothing.
    case reciprocalRank(k: Int = defaultK, weights: [Float]? = nil)
    /// Distribution-based score fusion: each list's scores are mapped to 0…1 from mean − 3σ to mean + 3σ (σ of a
    /// sample, n − 1), then summed; a list of one score, or of equal ones, gives each of its points 0.5
    /// (M. Mazzeschi, Distribution-Based Score Fusion; https://qdrant.tech/documentation/concepts/hybrid-queries/).
    case distribution

    /// The lists as one, best first; equal scores in the order in which the lists first name the points. What else a
    /// list says of a point is kept as the first one says it.
    ///
    /// No list may hold a row twice, save lists ordered by a field: there each place counts. O(n log n) in the number
    /// of rows of all lists.
    /// - Throws: `invalidQuery` where there are weights, but not one for each list.
    public func fused(_ lists: [[ScoredRow]]) throws(VexFSError) -> [ScoredRow] {
        switch self {
        case .reciprocalRank(let k, let weights):
            guard weights == nil || weights?.count == lists.count else {
                throw VexFSError(
                    .invalidQuery, "rrf has \(weights?.count ?? 0) weights for \(lists.count) prefetches; give one each"
                )
            }
            return Self.summed(
                lists.enumerated().map { index, list in
                    let weight = weights?[index] ?? 1
                    return list.enumerated().map { rank, point in
                        point.scored(Self.reciprocalRank(rank, k: k, weight: weight))
                    }
                })
        case .distribution: return Self.summed(lists.map(Self.normalized))
        }
    }

    /// What a place of a list adds to a point's score.
    static func reciprocalRank(_ rank: Int, k: Int, weight: Float) -> Float {
        weight > 0 ? 1 / (Float(rank + 1) / weight + Float(k) - 1) : 0
    }

    /// The list with its scores mapped to 0…1; mean and variance by B. P. Welford's method
    /// (doi:10.1080/00401706.1962.10490022), which gives equal scores a variance of exactly 0.
    static func normalized(_ list: [ScoredRow]) -> [ScoredRow] {
        var mean = 0.0
        var squares = 0.0
        for (index, point) in list.enumerated() {
            let before = Double(point.score) - mean
            mean += before / Double(index + 1)
            squares += before * (Double(point.score) - mean)
        }
        let deviation = list.count > 1 ? (squares / Double(list.count - 1)).squareRoot() : 0
        return list.map { point in
            let place = deviation == 0 ? 0.5 : (Double(point.score) - mean + 3 * deviation) / (6 * deviation)
            return point.scored(Float(place))
        }
    }

    private static func summed(_ lists: [[ScoredRow]]) -> [ScoredRow] {
        var places: [Row: Int] = [:]
        var points: [ScoredRow] = []
        for point in lists.joined() {
            if let place = places[point.row] {
                points[place].score += point.score
            } else {
                places[point.row] = points.count
                points.append(point)
            }
        }
        return points.sortedByScore()
    }
}
