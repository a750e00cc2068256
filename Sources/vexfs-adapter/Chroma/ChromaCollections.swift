import VexValues

/// Making, finding, changing and removing collections.
extension ChromaDialect {
    /// Where the path or the parameters say that a collection is.
    struct Place {
        var tenant: String
        var database: String
    }

    /// The tenant that a request of the old interface is about.
    func v1Tenant(_ call: Call) throws(ChromaError) -> String {
        let tenant = try call.text("tenant") ?? ChromaName.defaultTenant
        try check(call.user, tenant: tenant)
        return tenant
    }

    private func v1Place(_ call: Call) throws(ChromaError) -> Place {
        let place = Place(tenant: try v1Tenant(call), database: try call.text("database") ?? ChromaName.defaultDatabase)
        try Self.check(database: place.database)
        return place
    }

    func addCollections(to router: inout HTTPRouter) {
        let path = Self.databasePath + "/collections"
        @Sendable func place(_ call: Call) -> Place { Place(tenant: call.values[0], database: call.values[1]) }
        route(&router, .post, path, "collection.create", .writing, tenant: 0) { [self] call throws(ChromaError) in
            try create(call, in: place(call))
        }
        route(&router, .get, path, "collection.list", .reading, tenant: 0) { [self] call throws(ChromaError) in
            try list(call, in: place(call))
        }
        route(&router, .get, Self.databasePath + "/collections_count", "collection.count", .reading, tenant: 0) {
            [self] call throws(ChromaError) in try countCollections(in: place(call))
        }
        route(&router, .get, path + "/by-id/*", "collection.get", .reading, tenant: 0) {
            [self] call throws(ChromaError) in try collection(call, id: try collectionID(call, at: 2), in: place(call))
        }
        route(&router, .get, path + "/*", "collection.get", .reading, tenant: 0) { [self] call throws(ChromaError) in
            try collection(call, named: call.values[2], in: place(call))
        }
        route(&router, .put, path + "/*", "collection.update", .writing, tenant: 0) { [self] call throws(ChromaError) in
            try update(call, id: try collectionID(call, at: 2))
        }
        route(&router, .delete, path + "/*", "collection.delete", .writing, tenant: 0) {
            [self] call throws(ChromaError) in try delete(named: call.values[2], in: place(call))
        }
        route(&router, .get, "/collections/*", "collection.crn", .reading) { [self] call throws(ChromaError) in
            try collectionOfResourceName(call)
        }
        addOldCollections(to: &router)
    }

    private func addOldCollections(to router: inout HTTPRouter) {
        let (path, v1) = ("/collections", "/api/v1")
        route(&router, .post, path, "v1.collection.create", .writing, prefix: v1) { [self] call throws(ChromaError) in
            try create(call, in: try v1Place(call))
        }
        route(&router, .get, path, "v1.collection.list", .reading, prefix: v1) { [self] call throws(ChromaError) in
            try list(call, in: try v1Place(call))
        }
        route(&router, .get, "/count_collections", "v1.collection.count", .reading, prefix: v1) {
            [self] call throws(ChromaError) in try countCollections(in: try v1Place(call))
        }
        route(&router, .get, path + "/*", "v1.collection.get", .reading, prefix: v1) {
            [self] call throws(ChromaError) in try collection(call, named: call.values[0], in: try v1Place(call))
        }
        route(&router, .put, path + "/*", "v1.collection.update", .writing, prefix: v1) {
            [self] call throws(ChromaError) in try update(call, id: try collectionID(call, at: 0))
        }
        route(&router, .delete, path + "/*", "v1.collection.delete", .writing, prefix: v1) {
            [self] call throws(ChromaError) in try delete(named: call.values[0], in: try v1Place(call))
        }
    }

    // MARK: Making

