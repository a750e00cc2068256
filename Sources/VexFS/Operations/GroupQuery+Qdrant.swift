extension GroupQuery {
    /// Reads the body of Qdrant's `points/query/groups`, as ``QueryOperation/init(qdrant:filter:)`` reads that of
    /// `points/query`; of `with_lookup` the collection.
    /// - Throws: `invalidQuery`; what `filter` throws.
    public init(qdrant json: JSON, filter: FilterReading = Filter.readQdrant) throws(VexFSError) {
        let ownKeys: Set<String> = ["group_by", "group_size", "limit", "with_lookup"]
        let members = json.members ?? []
        let own = try RequestObject(.object(members.filter { ownKeys.contains($0.key) }), at: "", keys: ownKeys)
        if json["offset"].map({ !$0.isNull }) ?? false { throw own.refused("offset", "is not known of groups") }
        let rest = json.members == nil ? json : .object(members.filter { !ownKeys.contains($0.key) })
        self.init(
            try QueryOperation(qdrant: rest, filter: filter),
            by: try PayloadPath(qdrant: own.required(own.string("group_by"), "group_by")),
            limit: try own.integer("limit", 1...Int(Int32.max)) ?? Self.defaultLimit,
            size: try own.integer("group_size", 1...Int(Int32.max)) ?? Self.defaultSize)
        if let (json, place) = own.value("with_lookup") {
            if case .string(let name) = json {
                lookup = name
            } else {
                let object = try RequestObject(json, at: place, keys: ["collection", "with_payload", "with_vectors"])
                lookup = try object.required(object.string("collection"), "collection")
            }
        }
    }
}

extension ScrollQuery {
    /// Reads the body of Qdrant's `points/scroll`.
    /// - Throws: `invalidQuery`; what `filter` throws.
    public init(qdrant json: JSON, filter: FilterReading = Filter.readQdrant) throws(VexFSError) {
        let object = try RequestObject(
            json, at: "",
            keys: ["filter", "limit", "offset", "order_by", "with_payload", "with_vector", "with_vectors", "shard_key"])
        self.init(limit: try object.integer("limit", 1...Int(Int32.max)) ?? QueryOperation.defaultLimit)
        if let (json, _) = object.value("filter") { self.filter = try filter(json) }
        if let (json, place) = object.value("order_by") {
            guard object.value("offset") == nil else {
                throw object.refused("offset", "does not go with order_by; use its start_from")
            }
            order = .field(try QdrantOrderReader.orderBy(json, at: place))
        }
        if let (json, place) = object.value("offset") { start = try QdrantOrderReader.start(json, at: place) }
    }
}
