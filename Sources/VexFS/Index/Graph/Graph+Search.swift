import CVexKernels

extension Graph {
    /// The nearest rows to a query, all or those that pass.
    /// - Throws: `outOfMemory`.
    func search(_ query: SegmentQuery, filter: SegmentFilter?) throws(VexFSError) -> SegmentAnswer {
        let passing = min(filter?.passing ?? count, count)
        guard query.limit > 0, passing > 0, query.vector.count == points.dimension else { return SegmentAnswer() }
        let coded = GraphQuery(query.vector, for: points, metric: metric)
        guard let filter, filter.passing < count else { return try searchAll(query, coded) }
        return try search(query, coded, filter)
    }

    /// A segment this small is scanned: a walk would compare about as many.
    private static var smallCount: Int { 512 }

    private func searchAll(_ query: SegmentQuery, _ coded: GraphQuery) throws(VexFSError) -> SegmentAnswer {
        guard count > Self.smallCount, query.limit < count / 4 else { return scan(query, coded, among: nil) }
        var answer = try contexts.withContext { context throws(VexFSError) in
            var walk = try begin(coded, context, pool: query.ef, found: 0)
            enter(&walk)
            vexfs_codes_kernels().pointee.walk(&walk)
            return finish(query, coded, walk.pool, compared: walk.compared)
        }
        // What no walk reaches is found by looking at everything.
        guard answer.neighbors.count >= query.limit else { return scan(query, coded, among: nil) }
        answer.plan = "graph walk"
        return answer
    }

    /// Calls `body` with the rows that pass as walks ask for them.
    func withPassing<Answer>(
        _ rows: RowBitmap, _ body: (UnsafePointer<vexfs_passing>) throws(VexFSError) -> Answer
    ) throws(VexFSError) -> Answer {
        let answer: Result<Answer, VexFSError> = rows.withTable(through: self.rows.last ?? 0) { words in
            var passing = vexfs_passing(
                words: words, rows: listedRows.map { UnsafePointer($0.base) }, first: self.rows.first)
            return withUnsafePointer(to: &passing) { passing in
                do throws(VexFSError) { return .success(try body(passing)) } catch { return .failure(error) }
            }
        }
        return try answer.get()
    }

    /// How many candidates are compared once more.
    static func rescored(_ query: SegmentQuery) -> Int { max(20, query.limit, query.ef / 2) }

    /// Compares the best of a pool with the full vectors.
    func finish(
        _ query: SegmentQuery, _ coded: GraphQuery, _ pool: vexfs_pool, compared: UInt64
    ) -> SegmentAnswer {
        let rescored = min(Int(pool.count), Self.rescored(query))
        var answer = SegmentAnswer()
        answer.compared = Int(compared)
        answer.rescored = rescored
        answer.neighbors = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(1, rescored)) { places in
            for index in 0..<rescored { places[index] = vexfs_item_place(pool.items[index]) }
            return neighbors(UnsafeBufferPointer(rebasing: places[..<rescored]), query: query)
        }
        return answer
    }

    /// The nearest of some places by their full vectors.
    func neighbors(_ places: UnsafeBufferPointer<UInt32>, query: SegmentQuery) -> [Neighbor] {
        let count = places.count
        let vectors = query.vectors ?? vectors
        guard count > 0 else { return [] }
        return withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { addresses in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scores in
                for index in 0..<count { addresses[index] = vectors.address(of: rows[Int(places[index])]) }
                vexfs_score_vectors(
                    metric.measure, query.vector, query.vector.count, addresses.baseAddress, count, scores.baseAddress)
                var found: [Neighbor] = []
                found.reserveCapacity(count)
                for index in 0..<count where !scores[index].isNaN {
                    let score = metric == .euclidean ? scores[index].squareRoot() : scores[index]
                    found.append(Neighbor(row: rows[Int(places[index])], score: score))
                }
                found.sort(by: NeighborOrder(metric).precedes)
                if found.count > query.limit { found.removeLast(found.count - query.limit) }
                return found
            }
        }
    }
}
