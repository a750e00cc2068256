import CVexKernels

/// Exact search: compares the query with every allowed vector.
///
/// O(allowed × dimension), bound by memory bandwidth; O(limit) extra memory. The answer depends on nothing but the
/// vectors: equal scores come in ascending order of rows.
public struct FlatIndex: VectorIndex {
    /// How vectors are compared.
    public let metric: Metric
    /// The vectors; for ``Metric/cosine`` of length 1.
    public let rows: VectorRows
    /// Components of a vector.
    public var dimension: Int { rows.dimension }
    /// What the index does, in words.
    public var plan: String { "flat scan" }

    /// An index over vectors that are already in memory. O(1).
    public init(rows: VectorRows, metric: Metric) {
        self.rows = rows
        self.metric = metric
    }

    /// The nearest rows among those in `allowed` that have a vector; exact.
    public func search(_ vector: [Float], _ query: IndexQuery, allowed: RowBitmap) throws(VexFSError) -> IndexAnswer {
        let prepared = try metric.prepare(vector, dimension: dimension)
        var heap = NeighborHeap(limit: query.limit, metric: metric)
        guard query.limit > 0 else { return IndexAnswer(neighbors: [], compared: 0) }
        let compared = rows.withChunks { chunks in
            prepared.withUnsafeBufferPointer { query in
                var total = 0
                for chunk in chunks {
                    var scan = ChunkScan(chunk: chunk, strideBytes: rows.strideBytes, query: query, metric: metric)
                    total += scan.run(allowed: allowed, into: &heap)
                }
                return total
            }
        }
        return IndexAnswer(neighbors: heap.sorted(), compared: compared)
    }
}

extension Metric {
    /// What the kernels compute for this metric.
    var measure: vexfs_measure {
        switch self {
        case .cosine, .dot: VEXFS_MEASURE_DOT
        case .euclidean: VEXFS_MEASURE_L2_SQUARED
        case .manhattan: VEXFS_MEASURE_L1
        }
    }

    /// The query as the kernels want it: of length 1 for cosine.
    func prepare(_ vector: [Float], dimension: Int) throws(VexFSError) -> [Float] {
        guard vector.count == dimension else {
            throw VexFSError(
                .dimensionMismatch,
                "The query's vector has \(vector.count) components, the collection's vectors have \(dimension)")
        }
        guard self == .cosine else { return vector }
        return vector.normalized()
    }
}

extension [Float] {
    /// The vector scaled to length 1; a zero vector stays. The result is the same on every machine.
    public func normalized() -> [Float] {
        var copy = self
        copy.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            _ = vexfs_normalize_f32(base, buffer.count)
        }
        return copy
    }
}

/// The scan of one chunk: allowed rows in a row go to the kernel as one call, scattered ones are gathered.
///
/// Contract: lives only inside ``VectorRows/withChunks(_:)``, where `chunk` and `query` stay valid; reads row `i` of
/// the chunk only for places below `chunk.placeCount`.
private struct ChunkScan {
    let chunk: VectorChunk
    let strideBytes: Int
    let query: UnsafeBufferPointer<Float>
    let metric: Metric
    private var gathered: [UInt32] = []
    /// The rows of the gathered places, where the two differ.
    private var gatheredRows: [UInt32] = []
    private var scores: [Float]
    private var compared = 0

    /// Rows per kernel call: few enough for the scores to stay in the cache.
    private static var blockRows: Int { 256 }
    /// Runs shorter than this are cheaper to gather than to call the kernel for.
    private static var shortRun: Int { 8 }

    init(chunk: VectorChunk, strideBytes: Int, query: UnsafeBufferPointer<Float>, metric: Metric) {
        self.chunk = chunk
        self.strideBytes = strideBytes
        self.query = query
        self.metric = metric
        scores = [Float](repeating: 0, count: Self.blockRows)
        gathered.reserveCapacity(Self.blockRows)
    }

    /// Offers every allowed row of the chunk to the heap; returns how many there were.
    mutating func run(allowed: RowBitmap, into heap: inout NeighborHeap) -> Int {
        let first = Int(chunk.firstRow)
        allowed.forEachRun(in: first..<first + chunk.count) { run in
            let local = run.lowerBound - first..<run.upperBound - first
            let places = chunk.places(of: local)
            compared += places.count
            if places.count < Self.shortRun {
                gather(places, of: local, into: &heap)
            } else {
                scan(places, of: local, into: &heap)
            }
        }
        flush(into: &heap)
        return compared
    }

    private mutating func scan(_ places: Range<Int>, of local: Range<Int>, into heap: inout NeighborHeap) {
        let rows = chunk.packed?.rows(in: local)
        var start = places.lowerBound
        while start < places.upperBound {
            let count = min(Self.blockRows, places.upperBound - start)
            vexfs_scan_f32(
                metric.measure, query.baseAddress, query.count, chunk.base + start * strideBytes, strideBytes, count,
                &scores)
            finish(count)
            for index in 0..<count {
                let row = rows.map { $0[start + index - places.lowerBound] } ?? Row(start + index)
                heap.offer(Neighbor(row: chunk.firstRow + row, score: scores[index]))
            }
            start += count
        }
    }

    private mutating func gather(_ places: Range<Int>, of local: Range<Int>, into heap: inout NeighborHeap) {
        let rows = chunk.packed?.rows(in: local)
        for place in places {
            gathered.append(UInt32(place))
            if let rows { gatheredRows.append(rows[place - places.lowerBound]) }
            if gathered.count == Self.blockRows { flush(into: &heap) }
        }
    }

    private mutating func flush(into heap: inout NeighborHeap) {
        guard !gathered.isEmpty else { return }
        vexfs_gather_f32(
            metric.measure, query.baseAddress, query.count, chunk.base, strideBytes, gathered, gathered.count, &scores)
        finish(gathered.count)
        for (index, place) in gathered.enumerated() {
            let row = chunk.packed == nil ? place : gatheredRows[index]
            heap.offer(Neighbor(row: chunk.firstRow + row, score: scores[index]))
        }
        gathered.removeAll(keepingCapacity: true)
        gatheredRows.removeAll(keepingCapacity: true)
    }

    /// Distances are compared as they are shown, not squared: rounding of the root may make two of them equal.
    private mutating func finish(_ count: Int) {
        guard metric == .euclidean else { return }
        for index in 0..<count { scores[index] = scores[index].squareRoot() }
    }
}
