/// A page of points.
public struct ScrollQuery: Sendable, Equatable {
    /// The order of points.
    public enum Order: Sendable, Equatable {
        /// By ids: integers, then UUIDs, then names.
        case identifier
        /// As the points first came; a changed point keeps its place.
        case insertion
        /// By a field.
        case field(OrderBy)
    }

    /// What points have to be like.
    public var filter: Filter?
    /// Their order.
    public var order: Order
    /// The id that the page begins with, or the next one behind it where that is gone; only in the order of ids.
    public var start: PointIdentifier?
    /// How many points to leave out first; only in the order of insertion.
    public var offset: Int
    /// The most points.
    public var limit: Int

    /// Describes a page.
    public init(
        filter: Filter? = nil, order: Order = .identifier, start: PointIdentifier? = nil, offset: Int = 0,
        limit: Int = QueryOperation.defaultLimit
    ) {
        self.filter = filter
        self.order = order
        self.start = start
        self.offset = offset
        self.limit = limit
    }
}

/// A page of points and where the next one begins.
public struct ScrollPage: Sendable, Equatable {
    /// The points.
    public var points: [ScoredRow]
    /// The id that the next page begins with; nil behind the last, and in every order but that of ids.
    public var next: PointIdentifier?
}

extension QueryExecutor {
    /// A page of points. O(page) in the order of ids without a filter, else O(points that match).
    /// - Throws: `invalidQuery` where start or offset do not go with the order.
    public mutating func scroll(_ query: ScrollQuery) throws(VexFSError) -> ScrollPage {
        guard query.limit >= 0, query.offset >= 0 else {
            throw VexFSError(.invalidQuery, "limit and offset must not be negative")
        }
        guard query.start == nil || query.order == .identifier, query.offset == 0 || query.order == .insertion else {
            throw VexFSError(
                .invalidQuery,
                "pages by ids begin at an id, pages in the order of insertion at an offset, pages by a field at a value"
            )
        }
        let allowed = try rows(matching: query.filter, among: source.rows)
        switch query.order {
        case .identifier:
            return try page(from: query.start, limit: query.limit, among: allowed)
        case .insertion:
            let found = source.inInsertionOrder(allowed, offset: query.offset, limit: query.limit)
            return ScrollPage(points: found.map { ScoredRow(row: $0, score: 1) })
        case .field(let order): return ScrollPage(points: try ordered(order, allowed, query.limit))
        }
    }

    /// A page in the order of ids. It is longer where several documents say that they have the last id: the next page
    /// begins with another one, so that whoever goes from page to page gets to the end.
    private func page(
        from start: PointIdentifier?, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> ScrollPage {
        var asked = limit.addingSaturating(1)
        var found = try source.page(from: start, limit: asked, among: rows)
        while limit > 0, found.count == asked, asked < .max, found[limit - 1].id == found[asked - 1].id {
            asked = asked.addingSaturating(asked)
            found = try source.page(from: start, limit: asked, among: rows)
        }
        var end = min(limit, found.count)
        while end > 0, end < found.count, found[end].id == found[end - 1].id { end += 1 }
        return ScrollPage(
            points: found[..<end].map { ScoredRow(row: $0.row, score: 1) },
            next: end < found.count ? found[end].id : nil)
    }

    /// How many points match: exactly, or about as many where that is cheaper.
    public mutating func count(matching filter: Filter? = nil, isExact: Bool = true) throws(VexFSError) -> Int {
        guard let filter, !isExact else { return try rows(matching: filter, among: source.rows).count }
        return try source.estimatedCount(matching: filter)
    }

    /// The values of a field that most points have, each with how many, most frequent first, then booleans, integers
    /// and strings in their order. Other values are left out.
    public mutating func facet(
        _ key: PayloadPath, matching filter: Filter? = nil, limit: Int = QueryOperation.defaultLimit
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        let allowed = try rows(matching: filter, among: source.rows)
        let found = try source.valueCounts(of: key, among: allowed).filter { value, count in
            if case .number = value { return false }
            return count > 0
        }
        return Array(
            found.sorted { left, right in
                left.count != right.count ? left.count > right.count : left.value.facetPrecedes(right.value)
            }.prefix(limit))
    }

    /// The `limit` nearest of `sample` random points to each of them.
    ///
    /// Fewer than two points have no matrix. O(sample² × dimension).
    public mutating func matrix(
        using name: String = "", matching filter: Filter? = nil, sample: Int = 10, limit: Int = 3
    ) throws(VexFSError) -> DistanceMatrix {
        guard limit > 0 else { return .empty }
        let allowed = try rows(matching: filter, among: source.rows).intersection(try source.rows(withVector: name))
        let sampled = RowBitmap(Sampling.rows(sample, of: allowed, using: &generator))
        guard sampled.count > 1 else { return .empty }
        let page = try source.page(from: nil, limit: sampled.count, among: sampled)
        var matrix = DistanceMatrix(rows: page.map(\.row), nearest: [])
        for row in matrix.rows {
            try requireCaller()
            guard let vector = try source.vector(of: row, named: name) else {
                matrix.nearest.append([])
                continue
            }
            var others = sampled
            others.remove(row)
            let near = try source.nearest(
                to: vector, in: name, limit: limit, among: others, SearchParameters(isExact: true))
            matrix.nearest.append(near.map { ScoredRow(row: $0.row, score: $0.score) })
        }
        return matrix
    }
}

extension Filter.Value {
    /// The order of values in a facet: booleans, integers, strings.
    fileprivate func facetPrecedes(_ other: Filter.Value) -> Bool {
        func rank(_ value: Filter.Value) -> Int {
            switch value {
            case .bool: 0
            case .integer, .number: 1
            case .string: 2
            }
        }
        if case (.bool(let left), .bool(let right)) = (self, other) { return !left && right }
        return isLess(than: other) ?? (rank(self) < rank(other))
    }
}
