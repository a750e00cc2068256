import CVexKernels

/// Searching by another metric than the collection's: for callers that name one with each search.
extension Collection {
    /// The rows nearest to a vector by a metric, nearest first.
    ///
    /// By the collection's own metric the index is asked, by another one every stored vector is compared: those of a
    /// cosine collection have length 1. O(rows × dimension) then.
    /// - Throws: `dimensionMismatch`, `invalidVector`; `invalidArgument` where the collection has no vectors yet and no
    ///   dimension.
    public func nearest(_ vector: [Float], limit: Int, by metric: Metric) throws(VexFSError) -> [Neighbor] {
        let settings = configuration.unnamed
        guard settings.dimension != nil else {
            throw VexFSError(.invalidArgument, "the collection has no vectors yet, and its dimension is not set")
        }
        if metric == settings.metric {
            try settings.check(vector)
            return try nearest(vector, IndexQuery(limit: limit)).neighbors
        }
        // What makes sense by the collection's metric is not asked here: a query of zeros is at a distance, too.
        var asked = VectorSettings()
        asked.metric = metric
        asked.dimension = settings.dimension
        try asked.check(vector)
        let live = state.withLock { $0.unnamed.withVector }
        guard let view = currentIndex(of: VectorSpace.unnamed) else { return [] }
        guard metric == .cosine else {
            let index = FlatIndex(rows: view.rows, metric: metric)
            return try index.search(vector, IndexQuery(limit: limit), allowed: live).neighbors
        }
        return Self.cosines(of: vector.normalized(), view.rows, live, limit)
    }

    /// Cosines with vectors of any length; one of zeros has no direction and is left out.
    private static func cosines(
        of query: [Float], _ rows: VectorRows, _ live: RowBitmap, _ limit: Int
    ) -> [Neighbor] {
        var heap = NeighborHeap(limit: limit, metric: .cosine)
        query.withUnsafeBufferPointer { query in
            guard let own = query.baseAddress else { return }
            live.forEach { row in
                let cosine = rows.withVector(row) { vector -> Float? in
                    // Both have the collection's dimension.
                    guard let other = vector.baseAddress else { return nil }
                    let square = vexfs_distance_f32(VEXFS_MEASURE_DOT, other, other, query.count)
                    guard square > 0 else { return nil }
                    return vexfs_distance_f32(VEXFS_MEASURE_DOT, own, other, query.count) / square.squareRoot()
                }
                if let cosine = cosine ?? nil { heap.offer(Neighbor(row: row, score: cosine)) }
            }
        }
        return heap.sorted()
    }

    /// Prepares a collection without vectors for callers that name a metric with each search: vectors are kept as they
    /// are given, and compared by their distance where nothing else is said. One with vectors keeps its settings.
    /// - Throws: `dimensionMismatch` where it has another dimension.
    public func keepVectorsAsGiven(dimension: Int) throws(VexFSError) {
        let current = configuration
        if let fixed = current.dimension, fixed != dimension {
            throw VexFSError(
                .dimensionMismatch, "this collection's vectors have \(fixed) components, not \(dimension)")
        }
        let isEmpty = state.withLock { $0.unnamed.vectors == nil }
        guard current.dimension == nil || isEmpty && current.metric == .cosine else { return }
        var change: [JSON.Member] = [.init("dimension", .integer(Int64(dimension)))]
        if isEmpty, current.metric == .cosine { change.append(.init("metric", .string(Metric.euclidean.rawValue))) }
        try setConfiguration(JSON.object(change).compact)
    }

    /// A number for each row by which programs know its document: its id where that is a whole number below 2⁶³, else
    /// the file's number with the top bit set, `nil` where it is gone.
    public func numbers(of rows: [Row]) -> [(number: UInt64, isIdentifier: Bool)?] {
        let files = state.withLock { state in rows.map { state.rows.file(of: $0) } }
        return zip(files, identifiers(of: rows)).map { file, id in
            guard let file, let id else { return nil }
            if case .integer(let number) = id, number < 1 << 63 { return (number, true) }
            return (file, false)
        }
    }

    /// A number that no document has been given as its id by ``insert(_:vectors:sync:existing:)`` yet, as far as can be
    /// told without looking: rows are never used twice.
    public var unusedNumber: UInt64 { UInt64(state.withLock { $0.rows.next }) }
}
