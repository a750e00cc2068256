import VexValues
import VexWire

/// Adding, updating and deleting records.
extension ChromaDialect {
    func addWriting(to router: inout HTTPRouter) {
        let (path, v1, old) = (Self.recordsPath, "/api/v1", "/collections/*")
        route(&router, .post, path + "/add", "add", .writing) { [self] call throws(ChromaError) in
            try write(call, .add, id: try collectionID(call, at: 2))
            return .json(.object([]), status: 201)
        }
        route(&router, .post, path + "/upsert", "upsert", .writing) { [self] call throws(ChromaError) in
            try write(call, .upsert, id: try collectionID(call, at: 2))
            return .json(.object([]))
        }
        route(&router, .post, path + "/update", "update", .writing) { [self] call throws(ChromaError) in
            try write(call, .update, id: try collectionID(call, at: 2))
            return .json(.object([]))
        }
        route(&router, .post, path + "/delete", "delete", .writing) { [self] call throws(ChromaError) in
            try delete(call, id: try collectionID(call, at: 2))
        }
        route(&router, .post, old + "/add", "v1.add", .writing, prefix: v1) { [self] call throws(ChromaError) in
            try write(call, .add, id: try collectionID(call, at: 0))
            return .json(.bool(true), status: 201)
        }
        route(&router, .post, old + "/upsert", "v1.upsert", .writing, prefix: v1) { [self] call throws(ChromaError) in
            try write(call, .upsert, id: try collectionID(call, at: 0))
            return .json(.bool(true))
        }
        route(&router, .post, old + "/update", "v1.update", .writing, prefix: v1) { [self] call throws(ChromaError) in
            try write(call, .update, id: try collectionID(call, at: 0))
            return .json(.bool(true))
        }
        route(&router, .post, old + "/delete", "v1.delete", .writing, prefix: v1) { [self] call throws(ChromaError) in
            try deleteListing(call, id: try collectionID(call, at: 0))
        }
    }

    // MARK: Writing

    private func write(_ call: Call, _ kind: ChromaRecords.Kind, id: String) throws(ChromaError) {
        let records = try ChromaRecords(body: call.request.body, kind: kind)
        guard !records.ids.isEmpty else {
            _ = try existing(id)
            return
        }
        let keys = records.keys
        let sparse = try sparseVectors(of: keys, kind, id: id)
        var parts = WirePartsBuilder()
        let place = kind == .add ? WireOperation.add : kind == .upsert ? .upsert : .update
        var requests = groups(of: records).map { chosen, withVectors -> [JSON.Member] in
            var own = columns(of: records, chosen, withVectors: withVectors, &parts)
            if let named = records.sparseColumns(sparse, chosen) { own.append(named) }
            return kind == .upsert ? own + [.init("mode", .string("merge"))] : own
        }.map { (operation: place, members: $0) }
        if kind != .add {
            requests += records.sparseRemovals(sparse).map { (operation: .vectorsDelete, members: $0) }
        }
        let durable = store.durable
        if requests.count == 1 {
            _ = try store.call(place, of: id, requests[0].members + durable, parts: parts, dimension: records.dimension)
        } else {
            let operations = requests.map { operation, members in
                JSON.object(members + durable + [.init("op", .string(operation.name))])
            }
            let batch: [JSON.Member] = [.init("operations", .array(operations)), .init("atomic", .bool(true))]
            _ = try store.call(.batch, of: id, batch, parts: parts, dimension: records.dimension)
        }
        if kind == .update, let dimension = records.dimension { try store.fix(dimension: dimension, of: id) }
        try store.name(keys, in: id)
    }

    /// A column of vectors has no gaps: records with a vector and those without go separately, but together.
    /// - Returns: which records, all where nil, and whether they have vectors.
    private func groups(of records: ChromaRecords) -> [(chosen: [Int]?, withVectors: Bool)] {
        let present = records.hasVector ?? []
        guard present.contains(true), present.contains(false) else { return [(nil, present.contains(true))] }
        return [true, false].map { wanted in (records.ids.indices.filter { present[$0] == wanted }, wanted) }
    }

