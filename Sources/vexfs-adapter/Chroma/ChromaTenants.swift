import VexValues

/// Tenants.
extension ChromaDialect {
    func addTenants(to router: inout HTTPRouter) {
        for prefix in ["/api/v2", "/api/v1"] {
            route(&router, .post, "/tenants", "tenant.create", .all, prefix: prefix) {
                [self] call throws(ChromaError) in try createTenant(call)
            }
            route(&router, .get, "/tenants/*", "tenant.get", .reading, tenant: 0, prefix: prefix) {
                [self] call throws(ChromaError) in try tenant(call)
            }
        }
        route(&router, .patch, "/tenants/*", "tenant.update", .writing, tenant: 0) { [self] call throws(ChromaError) in
            try updateTenant(call)
        }
    }

    private static let resourceName = "resource_name"

    private static func address(_ name: String) -> JSON.Member { .init("tenant", .string(ChromaName.onMount(name))) }

    private func createTenant(_ call: Call) throws(ChromaError) -> HTTPResponse {
        let name = try call.fields().requiredString("name")
        guard name.utf8.count >= 3 else {
            throw .validation(
                "name", "Validation error: length [{\"min\": Number(3), \"value\": String(\"\(name)\")}]")
        }
        let exists = ChromaError(409, "Tenant [\(name)] already exists")
        guard name != ChromaName.defaultTenant else { throw exists }
        do throws(ChromaError) { _ = try store.change(.tenantCreate, [Self.address(name)]) } catch {
            throw error.status == 409 ? exists : error
        }
        return .json(.object([]))
    }

    private func tenant(_ call: Call) throws(ChromaError) -> HTTPResponse {
        let name = call.values[0]
        let found = try store.find(.tenantGet, [Self.address(name)])
        guard found != nil || name == ChromaName.defaultTenant else {
            throw ChromaError(404, "Tenant [\(name)] not found")
        }
        let isOld = call.generation != .current
        if isOld { return .json(.object([.init("name", .string(name))])) }
        let resource = found?["tenant"]?["properties"]?[Self.resourceName] ?? .null
        return .json(.object([.init("name", .string(name)), .init(Self.resourceName, resource)]))
    }

    /// The tenant that has this resource name, else the one that is called so.
    func tenant(ofResource name: String) throws(ChromaError) -> String {
        let tenants = try store.ask(.tenantList, [])["tenants"]?.arrayValue ?? []
        let found = tenants.first { $0["properties"]?[Self.resourceName] == .string(name) }
        return found?["name"]?.stringValue ?? name
    }

    private func updateTenant(_ call: Call) throws(ChromaError) -> HTTPResponse {
        let name = call.values[0]
        let resource = try call.fields().requiredString(Self.resourceName)
        let address = [Self.address(name)]
        let found = try store.find(.tenantGet, address)
        guard found != nil || name == ChromaName.defaultTenant else {
            throw ChromaError(404, "Tenant [\(name)] not found")
        }
        var properties = found?["tenant"]?["properties"] ?? .object([])
        if let old = properties[Self.resourceName], !old.isNull, old != .string(resource) {
            throw ChromaError(409, "Tenant [\(name)] already has a resource name")
        }
        properties.set(Self.resourceName, to: .string(resource))
        let change = address + [.init("properties", properties)]
        _ = try store.change(found == nil ? .tenantCreate : .tenantUpdate, change)
        return .json(.object([]))
    }
}
