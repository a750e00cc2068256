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
        var parts = WirePartsBuilder()
        var members: [JSON.Member]
        let operation: WireOperation
        switch kind {
        case .add: (operation, members) = (.add, [])
        case .upsert: (operation, members) = (.upsert, [.init("mode", .string("merge"))])
        case .update: (operation, members) = (.update, [])
        }
        let present = records.hasVector ?? []
        if present.contains(true), present.contains(false) {
            // A column of vectors has no gaps: those with and those without a vector go separately, but together.
            let all = Array(records.ids.indices)
            let operations = [true, false].map { wanted in
                var own = columns(of: records, all.filter { present[$0] == wanted }, withVectors: wanted, &parts)
                own.append(.init("op", .string(operation.name)))
                return JSON.object(own)
            }
            members = [.init("operations", .array(operations)), .init("atomic", .bool(true))]
            _ = try store.call(.batch, of: id, members, parts: parts, dimension: records.dimension)
            return try store.name(records.keys, in: id)
        }
        members += columns(of: records, nil, withVectors: present.contains(true), &parts)
        if configuration.isDurable { members.append(.init("durable", .bool(true))) }
        _ = try store.call(operation, of: id, members, parts: parts, dimension: records.dimension)
        try store.name(records.keys, in: id)
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
        guard selection.ids != nil || selection.hasFilter else {
            try existing(id)
            return .json(.object([.init("deleted", .integer(0))]))
        }
        var members = selection.members
        if let limit = try fields.count("limit") { members.append(.init("limit", .integer(Int64(limit)))) }
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
        if ids != .array([]) { _ = try store.call(.delete, of: id, [.init("ids", ids)]) }
        return .json(ids)
    }
}
