import Glibc

/// Feedback on some answers as a correction of the scores of all points: Qdrant's `naive` strategy
/// (https://qdrant.tech/documentation/concepts/search-relevance/).
public struct RelevanceFeedback: Sendable, Equatable {
    /// The most examples: every two of them are compared for every point.
    public static let maximumExamples = 64

    /// Weight of the similarity to the target.
    public var a: Float
    /// Power of the confidence in a pair.
    public var b: Float
    /// Weight of the pairs.
    public var c: Float
    /// How relevant somebody found each example.
    public var relevances: [Float] { didSet { pairs = Self.pairs(relevances, b: b, c: c) } }

    /// Two examples by their places, the more relevant one first, and the weight of their difference.
    struct Pair: Sendable, Equatable {
        var positive: Int
        var negative: Int
        var weight: Float
    }

    private(set) var pairs: [Pair]

    /// Describes feedback on examples. O(examples²).
    public init(a: Float, b: Float, c: Float, relevances: [Float]) {
        (self.a, self.b, self.c, self.relevances) = (a, b, c, relevances)
        pairs = Self.pairs(relevances, b: b, c: c)
    }

    /// Every two examples of which one is more relevant, with (difference of relevance)^b × c.
    private static func pairs(_ relevances: [Float], b: Float, c: Float) -> [Pair] {
        var pairs: [Pair] = []
        for (positive, high) in relevances.enumerated() {
            for (negative, low) in relevances.enumerated() where high > low {
                pairs.append(Pair(positive: positive, negative: negative, weight: powf(high - low, b) * c))
            }
        }
        return pairs
    }

    /// a × similarity to the target + Σ weight × (similarity to the positive − to the negative). O(examples²).
    func score(target: Float, examples: some RandomAccessCollection<Float>) -> Float {
        var score = a * target
        let first = examples.startIndex
        for pair in pairs {
            let positive = examples[examples.index(first, offsetBy: pair.positive)]
            let negative = examples[examples.index(first, offsetBy: pair.negative)]
            score += pair.weight * (positive - negative)
        }
        return score
    }
}
