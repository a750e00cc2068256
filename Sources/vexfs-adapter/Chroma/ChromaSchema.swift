import VexValues

/// What a collection was created with, as Chroma shows it: index settings, embedding function, schema.
struct ChromaSchema: Equatable, Sendable {
    var index = ChromaIndexSettings()
    /// What the client said about its embedding function; it is kept and shown.
    var embeddingFunction: JSON?
    /// `{"defaults": …, "keys": …}`, complete.
    private(set) var json = JSON.null

    static let embeddingKey = "#embedding"
    private static let documentKey = "#document"
    private static let documentOperators = ["$contains", "$not_contains", "$regex", "$not_regex"]

    /// The schema of a collection that was not made through Chroma.
    init(metric: String) {
        index.space = ChromaIndexSettings.Space(metric: metric)
        json = base
    }

    /// The schema that a request to create a collection describes.
    init(creating fields: ChromaFields, metadata: JSON?) throws(ChromaError) {
        var old = index
        try old.merge(metadata: metadata)
        let defaults = index
        let configuration = try fields.fields("configuration")
        let (hnsw, spann) = try configuration.map(Self.vectorIndex) ?? (nil, nil)
        if let hnsw { try index.merge(hnsw) }
        if let spann { try index.merge(spann: spann) }
        // What the metadata says counts where nothing else is said.
        if spann == nil, index == defaults { index = old }
        embeddingFunction = try configuration.flatMap(Self.embeddingFunction)
        json = base
        guard let schema = try fields.fields("schema") else { return }
        for part in ["defaults", "keys"] {
            guard let given = try schema.fields(part) else { continue }
            for key in given.keys {
                guard let value = given.value(key) else { continue }
                _ = try ChromaFields(value, prefix: given.place(key) + ".")
                try ChromaSparse.check(value, isDefault: part == "defaults")
                let old = json[part]?[key] ?? .object([])
                var changed = json[part] ?? .object([])
                changed.set(key, to: Self.merged(old, value))
                json.set(part, to: changed)
            }
        }
        try takeIndexFromSchema()
    }

    /// What a configuration says of the vectors' index, which is of one kind.
    private static func vectorIndex(
        _ configuration: ChromaFields
    ) throws(ChromaError) -> (hnsw: ChromaFields?, spann: ChromaFields?) {
        let found = (try configuration.fields("hnsw"), try configuration.fields("spann"))
        if found.0 != nil, found.1 != nil { throw .invalid("Multiple vector index configurations provided") }
        return found
    }

    private static func embeddingFunction(_ configuration: ChromaFields) throws(ChromaError) -> JSON? {
        guard let function = try configuration.fields("embedding_function") else { return nil }
        let type = try function.requiredString("type")
        guard ["legacy", "unknown", "known"].contains(type) else {
            throw .shape(
                "\(function.place("type")): unknown variant `\(type)`, expected one of `legacy`, `unknown`, `known`")
        }
        guard type == "known" else { return .object([.init("type", .string(type))]) }
        let name = try function.requiredString("name")
        guard let config = function.json["config"] else {
            throw .shape("\(function.place("config").dropLast(7)): missing field `config`")
        }
        return .object([.init("type", .string(type)), .init("name", .string(name)), .init("config", config)])
    }

    /// The settings of the vectors' index may stand in the schema too. One that says nothing but what holds anyway, as
    /// clients send it for every schema, leaves what the configuration says.
    private mutating func takeIndexFromSchema() throws(ChromaError) {
        let place = ["keys", Self.embeddingKey] + Self.vectorConfigPath
        guard let config = place.reduce(Optional(json), { $0?[$1] }) else { return }
        let fields = try ChromaFields(config, prefix: "schema.keys.\(Self.embeddingKey).config.")
        var said = ChromaIndexSettings()
        if let space = try fields.string("space") {
            said.space = try ChromaIndexSettings.space(space, at: fields.place("space"))
        }
        let hnsw = try fields.fields("hnsw")
        if let hnsw { try said.merge(hnsw) }
        let function = fields.value("embedding_function")
        let isDefault = function?["type"]?.stringValue != "known" || function?["name"]?.stringValue == "default"
        guard said == ChromaIndexSettings(), isDefault else {
            if fields.value("space") != nil { index.space = said.space }
            if let hnsw { try index.merge(hnsw) }
            embeddingFunction = function ?? embeddingFunction
            return
        }
        embeddingFunction = embeddingFunction ?? function
        let base = base
        for place in [place, ["defaults"] + Self.vectorConfigPath] {
            json = Self.replaced(json, place[...], by: place.reduce(Optional(base)) { $0?[$1] } ?? .null)
        }
    }

