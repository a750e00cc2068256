/// Answers that differ from each other: each next one is near to the query and far from those already chosen
/// (Carbonell, Goldstein, doi:10.1145/290941.291025).
public struct MaximalMarginalRelevance: Sendable, Equatable {
    /// How much being different counts, 0…1; being near counts the rest.
    public var diversity: Float
    /// How many of the nearest points are chosen from; nil for as many as are asked for.
    public var candidates: Int?

    /// The most candidates that can be asked for.
    public static let maximumCandidates = 16_384

    /// Describes the balance.
    public init(diversity: Float = 0.5, candidates: Int? = nil) {
        self.diversity = diversity
        self.candidates = candidates
    }

    /// The places of up to `limit` candidates, in the order of their choice.
    ///
    /// `relevances` are the candidates' similarities to the query; `similarities` gives those of one candidate to all
    /// of them. The first one is the most relevant; each next one has the highest (1 − diversity) × relevance −
    /// diversity × (highest similarity to a chosen one). Of equal ones the last is taken, and the last candidate moves
    /// to the place of the one that was taken, as in Qdrant. O(limit × candidates) and `limit` calls of `similarities`.
    func selection(
        _ relevances: [Float], limit: Int, similarities: (Int) throws(VexFSError) -> [Float]
    ) throws(VexFSError) -> [Int] {
        var pending = Array(relevances.indices)
        var nearest = [Float](repeating: -.infinity, count: relevances.count)
        var chosen: [Int] = []
        // The same rounding as in Qdrant, where the balance is kept as 1 − diversity.
        let balance = 1 - diversity
        while chosen.count < limit, !pending.isEmpty {
            var best = 0
            var bestScore = -Float.infinity
            for (place, candidate) in pending.enumerated() {
                let score =
                    chosen.isEmpty
                    ? relevances[candidate] : balance * relevances[candidate] - (1 - balance) * nearest[candidate]
                if score >= bestScore { (best, bestScore) = (place, score) }
            }
            let next = pending[best]
            pending[best] = pending[pending.count - 1]
            pending.removeLast()
            chosen.append(next)
            guard chosen.count < limit, !pending.isEmpty else { break }
            let near = try similarities(next)
            for candidate in pending { nearest[candidate] = max(nearest[candidate], near[candidate]) }
        }
        return chosen
    }
}
