import VexFS
import VexWire

/// Operations that read points.
extension Service {
    private static let standardColumns: Set<String> = ["documents", "metadatas"]
    private static let getKeys = Members.common.union(Members.selection).union(AnswerColumns.keys)
        .union(["order", "limit", "offset"])

    func get(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Self.getKeys)
        let columns = try AnswerColumns(members, standard: Self.standardColumns, request)
        let collection = try collection(members, request)
        let ids = try members.identifiers("ids", request.parts)
        let limit = try members.integer("limit", 0...Int(Int32.max)) ?? Int(Int32.max)
        let offset = try members.integer("offset", 0...Int(Int32.max)) ?? 0
        let filter = try members.filter()
        let source = points(of: collection, request)
        let points: [ScoredRow]
        switch (try members.string("order") ?? (ids == nil ? "insertion" : "given"), ids) {
        case ("given", let ids?):
            var rows = ids.compactMap { source.row(of: PointIdentifier($0)) }
            if let filter {
                let passing = try source.rows(matching: filter, among: RowBitmap(rows))
                rows = rows.filter(passing.contains)
            }
            points = rows.dropFirst(offset).prefix(limit).map { ScoredRow(row: $0, score: 1) }
        case ("given", nil): throw members.refused("order", "is \"given\", and there are no ids")
        case ("insertion", let ids?):
            var allowed = RowBitmap(ids.compactMap { source.row(of: PointIdentifier($0)) })
            if let filter { allowed = try source.rows(matching: filter, among: allowed) }
            points = source.inInsertionOrder(allowed, offset: offset, limit: limit)
                .map { ScoredRow(row: $0, score: 1) }
        case ("insertion", nil):
            var executor = executor(source, request)
            points = try executor.scroll(
                ScrollQuery(filter: filter, order: .insertion, offset: offset, limit: limit)
            ).points
        default: throw members.refused("order", "must be \"given\" or \"insertion\"")
        }
        if points.count == limit { answer.add("more", .bool(true)) }
        try columns.write(points, of: source, in: collection, &answer)
    }

    func scroll(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(
            request.body,
            keys: Members.common.union(Members.selection).union(AnswerColumns.keys).union([
                "start", "order_by", "limit",
            ]))
        let columns = try AnswerColumns(members, standard: Self.standardColumns, request)
        let collection = try collection(members, request)
        var query: ScrollQuery
        if let order = members["order_by"] {
            // Its reader knows how an order is written.
            query = try ScrollQuery(qdrant: .object([.init("order_by", order)]))
            guard members["start"] == nil else {
                throw members.refused("start", "does not go with order_by; use its start_from")
            }
        } else {
            query = ScrollQuery()
            if let start = members["start"] {
                guard let id = Members.identifier(start) else { throw members.refused("start", "must be an id") }
                query.start = PointIdentifier(id)
            }
        }
        query.limit = try members.integer("limit", 0...Int(Int32.max)) ?? QueryOperation.defaultLimit
        query.filter = try filter(members, request)
        let source = points(of: collection, request)
        var executor = executor(source, request)
        let page = try executor.scroll(query)
        try columns.write(page.points, of: source, in: collection, &answer)
        answer.add("next", page.next.map { .string($0.description) } ?? .null)
    }

    /// Filters and ids of a request together; nil without any.
    func filter(_ members: Members, _ request: ServiceRequest) throws(VexFSError) -> Filter? {
        let filter = try members.filter()
        guard let ids = try members.identifiers("ids", request.parts) else { return filter }
        let named = Filter.hasID(Set(ids))
        return filter.map { .and([named, $0]) } ?? named
    }

    func count(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(Members.selection).union(["exact"]))
        let collection = try collection(members, request)
        guard let filter = try filter(members, request) else {
            answer.add("count", collection.documentCount)
            return
        }
        var executor = executor(points(of: collection, request), request)
        answer.add(
            "count", try executor.count(matching: filter, isExact: try members.bool("exact", default: true)))
    }

    func facet(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(
            request.body, keys: Members.common.union(Members.selection).union(["key", "limit"]))
        let collection = try collection(members, request)
        let key = try PayloadPath(qdrant: members.requiredString("key"))
        var executor = executor(points(of: collection, request), request)
        let values = try executor.facet(
            key, matching: try filter(members, request),
            limit: try members.integer("limit", 1...Int(Int32.max)) ?? QueryOperation.defaultLimit)
        answer.add(
            "values",
            .array(
                values.map { value, count in
                    .object([.init("value", Self.json(value)), .init("count", .integer(Int64(count)))])
                }))
    }

    static func json(_ value: Filter.Value) -> JSON {
        switch value {
        case .bool(let flag): .bool(flag)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .string(let text): .string(text.string)
        }
    }

    func matrix(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(
            request.body,
            keys: Members.common.union(Members.selection).union(["using", "sample", "limit"]))
        let collection = try collection(members, request)
        let source = points(of: collection, request)
        var executor = executor(source, request)
        let matrix = try executor.matrix(
            using: try members.string("using") ?? "", matching: try filter(members, request),
            sample: try members.integer("sample", 2...10_000) ?? 10,
            limit: try members.integer("limit", 1...10_000) ?? 3)
        func id(_ row: Row) -> String { source.identifier(of: row)?.description ?? "" }
        answer.addArray("ids", matrix.rows) { JSON.write(string: id($0), to: &$1) }
        try answer.addObjects("nearest", matrix.nearest) { (near, answer) throws(VexFSError) in
            answer.addArray("ids", near) { JSON.write(string: id($0.row), to: &$1) }
            answer.addScores("scores", near.map(\.score))
        }
    }
}
