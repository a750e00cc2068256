/// The index of a collection at one moment: segments for most rows, and a scan over the rows that no segment covers
/// yet. Every row can be found as soon as it is there.
public struct SegmentedIndex: VectorIndex {
    /// What scans the rows outside the segments.
    private let scan: any VectorIndex
    private let segments: SegmentList
    /// The full vectors of all rows.
    private let vectors: VectorRows
    private let defaultEf: Int?
    /// How many of the segments are lists of new rows.
    private let listCount: Int

    /// How vectors are compared.
    public var metric: Metric { scan.metric }
    /// Components of a vector.
    public var dimension: Int { scan.dimension }
    /// What the index does, in words.
    public var plan: String { segments.entries.isEmpty ? scan.plan : "\(segments.entries.count) segments and a scan" }

    /// An index over segments and, for the rows that they don't cover, a scan.
    ///
    /// `scan` must be able to answer for the rows outside the segments; `defaultEf` is the breadth of queries that name
    /// none, nil for what suits each segment.
    public init(segments: SegmentList, scan: any VectorIndex, vectors: VectorRows, defaultEf: Int?) {
        self.vectors = vectors
        self.segments = segments
        self.scan = scan
        self.defaultEf = defaultEf
        listCount = segments.entries.count { Self.isYoung($0.segment) }
    }

    /// Whether a segment is one of the lists that new rows become first.
    private static func isYoung(_ segment: (any IndexSegment)?) -> Bool {
        segment is ListSegment && segment?.rows.count ?? 0 <= IndexPolicy().listLimit
    }

    /// The breadth in a segment for a query that names none.
    ///
    /// While rows come in faster than graphs are built, lists become many, and the nearest rows are spread over all of
    /// them: each is then gone through less far. In 46 of them with a million rows of 128 components a breadth of 48
    /// found 0.996 of the ten nearest and took two thirds of the time.
    private func breadth(in segment: any IndexSegment) -> Int {
        let ef = defaultEf ?? segment.defaultEf
        guard defaultEf == nil, listCount > Self.fewLists, Self.isYoung(segment) else { return ef }
        let share = (Double(Self.fewLists) / Double(listCount)).squareRoot()
        return max(min(ef, Self.leastBreadth), Int(Double(ef) * share))
    }

    private static let fewLists = 8
    private static let leastBreadth = 48

    /// The nearest rows among those in `allowed`: exact among the rows outside the segments, as near as `ef` makes it
    /// within them. O(rows outside × dimension + segments × ef × dimension).
    public func search(_ vector: [Float], _ query: IndexQuery, allowed: RowBitmap) throws(VexFSError) -> IndexAnswer {
        guard !segments.entries.isEmpty else { return try scan.search(vector, query, allowed: allowed) }
        let prepared = try metric.prepare(vector, dimension: dimension)
        var answers: [[Neighbor]] = []
        var answer = IndexAnswer(neighbors: [], compared: 0)
        for entry in segments.entries {
            guard query.limit > 0, let segment = entry.segment else { continue }
            let passing = allowed.count(in: Int(entry.range.lowerBound)..<Int(entry.range.upperBound))
            guard passing > 0 else { continue }
            let isWhole = passing == segment.rows.count
            // Memory is taken for as many candidates, and there are no more than rows.
            let ef = min(query.ef ?? breadth(in: segment), max(segment.rows.count, segment.defaultEf))
            let found = try segment.search(
                SegmentQuery(vector: prepared, limit: query.limit, ef: ef, vectors: vectors),
                filter: isWhole ? nil : SegmentFilter(rows: allowed, passing: passing))
            answer.compared += found.compared
            answer.rescored += found.rescored
            answer.isExact = answer.isExact && found.isExact
            answer.parts.append(found.plan)
            answers.append(found.neighbors)
        }
        let outside = allowed.subtracting(segments.covered)
        if !outside.isEmpty {
            let found = try scan.search(vector, query, allowed: outside)
            answer.compared += found.compared
            answer.rescored += found.rescored
            answer.parts.append("\(scan.plan) of \(outside.count) rows")
            answers.append(found.neighbors)
        }
        answer.neighbors = answers.count == 1 ? answers[0] : .merged(answers, limit: query.limit, metric: metric)
        return answer
    }
}
