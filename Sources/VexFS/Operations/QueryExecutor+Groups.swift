/// A query whose answer is groups of points.
public struct GroupQuery: Sendable, Equatable {
    /// How many groups and points in each where none are named.
    public static let (defaultLimit, defaultSize) = (10, 3)

    /// What points are ranked by. Its limit and offset are left aside.
    public var operation: QueryOperation
    /// The field whose value names the group.
    public var key: PayloadPath
    /// The most groups.
    public var limit: Int
    /// The most points of a group.
    public var size: Int
    /// The collection with a point for each group, whose id is the group's; nil for none.
    public var lookup: String?

    /// Describes a query.
    public init(
        _ operation: QueryOperation, by key: PayloadPath, limit: Int = defaultLimit, size: Int = defaultSize,
        lookup: String? = nil
    ) {
        self.operation = operation
        self.key = key
        self.limit = limit
        self.size = size
        self.lookup = lookup
    }
}

/// Points with one value of a field.
public struct PointGroup: Sendable, Equatable {
    /// The value: a string or an integer.
    public var id: Filter.Value
    /// The best points that have it, best first.
    public var points: [ScoredRow]
    /// The row of the group's point in the collection that was looked up.
    public var lookup: Row?
}

/// Ranked points sorted into groups.
private struct Grouping {
    let limit: Int
    let size: Int
    private(set) var groups: [PointGroup] = []
    private var places: [Filter.Value: Int] = [:]
    /// The rows of each group.
    private var rows: [Set<Row>] = []

    init(limit: Int, size: Int) {
        self.limit = limit
        self.size = size
    }

    /// Takes the next best point. Only the first `limit` groups are kept: no later one can be better.
    mutating func add(_ point: ScoredRow, to keys: [Filter.Value]) {
        for key in keys {
            if let place = places[key] {
                // Ordered by a field, a point may come several times.
                guard groups[place].points.count < size, rows[place].insert(point.row).inserted else { continue }
                groups[place].points.append(point)
            } else if groups.count < limit {
                places[key] = groups.count
                groups.append(PointGroup(id: key, points: [point]))
                rows.append([point.row])
            }
        }
    }

    var hasAllGroups: Bool { groups.count >= limit }
    var unfilled: [Filter.Value] { groups.filter { $0.points.count < size }.map(\.id) }
}

extension QueryExecutor {
    /// The groups with the best points, in the order of their best ones.
    ///
    /// A point belongs to a group for each distinct value of an array; one that has any value which is neither string
    /// nor integer, or no value, belongs to none. Exact: as many points are ranked as it takes to know the groups and
    /// fill them. Prefetches find `size` times as many points as they say.
    public mutating func groups(_ query: GroupQuery) throws(VexFSError) -> [PointGroup] {
        guard query.limit > 0, query.size > 0 else { return [] }
        var operation = query.operation
        operation.offset = 0
        operation.prefetch = operation.prefetch.map { Self.widened($0, by: query.size) }
        var known: [Row: [Filter.Value]] = [:]
        let field = Self.narrowingField(query)
        let found = try ranked(operation, query, among: source.rows, &known) { grouping in
            grouping.hasAllGroups && (field != nil || grouping.unfilled.isEmpty)
        }
        let unfilled = found.unfilled
        guard let field, found.hasAllGroups, !unfilled.isEmpty else { return try lookedUp(found.groups, query) }
        // The groups are known; only points of those that lack some are ranked further.
        let rest = try source.rows(matching: .field(field, .anyOf(ValueList(unfilled))), among: source.rows)
        let filled = try ranked(operation, query, among: rest, &known, only: Set(unfilled)) { $0.unfilled.isEmpty }
        let groups = found.groups.map { group in filled.groups.first { $0.id == group.id } ?? group }
        return try lookedUp(groups, query)
    }

    /// The field by which points of a group can be found, where the order among them alone is their order among all.
    private static func narrowingField(_ query: GroupQuery) -> PayloadPath? {
        guard query.operation.prefetch.isEmpty else { return nil }
        switch query.operation.query {
        case .sample?, .nearest(_, diversity: _?)?: return nil
        default: return query.key
        }
    }

    private static func isDiverse(_ operation: QueryOperation) -> Bool {
        if case .nearest(_, diversity: _?)? = operation.query { true } else { false }
    }

    private static func isOrdered(_ operation: QueryOperation) -> Bool {
        if case .orderBy? = operation.query { true } else { false }
    }

    /// Every prefetch with a larger limit.
    private static func widened(_ operation: QueryOperation, by factor: Int) -> QueryOperation {
        var wider = operation
        wider.limit = operation.limit.multipliedReportingOverflow(by: factor).overflow ? .max : operation.limit * factor
        wider.prefetch = operation.prefetch.map { widened($0, by: factor) }
        return wider
    }

    /// Ranks ever more points until there are enough, or no more.
    private mutating func ranked(
        _ operation: QueryOperation, _ query: GroupQuery, among rows: RowBitmap,
        _ known: inout [Row: [Filter.Value]], only wanted: Set<Filter.Value>? = nil, until isDone: (Grouping) -> Bool
    ) throws(VexFSError) -> Grouping {
        var operation = operation
        // Prefetches and samples are limited by themselves, and asking again would ask something else.
        let isWhole = !operation.prefetch.isEmpty || operation.query == .sample
        let all = Self.isOrdered(operation) ? Int(Int32.max) : max(1, rows.count)
        operation.limit = isWhole ? all : min(query.limit * query.size, all)
        while true {
            var grouping = Grouping(limit: wanted?.count ?? query.limit, size: query.size)
            let points = try run(operation, among: rows)
            for point in points {
                if known[point.row] == nil { known[point.row] = try keys(of: point.row, query.key) }
                let keys = known[point.row] ?? []
                grouping.add(point, to: wanted.map { wanted in keys.filter { wanted.contains($0) } } ?? keys)
            }
            // What differs from each other differs from more in a longer answer.
            let isLast = points.count < operation.limit || operation.limit >= all || Self.isDiverse(operation)
            if isLast || isDone(grouping) { return grouping }
            operation.limit = min(operation.limit * 4, all)
        }
    }

    private func keys(of row: Row, _ path: PayloadPath) throws(VexFSError) -> [Filter.Value] {
        var keys: [Filter.Value] = []
        var seen: Set<Filter.Value> = []
        for value in try source.payload(of: row)?.values(at: path) ?? [] {
            let key: Filter.Value
            switch value {
            case .integer(let number): key = .integer(number)
            case .string(let text): key = .string(ByteString(text))
            default: return []
            }
            if seen.insert(key).inserted { keys.append(key) }
        }
        return keys
    }

    private func lookedUp(_ groups: [PointGroup], _ query: GroupQuery) throws(VexFSError) -> [PointGroup] {
        guard let name = query.lookup else { return groups }
        let there = name == source.name ? source : try source.collection(named: name)
        return groups.map { group in
            var group = group
            group.lookup = there.row(of: PointIdentifier(group.id.text))
            return group
        }
    }
}
