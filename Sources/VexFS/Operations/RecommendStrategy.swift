/// How positive and negative examples are searched with.
public enum RecommendStrategy: String, Sendable, CaseIterable {
    /// Nearest to the mean of the positive examples, moved away from the mean of the negative ones.
    case averageVector = "average_vector"
    /// By the nearest example: its similarity in 0…1 where it is a positive one, minus that where it is negative.
    case bestScore = "best_score"
    /// The similarities to positive examples minus those to negative ones.
    case sumScores = "sum_scores"

    /// The score of ``bestScore``; no examples of a sort are farther than any
    /// (https://qdrant.tech/documentation/concepts/explore/).
    static func bestScore(
        _ positives: some Swift.Collection<Float>, _ negatives: some Swift.Collection<Float>
    ) -> Float {
        let positive = positives.reduce(-.infinity) { max($0, $1) }
        let negative = negatives.reduce(-.infinity) { max($0, $1) }
        return positive > negative
            ? ExampleScore.scaledSigmoid(positive) : -ExampleScore.scaledSigmoid(negative)
    }

    /// The score of ``sumScores``.
    static func sumScores(
        _ positives: some Swift.Collection<Float>, _ negatives: some Swift.Collection<Float>
    ) -> Float {
        positives.reduce(0, +) - negatives.reduce(0, +)
    }

    /// The vector of ``averageVector``: p + (p − n) for the means p and n, or p where there are no negatives.
    ///
    /// `[count × dimension] Float32` each. O(count × dimension).
    /// - Throws: `invalidQuery` without positives, `dimensionMismatch` where the examples' dimensions differ.
    static func average(_ positives: [[Float]], _ negatives: [[Float]]) throws(VexFSError) -> [Float] {
        guard let first = positives.first else { throw noPositives }
        guard (positives + negatives).allSatisfy({ $0.count == first.count }) else {
            throw VexFSError(.dimensionMismatch, "the examples' vectors have different dimensions; they must be equal")
        }
        let positive = mean(positives, dimension: first.count)
        guard !negatives.isEmpty else { return positive }
        let negative = mean(negatives, dimension: first.count)
        return zip(positive, negative).map { $0 + $0 - $1 }
    }

    static var noPositives: VexFSError {
        VexFSError(
            .invalidQuery, "recommend with the strategy average_vector needs at least one positive example")
    }

    private static func mean(_ vectors: [[Float]], dimension: Int) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for vector in vectors {
            for index in 0..<dimension { sum[index] += vector[index] }
        }
        return sum.map { $0 / Float(vectors.count) }
    }
}