    private static let vectorConfigPath = ["float_list", "vector_index", "config"]

    /// An object with another value at a path of keys.
    private static func replaced(_ json: JSON, _ path: ArraySlice<String>, by value: JSON) -> JSON {
        guard let key = path.first else { return value }
        var result = json
        result.set(key, to: replaced(json[key] ?? .object([]), path.dropFirst(), by: value))
        return result
    }

    // MARK: Keeping

    /// Reads what ``stored`` wrote.
    init?(stored: JSON) {
        guard let settings = stored["hnsw"], let schema = stored["schema"], let space = stored["space"]?.stringValue,
            let known = ChromaIndexSettings.Space(rawValue: space),
            let fields = try? ChromaFields(settings, prefix: ""), (try? index.merge(fields)) != nil
        else { return nil }
        index.space = known
        embeddingFunction = stored["embedding_function"].flatMap { $0.isNull ? nil : $0 }
        json = schema
    }

    /// What is kept with the collection.
    var stored: JSON {
        .object([
            .init("space", .string(index.space.rawValue)), .init("hnsw", index.schemaJSON),
            .init("embedding_function", embeddingFunction ?? .null), .init("schema", json),
        ])
    }

    /// Takes over what a request to change a collection says.
    mutating func update(_ configuration: ChromaFields) throws(ChromaError) {
        let (hnsw, spann) = try Self.vectorIndex(configuration)
        if let hnsw {
            try ChromaIndexSettings.check(hnsw, keys: ChromaIndexSettings.changeableKeys)
            try index.merge(hnsw)
        }
        if let spann { try ChromaIndexSettings.check(spann, keys: ["search_nprobe", "ef_search"]) }
        embeddingFunction = try Self.embeddingFunction(configuration) ?? embeddingFunction
        var keys = json["keys"] ?? .object([])
        keys.set(Self.embeddingKey, to: base["keys"]?[Self.embeddingKey])
        json.set("keys", to: keys)
    }

    // MARK: Showing

    /// `configuration_json`.
    var configurationJSON: JSON {
        .object([
            .init("hnsw", index.configurationJSON), .init("spann", .null),
            .init("embedding_function", embeddingFunction ?? .null),
        ])
    }

    /// The schema without anything asked for.
    private var base: JSON {
        func index(_ name: String, _ isEnabled: Bool, _ config: JSON = .object([])) -> JSON.Member {
            .init(name, .object([.init("enabled", .bool(isEnabled)), .init("config", config)]))
        }
        func vectors(_ isEnabled: Bool, source: Bool) -> JSON {
            var config: [JSON.Member] = [.init("space", .string(self.index.space.rawValue))]
            if let embeddingFunction { config.append(.init("embedding_function", embeddingFunction)) }
            if source { config.append(.init("source_key", .string(Self.documentKey))) }
            config.append(.init("hnsw", self.index.schemaJSON))
            return .object([index("vector_index", isEnabled, .object(config))])
        }
        let sparse = JSON.object([
            .init("embedding_function", .object([.init("type", .string("unknown"))])), .init("bm25", .bool(false)),
        ])
        return .object([
            .init(
                "defaults",
                .object([
                    .init("string", .object([index("fts_index", false), index("string_inverted_index", true)])),
                    .init("float_list", vectors(false, source: false)),
                    .init("sparse_vector", .object([index("sparse_vector_index", false, sparse)])),
                    .init("int", .object([index("int_inverted_index", true)])),
                    .init("float", .object([index("float_inverted_index", true)])),
                    .init("bool", .object([index("bool_inverted_index", true)])),
                ])),
            .init(
                "keys",
                .object([
                    .init(
                        Self.documentKey,
                        .object([
                            .init("string", .object([index("fts_index", true), index("string_inverted_index", false)]))
                        ])),
                    .init(Self.embeddingKey, .object([.init("float_list", vectors(true, source: true))])),
                ])),
        ])
    }

