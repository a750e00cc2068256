import VexValues
import VexWire

/// The Search API: filters, rank expressions over several queries, groups, and a choice of what to show.
extension ChromaDialect {
    func addSearch(to router: inout HTTPRouter) {
        route(&router, .post, Self.recordsPath + "/search", "search", .reading) { [self] call throws(ChromaError) in
            let id = try collectionID(call, at: 2)
            let fields = try call.fields()
            guard let searches = fields.value("searches")?.arrayValue else { throw .shape("missing field `searches`") }
            var (found, searched) = ([Found](), 0)
            try limit(.searches, searches.count, results: 1, of: id)
            for (index, search) in searches.enumerated() {
                let fields = try ChromaFields(search, prefix: "searches[\(index)].")
                found.append(try self.search(fields, id: id, &searched))
            }
            if searches.isEmpty { try existing(id) }
            return .json(Self.json(found))
        }
    }

    private enum Key {
        static let id = "#id"
        static let document = "#document"
        static let embedding = "#embedding"
        static let metadata = "#metadata"
        static let score = "#score"
    }

    /// What one search found: columns that were not asked for are null.
    private struct Found {
        var ids: [JSON] = []
        var columns: [String: JSON] = [:]
        var select: [JSON] = []
    }

    private struct Hit {
        var id: String
        var score: Double?
    }

    /// - Parameter searched: how many times neighbours were asked for with this request.
    private func search(_ fields: ChromaFields, id: String, _ searched: inout Int) throws(ChromaError) -> Found {
        let selection = try Self.selection(try fields.fields("filter"))
        try store.check(selection, of: id)
        let limits = try fields.fields("limit")
        let (limit, offset) = (try limits?.count("limit"), try limits?.count("offset") ?? 0)
        let grouping = try ChromaGrouping(try fields.fields("group_by"))
        let select = try fields.fields("select")?.strings("keys") ?? []
        var hits: [Hit]
        if let rank = try fields.fields("rank"), !rank.keys.isEmpty, let json = fields.value("rank") {
            hits = try ranked(json, selection, id: id, &searched)
        } else {
            hits = try all(
                selection, id: id, limit: grouping == nil ? limit.map { min($0 + offset, Int(Int32.max)) } : nil)
        }
        if let grouping {
            let body = try store.body(of: try columns(of: hits, ["metadatas"], id: id))
            hits = Self.kept(hits, body)
            let metadatas = body["metadatas"]?.arrayValue ?? []
            let records = zip(hits, metadatas).map { ChromaGrouping.Record(score: $0.score, metadata: $1) }
            hits = grouping.chosen(records).map { hits[$0] }
        }
        hits = Array(hits.dropFirst(offset).prefix(limit ?? Int.max))
        return try shown(hits, select, id: id)
    }

    // MARK: Which records

    private static func selection(_ fields: ChromaFields?) throws(ChromaError) -> ChromaSelection {
        var selection = try ChromaSelection(try ChromaFields(.object([]), prefix: ""), acceptsEmptyFilters: true)
        guard let fields, !fields.keys.isEmpty else { return selection }
        // Older clients send the ids and the clause apart, newer ones the clause alone.
        if fields.keys.contains("query_ids") || fields.keys.contains("where_clause") {
            selection.ids = try fields.strings("query_ids")
            if let clause = fields.value("where_clause"), clause != .object([]) { try split(clause, &selection) }
        } else {
            try split(fields.json, &selection)
        }
        return selection
    }

    /// Conditions on ids stand in the same clause as those on metadata and documents.
    private static func split(_ clause: JSON, _ selection: inout ChromaSelection) throws(ChromaError) {
        if let parts = clause["$and"]?.arrayValue, clause.members?.count == 1 {
            for part in parts { try split(part, &selection) }
            return
        }
        func add(_ clause: JSON, to filter: inout JSON?) {
            filter = filter.map { .object([.init("$and", .array([$0, clause]))]) } ?? clause
        }
        switch try subject(of: clause) {
        case Key.id:
            guard let values = clause[Key.id]?["$in"]?.arrayValue ?? clause[Key.id]?["$eq"].map({ [$0] }) else {
                throw .invalid("Invalid where clause: #id takes $in and $eq")
            }
            let ids = values.compactMap(\.stringValue)
            selection.ids = selection.ids.map { old in old.filter(ids.contains) } ?? ids
        default: add(clause, to: &selection.filter)
        }
    }

    /// `#id` where that is what a clause is about, else nil.
    private static func subject(of clause: JSON) throws(ChromaError) -> String? {
        guard let member = clause.members?.first else { throw .invalid("Invalid where clause") }
        guard member.key == "$or" || member.key == "$and" else { return member.key == Key.id ? Key.id : nil }
        for part in member.value.arrayValue ?? [] where try subject(of: part) == Key.id {
            throw .invalid("Invalid where clause: \(member.key) cannot mix ids with other conditions")
        }
        return nil
    }

    private func all(_ selection: ChromaSelection, id: String, limit: Int?) throws(ChromaError) -> [Hit] {
        var members = selection.members + [.init("order", .string("insertion")), .init("include", .array([]))]
        if let limit { members.append(.init("limit", .integer(Int64(limit)))) }
        let answer = try store.body(of: try store.call(.get, of: id, members))
        return (answer["ids"]?.arrayValue ?? []).compactMap { $0.stringValue.map { Hit(id: $0) } }
    }

