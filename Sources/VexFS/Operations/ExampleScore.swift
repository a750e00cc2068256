/// How similarities to several examples become one score, higher being nearer whatever the metric.
///
/// A similarity is a cosine, an inner product, minus a squared Euclidean distance, or minus a Manhattan distance
/// (https://qdrant.tech/documentation/concepts/explore/).
enum ExampleScore: Sendable, Equatable {
    /// The first similarities are to positive examples, the others to negative ones; see ``RecommendStrategy``.
    case bestScore(positives: Int)
    case sumScores(positives: Int)
    /// The first similarity is to the target, behind it stand two (positive, negative) for each pair of the context.
    case discover
    /// Pairs (positive, negative).
    case context
    /// The first similarity is to the target, behind it stands one for each example of the feedback.
    case feedback(RelevanceFeedback)

    /// The score of a point with these similarities, in the order of the examples. O(examples).
    func score(_ similarities: some RandomAccessCollection<Float>) -> Float {
        switch self {
        case .bestScore(let positives):
            RecommendStrategy.bestScore(similarities.prefix(positives), similarities.dropFirst(positives))
        case .sumScores(let positives):
            RecommendStrategy.sumScores(similarities.prefix(positives), similarities.dropFirst(positives))
        case .discover:
            similarities.first.map { ContextScore.discover(target: $0, pairs: similarities.dropFirst()) } ?? 0
        case .context: ContextScore.context(pairs: similarities)
        case .feedback(let feedback):
            similarities.first.map { feedback.score(target: $0, examples: similarities.dropFirst()) } ?? 0
        }
    }

    /// x / (1 + |x|), which maps all numbers to −1…1.
    @inline(__always)
    static func sigmoid(_ x: Float) -> Float { x.isFinite ? x / (1 + abs(x)) : x }

    /// ``sigmoid(_:)`` moved and scaled to 0…1.
    @inline(__always)
    static func scaledSigmoid(_ x: Float) -> Float { 0.5 * (sigmoid(x) + 1) }
}
