import VexValues

/// A collection as the mount describes it, with what Chroma keeps beside it in its properties.
struct ChromaCollection: Sendable {
    /// Who asks, which decides how collections are shown: every generation of clients reads another object.
    enum Generation: Sendable {
        /// 1.0 and later.
        case current
        /// 0.5.12 to 0.6.3: they know `_type` and refuse members that they do not know.
        case old
        /// 0.4: `id`, `name` and `metadata`, and nothing else in lists.
        case oldest
    }

    var id: String
    var name: String
    var tenant: String
    var database: String
    var metadata: JSON?
    var schema: ChromaSchema
    var dimension: Int?
    /// All properties, also those of others.
    var properties: JSON

    private static let property = "chroma"

    /// Reads the mount's collection object.
    init(_ json: JSON) {
        properties = json["properties"] ?? .object([])
        let own = properties[Self.property]
        id = json["uid"]?.stringValue ?? ""
        // What is written out holds as long as the directory has not got another name since.
        func word(_ key: String) -> String? {
            let onMount = json[key]?.stringValue
            guard let written = own?[key]?.stringValue, ChromaName.onMount(written) == onMount else { return onMount }
            return written
        }
        name = word("name") ?? ""
        tenant = word("tenant") ?? ChromaName.defaultTenant
        database = word("database") ?? ChromaName.defaultDatabase
        metadata = own?["metadata"].flatMap { $0.isNull ? nil : $0 }
        let configuration = json["configuration"]
        let metric = configuration?["metric"]?.stringValue ?? ""
        schema = own.flatMap { ChromaSchema(stored: $0) } ?? ChromaSchema(metric: metric)
        dimension = configuration?["dimension"]?.integerValue.map { Int($0) }
    }

    /// The properties of a collection with these values, over `others` that are there.
    static func properties(
        name: String, tenant: String, database: String, metadata: JSON?, schema: ChromaSchema, over others: JSON
    ) -> JSON {
        var own = schema.stored
        if let metadata { own.set("metadata", to: metadata) }
        // Names that no directory can have are hashed there, and written out here.
        for (key, word) in [("name", name), ("tenant", tenant), ("database", database)]
        where ChromaName.onMount(word) != word {
            own.set(key, to: .string(word))
        }
        var all = others
        all.set(property, to: own)
        return all
    }

    /// The properties with the values as they are now.
    var newProperties: JSON {
        Self.properties(
            name: name, tenant: tenant, database: database, metadata: metadata, schema: schema, over: properties)
    }

    /// As a client of this generation reads it.
    func json(for generation: Generation) -> JSON {
        var members: [JSON.Member] = [.init("id", .string(id)), .init("name", .string(name))]
        let metadata = JSON.Member("metadata", metadata ?? .null)
        let place: [JSON.Member] = [.init("tenant", .string(tenant)), .init("database", .string(database))]
        switch generation {
        case .oldest: return .object(members + [metadata] + place)
        case .old:
            let configuration = JSON.object([
                .init("_type", .string("CollectionConfigurationInternal")),
                .init("hnsw_configuration", schema.index.oldJSON),
            ])
            members.append(.init("configuration_json", configuration))
        case .current:
            members.append(.init("configuration_json", schema.configurationJSON))
            members.append(.init("schema", schema.json))
        }
        members += [metadata, .init("dimension", dimension.map { .integer(Int64($0)) } ?? .null)]
        members += place
        return .object(members + [.init("log_position", .integer(0)), .init("version", .integer(0))])
    }
}