    private func ranked(
        _ json: JSON, _ selection: ChromaSelection, id: String, _ searched: inout Int
    ) throws(ChromaError) -> [Hit] {
        var searches: [ChromaRank.Neighbors] = []
        let rank = try ChromaRank(json, &searches)
        searched += searches.count
        try self.limit(.neighbors, searched, results: searches.map(\.limit).max() ?? 0, of: id)
        guard !searches.isEmpty else {
            let value = rank.evaluate { _ in nil }
            if value?.isNaN == true { return [] }
            return try all(selection, id: id, limit: nil).map { Hit(id: $0.id, score: value) }
        }
        var lists: [[String: (place: Int, distance: Double)]] = []
        var order: [String] = []
        for search in searches {
            var list: [String: (place: Int, distance: Double)] = [:]
            for (place, hit) in try neighbors(search, selection, id: id).enumerated() {
                list[hit.id] = (place, hit.score ?? 0)
                if !lists.contains(where: { $0[hit.id] != nil }) { order.append(hit.id) }
            }
            lists.append(list)
        }
        let hits = order.compactMap { id -> Hit? in
            // What is no number has no place in an order.
            guard let score = rank.evaluate({ lists[$0][id] }), !score.isNaN else { return nil }
            return Hit(id: id, score: score)
        }
        // Equal scores keep the order in which they were found.
        return hits.enumerated().sorted {
            ($0.element.score ?? 0, $0.offset) < ($1.element.score ?? 0, $1.offset)
        }.map(\.element)
    }

    private func neighbors(
        _ search: ChromaRank.Neighbors, _ selection: ChromaSelection, id: String
    ) throws(ChromaError) -> [Hit] {
        guard search.limit > 0 else { return [] }
        var parts = WirePartsBuilder()
        var members = selection.members
        var dimension: Int?
        switch search.query {
        case .vector(let vector):
            dimension = vector.count
            members.append(.init("vectors", parts.add(vector, shape: [1, vector.count])))
        case .text(let text): members.append(.init("texts", .array([.string(text)])))
        case .sparse(let vector):
            guard try store.schema(of: id).sparseVectors[search.key] != nil else {
                throw .invalid(
                    "rank.$knn.key: this collection has no index of sparse vectors for \(search.key); a "
                        + "SparseVectorIndexConfig in its schema makes one")
            }
            members.append(.init("using", .string(search.key)))
            members.append(.init("vectors", .array([vector])))
        }
        members.append(.init("k", .integer(Int64(search.limit))))
        members.append(.init("include", .array([.string("distances")])))
        let answer = try store.body(of: try store.call(.query, of: id, members, parts: parts, dimension: dimension))
        let list = answer["results"]?.arrayValue?.first
        let pairs = zip(list?["ids"]?.arrayValue ?? [], list?["distances"]?.arrayValue ?? [])
        return pairs.compactMap { name, distance in
            name.stringValue.map { Hit(id: $0, score: distance.numberValue) }
        }
    }

    // MARK: What of them

    private func columns(of hits: [Hit], _ names: [String], id: String) throws(ChromaError) -> MountAnswer {
        let request: [JSON.Member] = [
            .init("ids", .array(hits.map { .string($0.id) })), .init("order", .string("given")),
            .init("include", .array(names.map(JSON.string))),
        ]
        return try store.call(.get, of: id, request)
    }

    /// The hits that are still there, as an answer about them lists them.
    private static func kept(_ hits: [Hit], _ body: JSON) -> [Hit] {
        let ids = body["ids"]?.arrayValue ?? []
        guard ids.count != hits.count else { return hits }
        let present = Set(ids.compactMap(\.stringValue))
        return hits.filter { present.contains($0.id) }
    }

    private func shown(_ hits: [Hit], _ select: [String], id: String) throws(ChromaError) -> Found {
        var hits = hits
        var found = Found(select: select.map(JSON.string))
        let fields = select.filter { !$0.hasPrefix("#") }
        let wantsMetadata = select.contains(Key.metadata) || !fields.isEmpty
        var names: [String] = []
        if select.contains(Key.document) { names.append("documents") }
        if wantsMetadata { names.append("metadatas") }
        if select.contains(Key.embedding) { names.append("vectors") }
        if !names.isEmpty {
            let answer = try columns(of: hits, names, id: id)
            let body = try store.body(of: answer)
            hits = Self.kept(hits, body)
            if let documents = body["documents"] { found.columns["documents"] = documents }
            if let metadatas = body["metadatas"]?.arrayValue {
                let wanted = select.contains(Key.metadata) ? nil : Set(fields)
                found.columns["metadatas"] = .array(metadatas.map { Self.shown($0, wanted) })
            }
            if select.contains(Key.embedding) {
                let text = try columns(of: answer) { tape, binary in
                    var out: [UInt8] = []
                    ChromaColumns(tape, binary, at: tape.root).writeVectors(to: &out)
                    return out
                }
                found.columns["embeddings"] = try? JSON.parse(text)
            }
        }
        found.ids = hits.map { .string($0.id) }
        if select.contains(Key.score) {
            found.columns["scores"] = .array(hits.map { $0.score.map(Self.shown) ?? .null })
        }
        return found
    }

    /// A score in the digits that a Float32 has.
    private static func shown(_ score: Double) -> JSON { Double(Float(score).description).map(JSON.number) ?? .null }

    private static func shown(_ metadata: JSON, _ wanted: Set<String>?) -> JSON {
        let members = (metadata.members ?? []).filter {
            !$0.key.hasPrefix(ChromaMetadata.ownPrefix) && (wanted?.contains($0.key) ?? true)
        }
        return members.isEmpty ? .null : .object(members)
    }

    private static func json(_ found: [Found]) -> JSON {
        var members: [JSON.Member] = [.init("ids", .array(found.map { .array($0.ids) }))]
        for name in ["documents", "embeddings", "metadatas", "scores"] {
            members.append(.init(name, .array(found.map { $0.columns[name] ?? .null })))
        }
        members.append(.init("select", .array(found.map { .array($0.select) })))
        return .object(members)
    }
}
