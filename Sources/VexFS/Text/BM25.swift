/// Texts as sparse vectors whose dot product is BM25, once the dimensions are weighted by ``InverseDocumentFrequency``.
///
/// Dimensions and weights are those of Qdrant's model `qdrant/bm25`, so that vectors made here and there mix.
///
/// - Source: Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond",
///   doi:10.1561/1500000019; the average length is fixed, so a document's weights never change.
public struct BM25: Sendable {
    /// How much further occurrences of a token count.
    public let k: Double
    /// How much the length of a document counts, 0…1.
    public let b: Double
    /// The length in tokens that is neither long nor short.
    public let averageLength: Double
    /// What cuts texts into tokens.
    public let analyzer: TextAnalyzer

    /// Creates a model; the defaults are those of `qdrant/bm25`.
    /// - Throws: `invalidConfiguration` (EINVAL) where a number is out of its range or the options contradict each
    ///   other.
    public init(
        options: TextOptions = .english, k: Double = 1.2, b: Double = 0.75, averageLength: Double = 256
    ) throws(VexFSError) {
        guard k >= 0, k.isFinite, (0...1).contains(b), averageLength > 0, averageLength.isFinite else {
            throw VexFSError(
                .invalidConfiguration,
                "BM25 takes k of 0 or more, b from 0 to 1, and an average length above 0, not "
                    + "k=\(k), b=\(b), averageLength=\(averageLength)")
        }
        self.k = k
        self.b = b
        self.averageLength = averageLength
        analyzer = try TextAnalyzer(options)
    }

    /// A document's vector: each token weighs tf·(k+1) / (tf + k·(1−b+b·length/averageLength)). O(bytes).
    public func document(_ text: String) -> SparseVector {
        var dimensions = analyzer.dimensions(of: text, as: documentRole)
        guard !dimensions.isEmpty else { return .empty }
        let length = Double(dimensions.count)
        dimensions.sort()
        var indices: [UInt32] = []
        var values: [Float] = []
        var start = 0
        while start < dimensions.count {
            var end = start + 1
            while end < dimensions.count, dimensions[end] == dimensions[start] { end += 1 }
            indices.append(dimensions[start])
            values.append(weight(occurrences: Double(end - start), length: length))
            start = end
        }
        return SparseVector(ascending: indices, values: values)
    }

    /// A query's vector: each token weighs 1, however often it occurs. O(bytes).
    public func query(_ text: String) -> SparseVector {
        let indices = Set(analyzer.dimensions(of: text, as: .query)).sorted()
        return SparseVector(ascending: indices, values: [Float](repeating: 1, count: indices.count))
    }

    /// The prefixes of words would make a document seem long and every word frequent: Qdrant takes whole words.
    private var documentRole: TextAnalyzer.Role { analyzer.options.tokenizer == .prefix ? .query : .document }

    private func weight(occurrences: Double, length: Double) -> Float {
        let weight = occurrences * (k + 1) / (occurrences + k * (1 - b + b * length / averageLength))
        // Settings that no float can hold the weights of: k alone may be as large as numbers are.
        return weight.isNaN ? 0 : Float(min(weight, Double(Float.greatestFiniteMagnitude)))
    }
}
