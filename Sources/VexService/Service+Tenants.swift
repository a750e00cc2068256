import VexFS
import VexWire

/// Tenants and databases: names with properties. Their collections are found by the names of the directories.
extension Service {
    private static func tenantKey(_ tenant: String) -> String { "wire/tenant/\(tenant)" }
    /// A slash in a name cannot move the border: the length says where the tenant ends.
    private static func databasePrefix(_ tenant: String) -> String { "wire/database/\(tenant.utf8.count)/\(tenant)/" }

    func performOnTenants(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["properties"]))
        if request.operation == .tenantList {
            let prefix = Self.tenantKey("")
            var tenants: [JSON] = []
            for property in try store.properties(withPrefix: prefix, of: 0) {
                tenants.append(try Self.object(String(property.key.dropFirst(prefix.count)), property.value))
            }
            answer.add("tenants", .array(tenants))
            return
        }
        let tenant = try members.requiredString("tenant")
        try CollectionAddress.check(tenant, members, "tenant")
        let key = Self.tenantKey(tenant)
        let what = "tenant \"\(tenant)\""
        if request.operation == .tenantDelete {
            _ = try existing(key, what)
            try store.setProperty(key, of: 0, to: nil)
            answer.add("deleted", .bool(true))
            return
        }
        switch request.operation {
        case .tenantCreate: try create(key, what, members)
        case .tenantUpdate:
            _ = try existing(key, what)
            try store.setProperty(key, of: 0, to: JSON.object(try members.object("properties") ?? []).compact)
        default: break
        }
        answer.add("tenant", try Self.object(tenant, try existing(key, what)))
    }

    func performOnDatabases(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["properties"]))
        let tenant = try members.string("tenant") ?? ""
        let prefix = Self.databasePrefix(tenant)
        if request.operation == .databaseList {
            var databases: [JSON] = []
            for property in try store.properties(withPrefix: prefix, of: 0) {
                databases.append(
                    try Self.object(String(property.key.dropFirst(prefix.count)), property.value, of: tenant))
            }
            answer.add("databases", .array(databases))
            return
        }
        let database = try members.requiredString("database")
        try CollectionAddress.check(database, members, "database")
        if !tenant.isEmpty { try CollectionAddress.check(tenant, members, "tenant") }
        let key = prefix + database
        let what = "database \"\(database)\""
        if request.operation == .databaseDelete {
            _ = try existing(key, what)
            for collection in store.collections {
                let address = CollectionAddress(directory: collection.name)
                if address.tenant == tenant, address.database == database { try delete(collection) }
            }
            try store.setProperty(key, of: 0, to: nil)
            answer.add("deleted", .bool(true))
            return
        }
        if request.operation == .databaseCreate { try create(key, what, members) }
        answer.add("database", try Self.object(database, try existing(key, what), of: tenant))
    }

    private func create(_ key: String, _ what: String, _ members: Members) throws(VexFSError) {
        let properties = JSON.object(try members.object("properties") ?? [])
        try store.changingProperty(key, of: 0) { (current) throws(VexFSError) in
            guard current == nil else { throw VexFSError(.alreadyExists, "there is a \(what) already") }
            return (properties.compact, ())
        }
    }

    private func existing(_ key: String, _ what: String) throws(VexFSError) -> [UInt8] {
        guard let bytes = try store.property(key, of: 0) else { throw VexFSError(.notFound, "there is no \(what)") }
        return bytes
    }

    private static func object(
        _ name: String, _ properties: [UInt8], of tenant: String? = nil
    ) throws(VexFSError) -> JSON {
        var members: [JSON.Member] = [.init("name", .string(name))]
        if let tenant { members.append(.init("tenant", tenant.isEmpty ? .null : .string(tenant))) }
        members.append(.init("properties", try JSON.parse(properties, code: .corruption)))
        return .object(members)
    }
}
