import CVexKernels

extension ListSegment {
    /// The nearest of the segment's rows, or of those that pass the filter; as many as there are up to the limit.
    ///
    /// Goes through more lists than ``SegmentQuery/ef`` asks for as long as too few rows passed. Where few pass at all,
    /// compares just those, exactly. O(lists × dimension + codes of the lists + rescored × dimension).
    public func search(_ query: SegmentQuery, filter: SegmentFilter?) -> SegmentAnswer {
        var answer = SegmentAnswer()
        let candidates = filter?.passing ?? rows.count
        guard candidates > 0, query.limit > 0 else {
            answer.isExact = true
            answer.plan = "list scan, 0 of \(shape.lists) lists"
            return answer
        }
        return withExtendedLifetime((vectors, file)) {
            if scansExactly(candidates, of: query) {
                return ListScan(segment: self, query: query).run(filter)
            }
            let found =
                filter.map { filter in
                    filter.rows.words.withUnsafeBufferPointer { words in
                        ListProbe(self, query, bitmap: words, passing: candidates).run()
                    }
                } ?? ListProbe(self, query, bitmap: nil, passing: candidates).run()
            return found ?? ListScan(segment: self, query: query).run(filter)
        }
    }

    /// Whether comparing every candidate in full costs less than going through lists does, or not much more.
    private func scansExactly(_ candidates: Int, of query: SegmentQuery) -> Bool {
        let breadth = breadth(of: query)
        if candidates <= 2 * breadth.rescored { return true }
        guard candidates < rows.count else { return false }
        // In nanoseconds: a full vector; a code and its bit in the filter; a centre.
        let full = 20 + 0.2 * Double(coder.dimension)
        let code = 1 + 0.005 * Double(coder.dimension)
        let share = Double(candidates) / Double(rows.count)
        let codes = min(Double(rows.count), Double(breadth.lists * rows.count / max(shape.lists, 1)) / share)
        let probing = codes * code + Double(breadth.rescored) * full + Double(shape.lists * coder.dimension) * 0.03
        return Double(candidates) * full <= 2 * probing
    }

    /// How many lists and full vectors a query's ef is worth. Lists grow with the fourth root of their number: rows
    /// that are near to a query lie in ever fewer of a segment's lists, but not in ever fewer lists.
    func breadth(of query: SegmentQuery) -> ListBreadth {
        let ef = Double(max(query.ef, query.limit))
        let lists = ef / 64 * 12 * Double(shape.lists).squareRoot().squareRoot()
        return ListBreadth(
            lists: min(shape.lists, max(1, Int(lists))),
            rescored: min(rows.count, max(48 + Int(ef * 0.75), 2 * query.limit + 32)))
    }
}

/// The exact search among all rows, or among those that pass.
struct ListScan {
    let segment: ListSegment
    let query: SegmentQuery

    func run(_ filter: SegmentFilter?) -> SegmentAnswer {
        var rescoring = Rescoring(query.vectors ?? segment.vectors, segment.metric, query)
        let batch = Scratch<Row>(1024)
        var filled = 0
        func take(_ range: Range<Int>, _ rescoring: inout Rescoring) {
            for row in range {
                batch.start[filled] = Row(row)
                filled += 1
                guard filled == batch.count else { continue }
                rescoring.compare(batch.start, count: filled)
                filled = 0
            }
        }
        let rows = segment.rows
        if let range = rows.last.map({ Int(rows.first)..<Int($0) + 1 }) {
            switch (filter?.rows, segment.members) {
            case (nil, nil): take(range, &rescoring)
            case (let passing?, nil): passing.forEachRun(in: range) { take($0, &rescoring) }
            case (nil, let members?): members.forEachRun(in: range) { take($0, &rescoring) }
            case (let passing?, var members?):
                members.formIntersection(passing)
                members.forEachRun(in: range) { take($0, &rescoring) }
            }
        }
        rescoring.compare(batch.start, count: filled)
        var answer = SegmentAnswer()
        answer.neighbors = rescoring.neighbors
        answer.rescored = rescoring.compared
        answer.isExact = true
        answer.plan = "scan of \(rescoring.compared) rows"
        return answer
    }
}
