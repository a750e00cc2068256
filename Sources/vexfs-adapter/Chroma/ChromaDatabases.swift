import VexValues

/// Databases.
extension ChromaDialect {
    func addDatabases(to router: inout HTTPRouter) {
        let path = "/tenants/*/databases"
        route(&router, .post, path, "database.create", .writing, tenant: 0) { [self] call throws(ChromaError) in
            try createDatabase(call, tenant: call.values[0])
        }
        route(&router, .get, path, "database.list", .reading, tenant: 0) { [self] call throws(ChromaError) in
            try databases(call)
        }
        route(&router, .get, path + "/*", "database.get", .reading, tenant: 0) { [self] call throws(ChromaError) in
            try database(call.values[1], of: call.values[0])
        }
        route(&router, .delete, path + "/*", "database.delete", .writing, tenant: 0) {
            [self] call throws(ChromaError) in try deleteDatabase(call)
        }
        route(&router, .post, "/databases", "v1.database.create", .writing, prefix: "/api/v1") {
            [self] call throws(ChromaError) in try createDatabase(call, tenant: try v1Tenant(call))
        }
        route(&router, .get, "/databases/*", "v1.database.get", .reading, prefix: "/api/v1") {
            [self] call throws(ChromaError) in try database(call.values[0], of: try v1Tenant(call))
        }
    }

    private func createDatabase(_ call: Call, tenant: String) throws(ChromaError) -> HTTPResponse {
        let name = try call.fields().requiredString("name")
        if let problem = ChromaName.problem(name) { throw .invalid(problem) }
        let exists = ChromaError(409, "Database [\(name)] already exists")
        if tenant == ChromaName.defaultTenant, name == ChromaName.defaultDatabase { throw exists }
        do throws(ChromaError) {
            _ = try store.change(.databaseCreate, ChromaStore.databaseAddress(name, of: tenant))
        } catch {
            throw error.status == 409 ? exists : error
        }
        return .json(.object([]))
    }

    private static func json(_ name: String, of tenant: String) -> JSON {
        .object([
            .init("id", .string(ChromaName.uuid(of: "\(tenant)/\(name)"))), .init("name", .string(name)),
            .init("tenant", .string(tenant)),
        ])
    }

    private func database(_ name: String, of tenant: String) throws(ChromaError) -> HTTPResponse {
        guard try store.hasDatabase(name, of: tenant) else {
            throw ChromaError(404, "Database [\(name)] not found. Are you sure it exists?")
        }
        return .json(Self.json(name, of: tenant))
    }

    private func databases(_ call: Call) throws(ChromaError) -> HTTPResponse {
        let tenant = call.values[0]
        let address = ChromaName.address(tenant: tenant, database: ChromaName.defaultDatabase)
        let listed = try store.ask(.databaseList, address)["databases"]?.arrayValue ?? []
        var names = listed.compactMap { $0["name"]?.stringValue }
        if tenant == ChromaName.defaultTenant, !names.contains(ChromaName.defaultDatabase) {
            names.insert(ChromaName.defaultDatabase, at: 0)
        }
        let rest = names.dropFirst(try call.count("offset") ?? 0)
        return .json(.array(rest.prefix(try call.count("limit") ?? Int.max).map { Self.json($0, of: tenant) }))
    }

    private func deleteDatabase(_ call: Call) throws(ChromaError) -> HTTPResponse {
        let (tenant, name) = (call.values[0], call.values[1])
        let wasThere = try store.remove(.databaseDelete, ChromaStore.databaseAddress(name, of: tenant))
        if tenant == ChromaName.defaultTenant, name == ChromaName.defaultDatabase {
            // It is always there, so what goes is what is in it.
            for item in try store.ask(.collectionList, [])["collections"]?.arrayValue ?? [] {
                if let id = item["uid"] { _ = try store.remove(.collectionDelete, [.init("uid", id)]) }
            }
        } else if !wasThere {
            throw ChromaError(404, "Database [\(name)] not found")
        }
        return .json(.object([]))
    }
}
