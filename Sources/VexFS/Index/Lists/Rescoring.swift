import CVexKernels

/// The comparison of full vectors, and the best of them.
struct Rescoring {
    private let vectors: VectorRows
    private let metric: Metric
    private let query: SegmentQuery
    private var heap: NeighborHeap
    private(set) var compared = 0

    /// Vectors asked for before they are read: memory answers later than a comparison takes.
    private static let ahead = 8

    init(_ vectors: VectorRows, _ metric: Metric, _ query: SegmentQuery) {
        self.vectors = vectors
        self.metric = metric
        self.query = query
        heap = NeighborHeap(limit: query.limit, metric: metric)
    }

    /// Compares rows with the query and returns their scores; whoever calls keeps the vectors alive.
    @discardableResult
    mutating func compare(_ rows: UnsafePointer<Row>, count: Int) -> Scratch<Float> {
        let dimension = vectors.dimension
        let measure = metric.measure
        let isRoot = metric == .euclidean
        let scores = Scratch<Float>(count)
        let addresses = Scratch<UnsafePointer<Float>>(count)
        for index in 0..<count { addresses.start[index] = vectors.address(of: rows[index]) }
        for index in 0..<min(Self.ahead, count) { vexfs_prefetch(addresses.start[index], dimension * 4) }
        query.vector.withUnsafeBufferPointer { vector in
            guard let base = vector.baseAddress else { return }
            for index in 0..<count {
                if index + Self.ahead < count {
                    vexfs_prefetch(addresses.start[index + Self.ahead], dimension * 4)
                }
                let score = vexfs_distance_f32(measure, base, addresses.start[index], dimension)
                scores.start[index] = isRoot ? score.squareRoot() : score
                heap.offer(Neighbor(row: rows[index], score: scores.start[index]))
            }
        }
        compared += count
        return scores
    }

    var neighbors: [Neighbor] { heap.sorted() }
}
