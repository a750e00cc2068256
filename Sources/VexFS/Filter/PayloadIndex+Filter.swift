/// Filters as sets of rows.
extension PayloadIndex {
    /// The rows of `live` that match, exactly as ``Filter/matches(_:)`` has it.
    ///
    /// A field's column that lacks rows of `live` is filled first; all that lack some are filled in one go.
    func rows(
        matching filter: Filter, among live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> RowBitmap {
        try found(by: filter, among: live, from: source).intersection(live)
    }

    /// How many rows of `live` match; cheaper than the rows themselves.
    func count(
        matching filter: Filter, among live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> Int {
        try found(by: filter, among: live, from: source).intersectionCount(live)
    }

    private func found(
        by filter: Filter, among live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> RowBitmap {
        let columns = try cover(filter.paths, live) { (rows, keys, body) throws(VexFSError) in
            try source.loadPayloads(rows, keeping: keys, body)
        }
        return try FilterEvaluation(index: self, columns: columns, live: live, source: source).rows(matching: filter)
    }
}

/// One evaluation of a filter over columns that know all of its rows.
private struct FilterEvaluation<Source: FilterSource> {
    let index: PayloadIndex
    let columns: [PayloadPath: PayloadIndex.Field]
    let live: RowBitmap
    let source: Source

    /// The rows that match, with or without others that are not in `live`.
    func rows(matching filter: Filter) throws(VexFSError) -> RowBitmap {
        switch filter {
        case .and(let filters): return try rows(matchingAll: filters)
        case .or(let filters):
            var union = PostingsUnion()
            for filter in filters { union.add(try rows(matching: filter)) }
            return union.rows()
        case .not(let filter): return live.subtracting(try rows(matching: filter))
        case .atLeast(let count, let filters): return try rows(matching: count, of: filters)
        case .field(let path, let condition):
            return columns[path]?.rows(meeting: condition, among: live) ?? RowBitmap()
        case .document(let condition):
            return try index.documents.rows(meeting: condition, among: live, from: source)
        case .nested(let path, let inner):
            return try index.elements.rows(
                matching: filter, among: try rows(matching: inner.relaxed(to: path)).intersection(live), of: live,
                from: source)
        case .hasID(let ids): return try source.rows(withIdentifiers: ids)
        case .hasVector(let name): return try source.rows(withVector: name)
        case .slice(let slice): return try source.slices.rows(in: slice, among: live, from: source)
        }
    }

    /// The rows that match all filters: the smallest sets are intersected first, negations take their rows out.
    private func rows(matchingAll filters: [Filter]) throws(VexFSError) -> RowBitmap {
        var kept: [RowBitmap] = []
        var excluded: [RowBitmap] = []
        for filter in filters {
            if case .not(let inner) = filter {
                excluded.append(try rows(matching: inner))
            } else {
                kept.append(try rows(matching: filter))
                if kept.last?.isEmpty == true { return RowBitmap() }
            }
        }
        kept.sort { $0.count < $1.count }
        var result = kept.first ?? live
        for rows in kept.dropFirst() where !result.isEmpty { result.formIntersection(rows) }
        for rows in excluded where !result.isEmpty { result.subtract(rows) }
        return result
    }

    /// Above so many, counting for each row is cheaper than a set for each number.
    private static var manyLevels: Int { 8 }

    /// The rows that match so many of the filters, of which there are many. O(rows that match each).
    private func countedRows(matching count: Int, of filters: [Filter]) throws(VexFSError) -> RowBitmap {
        guard let last = live.last else { return RowBitmap() }
        var counts = [UInt32](repeating: 0, count: Int(last) + 1)
        for filter in filters {
            try rows(matching: filter).intersection(live).forEach { counts[Int($0)] += 1 }
        }
        return RowBitmap(counts.indices.filter { Int(counts[$0]) >= count }.map { Row($0) })
    }

    /// The rows that match so many of the filters.
    private func rows(matching count: Int, of filters: [Filter]) throws(VexFSError) -> RowBitmap {
        guard count > 0 else { return live }
        guard count <= filters.count else { return RowBitmap() }
        if count > Self.manyLevels { return try countedRows(matching: count, of: filters) }
        // The rows that match 1, 2, … of the filters so far.
        var levels = [RowBitmap](repeating: RowBitmap(), count: count)
        for filter in filters {
            let found = try rows(matching: filter)
            for level in levels.indices.reversed() {
                levels[level].formUnion(level == 0 ? found : levels[level - 1].intersection(found))
            }
        }
        return levels[count - 1]
    }
}

extension Filter {
    /// The paths whose columns an index needs.
    var paths: Set<PayloadPath> {
        var paths: Set<PayloadPath> = []
        collectPaths(into: &paths)
        return paths
    }

    private func collectPaths(into paths: inout Set<PayloadPath>) {
        switch self {
        case .and(let filters), .or(let filters), .atLeast(_, let filters):
            for filter in filters { filter.collectPaths(into: &paths) }
        case .not(let filter): filter.collectPaths(into: &paths)
        case .field(let path, _): paths.insert(path)
        case .nested(let path, let filter): filter.relaxed(to: path).collectPaths(into: &paths)
        case .document, .hasID, .hasVector, .slice: break
        }
    }

    /// A filter without conditions on single elements that lets through at least what has an element at the path that
    /// matches this one.
    fileprivate func relaxed(to path: PayloadPath) -> Filter {
        let element = path.appending(.each)
        switch self {
        case .and(let filters): return .and(filters.map { $0.relaxed(to: path) } + [.exists(field: element)])
        case .or(let filters): return .or(filters.map { $0.relaxed(to: path) })
        case .atLeast(let count, let filters):
            return count > 0 ? .atLeast(count, filters.map { $0.relaxed(to: path) }) : .exists(field: element)
        case .not: return .exists(field: element)
        case .nested(let inner, let filter):
            return inner.literal == nil ? filter.relaxed(to: element.appending(inner)) : .exists(field: element)
        case .field(let inner, let condition):
            guard inner.literal == nil, condition.needsValue else { return .exists(field: element) }
            return .field(element.appending(inner), condition)
        case .document, .hasID, .hasVector, .slice: return .or([])
        }
    }
}

extension FieldCondition {
    /// Whether it takes a value to meet the condition, and one that meets it is enough.
    fileprivate var needsValue: Bool {
        switch self {
        case .isEmpty: false
        case .count(let range): !range.contains(.integer(0))
        default: true
        }
    }
}