    /// The keys under which the collection indexes sparse vectors.
    /// - Throws: 501 where a record has one under another key, as the real server does for all.
    private func sparseVectors(
        of keys: Set<ChromaSchema.Key>, _ kind: ChromaRecords.Kind, id: String
    ) throws(ChromaError) -> [String] {
        let given = keys.filter { $0.type == ChromaSparse.type }
        // What is added newly has nothing that could have to be taken away.
        if given.isEmpty, kind == .add { return [] }
        let known = try store.schema(of: id).sparseVectors
        if let other = given.map(\.name).filter({ known[$0] == nil }).min() {
            throw ChromaError(501, "Unimplemented: Sparse vector is not supported for local chroma: \(other)")
        }
        return known.keys.sorted()
    }

    /// The columns of some of the records, all where `chosen` is nil; vectors are of exactly these.
    private func columns(
        of records: ChromaRecords, _ chosen: [Int]?, withVectors: Bool, _ parts: inout WirePartsBuilder
    ) -> [JSON.Member] {
        let places = chosen ?? Array(records.ids.indices)
        var members: [JSON.Member] = [.init("ids", parts.add(places.map { Array(records.ids[$0].utf8) }))]
        if let documents = records.documents, documents.contains(where: { $0 != nil }) {
            members.append(.init("documents", parts.add(places.map { documents[$0].map { Array($0.utf8) } })))
        }
        if records.metadatas != nil || records.uris != nil {
            let texts = places.map { place -> [UInt8]? in
                var own = records.metadatas?[place] ?? []
                if let uri = records.uris?[place] { own.append(.init(ChromaMetadata.uriKey, .string(uri))) }
                return own.isEmpty ? nil : JSON.object(own).compact
            }
            if texts.contains(where: { $0 != nil }) { members.append(.init("metadatas", parts.add(texts))) }
        }
        if withVectors, let dimension = records.dimension {
            members.append(.init("vectors", parts.add(records.floats, shape: [places.count, dimension])))
        }
        return members
    }

    /// Makes sure that a collection is there.
    @discardableResult
    func existing(_ id: String) throws(ChromaError) -> ChromaCollection {
        do throws(ChromaError) { return try store.collection(id: id) } catch {
            throw error.status == 404 ? ChromaError(404, "Collection [\(id)] does not exist.") : error
        }
    }

    // MARK: Deleting

    private func delete(_ call: Call, id: String) throws(ChromaError) -> HTTPResponse {
        let fields = try call.fields()
        let selection = try ChromaSelection(fields, acceptsEmptyFilters: false)
        if let ids = selection.ids, ids.isEmpty, !selection.hasFilter {
            throw .validation("ids, where", "Either ids or where must be specified")
        }
        let limit = try fields.count("limit")
        guard limit == nil || selection.hasFilter else {
            throw .validation("limit, where", "limit can only be specified when a where clause is provided")
        }
        guard selection.ids != nil || selection.hasFilter else {
            try existing(id)
            return .json(.object([.init("deleted", .integer(0))]))
        }
        var members = selection.members + store.durable
        if let limit { members.append(.init("limit", .integer(Int64(limit)))) }
        try store.check(selection, of: id)
        let answer = try store.body(of: try store.call(.delete, of: id, members))
        return .json(.object([.init("deleted", answer["deleted"] ?? .integer(0))]))
    }

    /// Deletes, and answers with the ids, as servers before 0.5.16 did.
    private func deleteListing(_ call: Call, id: String) throws(ChromaError) -> HTTPResponse {
        let selection = try ChromaSelection(try call.fields(), acceptsEmptyFilters: true)
        guard selection.ids?.isEmpty == false || selection.hasFilter else { return .json(.array([])) }
        let found = try store.body(
            of: try store.call(.get, of: id, selection.members + [.init("include", .array([]))]))
        let ids = found["ids"] ?? .array([])
        if ids != .array([]) { _ = try store.call(.delete, of: id, [.init("ids", ids)] + store.durable) }
        return .json(ids)
    }
}
