import CVexKernels

extension VectorRows {
    /// How near rows are to queries, higher being nearer: `[rows × queries] Float32`, row-major; minus the squared
    /// distance where the metric is Euclidean, minus the distance where it is Manhattan.
    ///
    /// `queries` are `[queries × dimension] Float32`, of length 1 for cosine. Minus infinity for a row that no chunk
    /// holds. O(rows × queries × dimension).
    func similarities(of rows: [Row], to queries: [[Float]], _ metric: Metric) -> [Float] {
        var result = [Float](repeating: -.infinity, count: rows.count * queries.count)
        withChunks { chunks in
            var gathered = Gathered(rows: self, queries: queries, metric: metric)
            var chunk = 0
            for (index, row) in rows.enumerated() {
                if !chunks.isEmpty, !chunks[chunk].holds(row) {
                    gathered.flush(chunks[chunk], into: &result)
                    chunk = chunks.firstIndex { $0.holds(row) } ?? chunk
                }
                guard !chunks.isEmpty, chunks[chunk].holds(row),
                    let place = chunks[chunk].place(of: Int(row - chunks[chunk].firstRow))
                else { continue }
                gathered.places.append(UInt32(place))
                gathered.indices.append(index)
            }
            if !chunks.isEmpty { gathered.flush(chunks[chunk], into: &result) }
        }
        return result
    }

    /// Places of one chunk that wait to be compared.
    ///
    /// Contract: lives only inside ``withChunks(_:)``; the places are of the chunk that ``flush(_:into:)`` is given,
    /// below its `placeCount`.
    private struct Gathered {
        let rows: VectorRows
        let queries: [[Float]]
        let metric: Metric
        var places: [UInt32] = []
        /// Which of the wanted rows each place is.
        var indices: [Int] = []

        mutating func flush(_ chunk: VectorChunk, into result: inout [Float]) {
            guard !places.isEmpty else { return }
            var scores = [Float](repeating: 0, count: places.count)
            let sign: Float = metric.higherIsNearer ? 1 : -1
            for (query, vector) in queries.enumerated() {
                vexfs_gather_f32(
                    metric.measure, vector, vector.count, chunk.base, rows.strideBytes, places, places.count, &scores)
                for (place, index) in indices.enumerated() {
                    result[index * queries.count + query] = sign * scores[place]
                }
            }
            places.removeAll(keepingCapacity: true)
            indices.removeAll(keepingCapacity: true)
        }
    }
}

extension VectorChunk {
    /// Whether the chunk stands for the row.
    @inline(__always)
    fileprivate func holds(_ row: Row) -> Bool { row >= firstRow && Int(row - firstRow) < count }
}