    private func create(_ call: Call, in place: Place) throws(ChromaError) -> HTTPResponse {
        let fields = try call.fields()
        let name = try fields.requiredString("name")
        let metadata = try ChromaMetadata.ofCollection(fields.value("metadata"), field: "metadata")
        let schema = try ChromaSchema(creating: fields, metadata: metadata)
        let mayExist = try fields.bool("get_or_create") ?? false
        if let problem = ChromaName.problem(name) { throw .validation("name", problem) }
        guard try store.hasDatabase(place.database, of: place.tenant) else {
            throw .invalid("Database [\(place.database)] does not exist")
        }
        let properties = ChromaCollection.properties(
            name: name, tenant: place.tenant, database: place.database, metadata: metadata, schema: schema,
            over: .object([]))
        var configuration: [JSON.Member] = [.init("metric", .string(schema.index.space.metric))]
        let sparse = schema.sparseVectors.sorted { $0.key < $1.key }
        if !sparse.isEmpty {
            let settings = sparse.map { JSON.Member($0.key, .object([.init("modifier", .string($0.value))])) }
            configuration.append(.init("sparse_vectors", .object(settings)))
        }
        if schema.embedsElsewhere { configuration.append(.init("model", .string("none"))) }
        let request: [JSON.Member] = [
            .init("collection", .string(ChromaName.onMount(name))), .init("configuration", .object(configuration)),
            .init("properties", properties), .init("get_or_create", .bool(mayExist)),
        ]
        let address = ChromaName.address(tenant: place.tenant, database: place.database)
        do throws(ChromaError) {
            return .json(try store.create(address + request).json(for: call.generation))
        } catch {
            throw error.status == 409 ? ChromaError(409, "Collection [\(name)] already exists") : error
        }
    }

    // MARK: Finding

    private func collection(_ call: Call, named name: String, in place: Place) throws(ChromaError) -> HTTPResponse {
        let found = try store.collection(named: name, tenant: place.tenant, database: place.database)
        return .json(found.json(for: call.generation))
    }

    private func collection(_ call: Call, id: String, in place: Place) throws(ChromaError) -> HTTPResponse {
        let found = try store.collection(id: id)
        guard found.tenant == place.tenant, found.database == place.database else { throw .noCollection(id) }
        return .json(found.json(for: call.generation))
    }

    private func collectionOfResourceName(_ call: Call) throws(ChromaError) -> HTTPResponse {
        let parts = call.values[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts.contains("") else {
            throw .validation(
                "crn",
                "CRN must be in the format <tenant_resource_name>:<database_name>:<collection_name> with "
                    + "non-empty parts"
            )
        }
        let tenant = try tenant(ofResource: parts[0])
        try check(call.user, tenant: tenant)
        return try collection(call, named: parts[2], in: Place(tenant: tenant, database: parts[1]))
    }

    private func list(_ call: Call, in place: Place) throws(ChromaError) -> HTTPResponse {
        var request = ChromaName.address(tenant: place.tenant, database: place.database)
        if let limit = try call.count("limit") { request.append(.init("limit", .integer(Int64(limit)))) }
        if let offset = try call.count("offset") { request.append(.init("offset", .integer(Int64(offset)))) }
        let listed = try store.ask(.collectionList, request)["collections"]?.arrayValue ?? []
        return .json(.array(listed.map { ChromaCollection($0).json(for: call.generation) }))
    }

    private func countCollections(in place: Place) throws(ChromaError) -> HTTPResponse {
        let address = ChromaName.address(tenant: place.tenant, database: place.database)
        let answer = try store.ask(.collectionList, address + [.init("limit", .integer(0))])
        return .json(answer["total"] ?? .integer(0))
    }

    // MARK: Changing

    private func update(_ call: Call, id: String) throws(ChromaError) -> HTTPResponse {
        let fields = try call.fields()
        let name = try fields.string("new_name")
        if let name, let problem = ChromaName.problem(name) { throw .validation("new_name", problem) }
        let metadata = try ChromaMetadata.ofCollection(
            fields.value("new_metadata"), field: "new_metadata", keepsNull: true)
        let configuration = try fields.fields("new_configuration")
        let found = try existing(id)
        try check(call.user, tenant: found.tenant)
        guard name != nil || metadata != nil || configuration != nil else { return .json(.object([])) }
        try store.update(id: id) { collection throws(ChromaError) in
            if let configuration { try collection.schema.update(configuration) }
            if let metadata { collection.metadata = metadata.isNull ? nil : metadata }
            // Last, when nothing can be refused any more.
            guard let name, name != collection.name else { return }
            try rename(id, to: name)
            collection.name = name
        }
        return .json(.object([]))
    }

    private func rename(_ id: String, to name: String) throws(ChromaError) {
        let to = JSON.Member("to", .string(ChromaName.onMount(name)))
        do throws(ChromaError) { _ = try store.ask(.collectionRename, [.init("uid", .string(id)), to]) } catch {
            throw error.status == 409 ? ChromaError(409, "Collection [\(name)] already exists") : error
        }
    }

    private func delete(named name: String, in place: Place) throws(ChromaError) -> HTTPResponse {
        let address = ChromaName.address(tenant: place.tenant, database: place.database)
        let collection = JSON.Member("collection", .string(ChromaName.onMount(name)))
        guard try store.remove(.collectionDelete, address + [collection]) else { throw .noCollection(name) }
        return .json(.object([]))
    }
}
