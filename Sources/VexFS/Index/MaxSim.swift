import CVexKernels

/// Compares a document's several vectors with those of a query: each of the query's is matched with the document's
/// nearest, and the similarities are added up (Khattab & Zaharia 2020, "ColBERT", doi:10.1145/3397271.3401075).
///
/// A value of one thread. The floor of a scan over `documents` is documents × their vectors × the query's vectors ×
/// dimension multiplications, and reading the vectors once.
struct MaxSim {
    /// `[count × dimension] Float32`, of length 1 for cosine.
    private let query: [Float]
    private let dimension: Int
    private let metric: Metric
    private var scores: [Float] = []

    /// Prepares a query: vectors of one dimension, at least one; normalised where the metric is cosine.
    init(_ query: [[Float]], _ metric: Metric) {
        dimension = query.first?.count ?? 0
        self.query = query.flatMap { metric == .cosine ? $0.normalized() : $0 }
        self.metric = metric
    }

    /// The sum over the query's vectors of the similarity to the document's nearest, higher being nearer: cosines,
    /// products, minus squared Euclidean or minus Manhattan distances.
    ///
    /// `document` is `[count × dimension] Float32`. O(count × query's vectors × dimension).
    mutating func similarity(_ document: [Float], count: Int) -> Float {
        if scores.count < count { scores = [Float](repeating: 0, count: count) }
        let (dimension, measure, isNearerHigher) = (dimension, metric.measure, metric.higherIsNearer)
        return query.withUnsafeBufferPointer { query in
            document.withUnsafeBufferPointer { document in
                scores.withUnsafeMutableBufferPointer { scores in
                    guard let first = query.baseAddress, let rows = document.baseAddress,
                        let out = scores.baseAddress, dimension > 0
                    else { return 0 }
                    var sum: Float = 0
                    var vector = first
                    let end = first + query.count
                    while vector < end {
                        vexfs_scan_f32(measure, vector, dimension, rows, dimension * 4, count, out)
                        var best = out[0]
                        for place in 1..<max(count, 1) {
                            best = isNearerHigher ? max(best, out[place]) : min(best, out[place])
                        }
                        sum += isNearerHigher ? best : -best
                        vector += dimension
                    }
                    return sum
                }
            }
        }
    }

    /// The score that an answer shows: the similarity, or the distance that it stands for.
    static func score(_ similarity: Float, _ metric: Metric) -> Float {
        switch metric {
        case .cosine, .dot: similarity
        case .euclidean: abs(similarity).squareRoot()
        case .manhattan: abs(similarity)
        }
    }
}
