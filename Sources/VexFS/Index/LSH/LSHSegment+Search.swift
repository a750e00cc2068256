import CVexKernels

extension LSHSegment {
    /// The nearest of the rows that share a probed bucket with the query and pass the filter; where those are too few,
    /// of all that pass.
    ///
    /// Looks into ``LSHOptions/probes`` buckets of each table for an ef of 64, in proportion for others, and on while
    /// fewer than the limit were found there. O(tables × probes + candidates × dimension).
    public func search(_ query: SegmentQuery, filter: SegmentFilter?) -> SegmentAnswer {
        let passing = filter?.passing ?? rows.count
        guard passing > 0, query.limit > 0 else {
            var answer = SegmentAnswer()
            answer.isExact = true
            answer.plan = "hash tables, nothing to look for"
            return answer
        }
        return withExtendedLifetime((vectors, file)) {
            // Few rows are compared faster than tables are looked into.
            let few = max(2 * query.limit, 256)
            if passing <= few || filter != nil && passing <= 4096 { return all(query, filter) }
            var probe = LSHProbe(self, query)
            let found =
                filter.map { filter in
                    filter.rows.words.withUnsafeBufferPointer { probe.run(bitmap: $0) }
                } ?? probe.run(bitmap: nil)
            return found.neighbors.count >= min(query.limit, passing) ? found : all(query, filter)
        }
    }

    /// The exact search.
    private func all(_ query: SegmentQuery, _ filter: SegmentFilter?) -> SegmentAnswer {
        var rescoring = Rescoring(vectors, metric, query)
        let chosen = Scratch<Row>(rows.count)
        var count = 0
        for place in 0..<rows.count {
            let row = rows[place]
            guard filter?.rows.contains(row) ?? true else { continue }
            chosen.start[count] = row
            count += 1
        }
        rescoring.compare(chosen.start, count: count)
        var answer = SegmentAnswer()
        answer.neighbors = rescoring.neighbors
        answer.rescored = count
        answer.isExact = true
        answer.plan = "scan of \(count) rows"
        return answer
    }
}

/// One search through the tables. Contract: lives inside one call of ``LSHSegment/search(_:filter:)``.
private struct LSHProbe {
    private let segment: LSHSegment
    private let query: SegmentQuery
    /// A bit for each place that was looked at.
    private let seen: Scratch<UInt64>
    private let chosen: Scratch<Row>
    private var count = 0

    init(_ segment: LSHSegment, _ query: SegmentQuery) {
        self.segment = segment
        self.query = query
        seen = Scratch((segment.rows.count + 63) / 64, repeating: 0)
        chosen = Scratch(segment.rows.count)
    }

    mutating func run(bitmap: UnsafeBufferPointer<UInt64>?) -> SegmentAnswer {
        let functions = segment.functions
        let values = Scratch<Float>(functions.columns)
        query.vector.withUnsafeBufferPointer { vector in
            guard let base = vector.baseAddress else { return }
            withUnsafePointer(to: base) { functions.project($0, count: 1, into: values.start) }
        }
        let probes = max(1, segment.probes * max(query.ef, query.limit) / 64)
        for table in 0..<functions.tables {
            var order = LSHProbes(functions, table: table, projections: values.start + table * functions.perTable)
            take(table, order.home, bitmap)
            for _ in 1..<max(probes, 1) {
                guard let bucket = order.next() else { break }
                take(table, bucket, bitmap)
            }
        }
        var rescoring = Rescoring(query.vectors ?? segment.vectors, segment.metric, query)
        rescoring.compare(chosen.start, count: count)
        var answer = SegmentAnswer()
        answer.neighbors = rescoring.neighbors
        answer.rescored = count
        answer.plan = "hash tables, \(probes) buckets in each of \(functions.tables)"
        return answer
    }

    private mutating func take(_ table: Int, _ bucket: UInt32, _ bitmap: UnsafeBufferPointer<UInt64>?) {
        for place in segment.members(table: table, bucket: bucket) {
            let bit: UInt64 = 1 << UInt64(place & 63)
            let word = seen.start + Int(place >> 6)
            guard word.pointee & bit == 0 else { continue }
            word.pointee |= bit
            let row = segment.rows[Int(place)]
            if let bitmap {
                let index = Int(row >> 6)
                guard index < bitmap.count, bitmap[index] >> UInt64(row & 63) & 1 != 0 else { continue }
            }
            chosen.start[count] = row
            count += 1
        }
    }
}
