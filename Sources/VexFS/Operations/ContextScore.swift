/// Scores by pairs of examples: a point should be nearer to the positive one of each
/// (https://qdrant.tech/documentation/concepts/explore/).
enum ContextScore {
    /// How much nearer than the negative example the positive one has to be, so that equal ones cost something.
    static let margin = Float.ulpOfOne

    /// Minus the loss: for every pair 0 where the point is nearer to the positive example, else
    /// sigmoid(positive − negative − margin), which is above −1.
    ///
    /// `pairs` are similarities, positive and negative in turn.
    static func context(pairs: some RandomAccessCollection<Float>) -> Float {
        var loss: Float = 0
        forEach(pairs) { positive, negative in
            loss += ExampleScore.sigmoid(min(positive - negative - margin, 0))
        }
        return loss
    }

    /// How many pairs the point is on the positive side of, minus how many it is on the negative side of; behind the
    /// point the similarity to the target in 0…1.
    static func discover(target: Float, pairs: some RandomAccessCollection<Float>) -> Float {
        var rank = 0
        forEach(pairs) { positive, negative in
            rank += positive > negative ? 1 : positive < negative ? -1 : 0
        }
        return Float(rank) + ExampleScore.scaledSigmoid(target)
    }

    @inline(__always)
    private static func forEach(_ pairs: some RandomAccessCollection<Float>, _ body: (Float, Float) -> Void) {
        var rest = pairs.makeIterator()
        while let positive = rest.next(), let negative = rest.next() { body(positive, negative) }
    }
}