    /// One object laid over another, member by member. What is said of an index that a single node has not is left out.
    private static func merged(_ old: JSON, _ new: JSON) -> JSON {
        guard case .object = old, case .object(let members) = new else { return new }
        var result = old
        for member in members where member.key != "spann" && !(member.key == "hnsw" && member.value.isNull) {
            result.set(member.key, to: old[member.key].map { merged($0, member.value) } ?? member.value)
        }
        return result
    }

    // MARK: Keys that records have

    /// A key of records' metadata with the type of its values.
    struct Key: Hashable {
        var name: String
        var type: String

        /// Nil for what no index of its own is kept for: lists, null.
        init?(_ member: JSON.Member) {
            switch member.value {
            case .string: type = "string"
            case .integer: type = "int"
            case .number: type = "float"
            case .bool: type = "bool"
            case .object: type = ChromaSparse.type
            default: return nil
            }
            name = member.key
        }
    }

    /// How many keys a schema names at the most; those behind have the defaults all the same.
    private static let mostKeys = 512

    /// Whether the schema names all of the keys.
    func names(_ keys: Set<Key>) -> Bool {
        let named = json["keys"]
        return keys.allSatisfy { named?[$0.name]?[$0.type] != nil } || named?.members?.count ?? 0 >= Self.mostKeys
    }

    /// Names the keys, with the defaults of their types.
    mutating func add(_ keys: Set<Key>) {
        var named = json["keys"] ?? .object([])
        for key in keys where named[key.name]?[key.type] == nil && named.members?.count ?? 0 < Self.mostKeys {
            var types = named[key.name] ?? .object([])
            types.set(key.type, to: json["defaults"]?[key.type] ?? .object([]))
            named.set(key.name, to: types)
        }
        json.set("keys", to: named)
    }

    // MARK: Filters

    /// Refuses a filter on what the schema takes out of the index.
    func check(filter: JSON?) throws(ChromaError) {
        guard let members = filter?.members else { return }
        for member in members {
            if member.key == "$and" || member.key == "$or" {
                for clause in member.value.arrayValue ?? [] { try check(filter: clause) }
            } else {
                let condition = member.value.members?.first
                // Documents have an index of their own.
                if member.key == Self.documentKey, let name = condition?.key, Self.documentOperators.contains(name) {
                    continue
                }
                try check(key: member.key, value: condition?.value ?? member.value)
            }
        }
    }

    private func check(key: String, value: JSON) throws(ChromaError) {
        let (type, name): (String, String)
        switch value.arrayValue?.first ?? value {
        case .string: (type, name) = ("string", "Str")
        case .integer: (type, name) = ("int", "Int")
        case .number: (type, name) = ("float", "Float")
        case .bool: (type, name) = ("bool", "Bool")
        default: return
        }
        let index = "\(type)_inverted_index"
        let setting = json["keys"]?[key]?[type]?[index] ?? json["defaults"]?[type]?[index]
        guard setting?["enabled"]?.boolValue == false else { return }
        throw .invalid("Cannot filter using metadata key '\(key)' with type '\(name)' because indexing is disabled")
    }
}

extension ChromaSchema {
    /// Names under which clients have the model that the mount has, too.
    private static let knownModels = ["default", "onnx_mini_lm_l6_v2"]

    /// Whether the client's vectors come from a model that is not the mount's: texts that a shell writes into the
    /// collection must then not be embedded, since vectors of two models cannot be compared.
    var embedsElsewhere: Bool {
        guard let name = embeddingFunction?["name"]?.stringValue, !Self.knownModels.contains(name) else { return false }
        let model = embeddingFunction?["config"]?["model_name"]?.stringValue ?? ""
        return !(name == "sentence_transformer" && model.hasSuffix("all-MiniLM-L6-v2"))
    }
}
