/// Filters as sets of rows.
extension PayloadIndex {
    /// The rows of `live` that match, exactly as ``Filter/matches(_:)`` has it.
    ///
    /// A field's column that lacks rows of `live` is filled first; all that lack some are filled in one go.
    public func rows(
        matching filter: Filter, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> RowBitmap {
        let columns = try cover(filter.fields, live, load)
        return Self.found(by: filter, among: live, in: columns).intersection(live)
    }

    /// How many rows of `live` match; cheaper than the rows themselves.
    public func count(
        matching filter: Filter, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> Int {
        let columns = try cover(filter.fields, live, load)
        return Self.found(by: filter, among: live, in: columns).intersectionCount(live)
    }

    /// The rows that match, with or without others that are not in `live`.
    private static func found(
        by filter: Filter, among live: RowBitmap, in columns: [ByteString: Field]
    ) -> RowBitmap {
        func rows(_ field: String, _ body: (inout PayloadColumn) -> RowBitmap) -> RowBitmap {
            columns[ByteString(field)]?.withColumn(body) ?? RowBitmap()
        }
        switch filter {
        case .and(let filters): return found(byAll: filters, among: live, in: columns)
        case .or(let filters):
            var union = PostingsUnion()
            for filter in filters { union.add(found(by: filter, among: live, in: columns)) }
            return union.rows()
        case .not(let filter): return live.subtracting(found(by: filter, among: live, in: columns))
        case .exists(let field): return rows(field) { $0.present }
        case .anyOf(let field, let values): return rows(field) { $0.rows(withAnyOf: values) }
        case .range(let field, let range): return rows(field) { $0.rows(in: range) }
        case .textMatch(let field, let text): return rows(field) { $0.rows(withText: text) }
        case .time(let field, let range): return rows(field) { $0.rows(in: range) }
        case .uuid(let field, let wanted): return rows(field) { $0.rows(withAnyOf: wanted) }
        case .geo(let field, let area): return rows(field) { $0.rows(in: area) }
        }
    }

    /// The rows that match all filters: the smallest sets are intersected first, negations take their rows out.
    private static func found(
        byAll filters: [Filter], among live: RowBitmap, in columns: [ByteString: Field]
    ) -> RowBitmap {
        var kept: [RowBitmap] = []
        var excluded: [RowBitmap] = []
        for filter in filters {
            if case .not(let inner) = filter {
                excluded.append(found(by: inner, among: live, in: columns))
            } else {
                kept.append(found(by: filter, among: live, in: columns))
                if kept.last?.isEmpty == true { return RowBitmap() }
            }
        }
        kept.sort { $0.count < $1.count }
        var result = kept.first ?? live
        for rows in kept.dropFirst() where !result.isEmpty { result.formIntersection(rows) }
        for rows in excluded where !result.isEmpty { result.subtract(rows) }
        return result
    }
}

extension Filter {
    /// The fields that the conditions look at.
    var fields: Set<ByteString> {
        var fields: Set<ByteString> = []
        collectFields(into: &fields)
        return fields
    }

    private func collectFields(into fields: inout Set<ByteString>) {
        switch self {
        case .and(let filters), .or(let filters): for filter in filters { filter.collectFields(into: &fields) }
        case .not(let filter): filter.collectFields(into: &fields)
        case .anyOf(let field, _), .range(let field, _), .exists(let field), .textMatch(let field, _),
            .time(let field, _), .uuid(let field, _), .geo(let field, _):
            fields.insert(ByteString(field))
        }
    }
}
