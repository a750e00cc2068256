import VexValues
import VexWire

/// Getting, counting and querying records.
extension ChromaDialect {
    func addReading(to router: inout HTTPRouter) {
        let (path, v1, old) = (Self.recordsPath, "/api/v1", "/collections/*")
        route(&router, .get, path + "/count", "count", .reading) { [self] call throws(ChromaError) in
            try checkReadLevel(call)
            return try count(id: try collectionID(call, at: 2))
        }
        route(&router, .post, path + "/get", "get", .reading) { [self] call throws(ChromaError) in
            try get(call, id: try collectionID(call, at: 2), isOld: false)
        }
        route(&router, .post, path + "/query", "query", .reading) { [self] call throws(ChromaError) in
            try query(call, id: try collectionID(call, at: 2), isOld: false)
        }
        route(&router, .get, old + "/count", "v1.count", .reading, prefix: v1) { [self] call throws(ChromaError) in
            try count(id: try collectionID(call, at: 0))
        }
        route(&router, .post, old + "/get", "v1.get", .reading, prefix: v1) { [self] call throws(ChromaError) in
            try get(call, id: try collectionID(call, at: 0), isOld: true)
        }
        route(&router, .post, old + "/query", "v1.query", .reading, prefix: v1) { [self] call throws(ChromaError) in
            try query(call, id: try collectionID(call, at: 0), isOld: true)
        }
    }

    private func count(id: String) throws(ChromaError) -> HTTPResponse {
        .json(.integer(Int64(try recordCount(id))))
    }

    /// How many records a collection has.
    func recordCount(_ id: String) throws(ChromaError) -> Int {
        let answer = try store.body(of: try store.call(.count, of: id, []))
        return Int(answer["count"]?.integerValue ?? 0)
    }

    /// What is written is searchable when it is answered, so all levels are the same.
    private func checkReadLevel(_ call: Call) throws(ChromaError) {
        let levels = ["index_and_wal", "index_only", "index_and_bounded_wal"]
        guard let level = try call.text("read_level"), !levels.contains(level) else { return }
        let known = levels.map { "`\($0)`" }.joined(separator: ", ")
        throw .invalid(
            "Failed to deserialize query string: read_level: unknown variant `\(level)`, expected one of \(known)")
    }

    /// Reads the columns of an answer.
    func columns<Result>(
        of answer: MountAnswer, _ read: (JSONTape, UnsafeRawBufferPointer) -> Result
    ) throws(ChromaError) -> Result {
        do throws(VexFSError) { return try answer.withColumns(read) } catch { throw ChromaError(error) }
    }

    // MARK: Get

    private func get(_ call: Call, id: String, isOld: Bool) throws(ChromaError) -> HTTPResponse {
        let fields = try call.fields()
        let selection = try ChromaSelection(fields, acceptsEmptyFilters: isOld)
        let include = try ChromaInclude(fields, default: [.documents, .metadatas])
        let most = Int(Int32.max)
        let (limit, offset) = (try fields.count("limit") ?? most, try fields.count("offset") ?? 0)
        try store.check(selection, of: id)
        return try gathered(selection, of: id, include, limit: min(limit, most), offset: min(offset, most)).response
    }

    // MARK: Query

    private func query(_ call: Call, id: String, isOld: Bool) throws(ChromaError) -> HTTPResponse {
        let request = try ChromaQuery(body: call.request.body, isOld: isOld)
        try store.check(request.selection, of: id)
        guard request.count > 0, request.limit > 0 else {
            try existing(id)
            return .json(Self.empty(lists: request.count, request.include))
        }
        try limit(.queries, request.count, results: request.limit, of: id)
        if let ids = request.selection.ids, try !find(ids, in: id) {
            return .json(Self.empty(lists: request.count, request.include))
        }
        var parts = WirePartsBuilder()
        var members = request.selection.members
        members.append(
            .init("vectors", parts.add(request.floats, shape: [request.count, request.dimension])))
        members.append(.init("k", .integer(Int64(request.limit))))
        members.append(.init("include", request.include.mountColumns(isQuery: true)))
        let answer = try store.call(.query, of: id, members, parts: parts, dimension: request.dimension)
        return .json(
            try columns(of: answer) { tape, binary in
                var lists: [ChromaColumns] = []
                if let results = tape.member("results", of: tape.root) {
                    tape.forEachElement(of: results) { lists.append(ChromaColumns(tape, binary, at: $0)) }
                }
                return Self.write(lists, request.include)
            })
    }

    /// The real server fails where a query names an id that is not there, and clients rely on it.
    /// - Returns: false where there are no records at all.
    private func find(_ ids: [String], in id: String) throws(ChromaError) -> Bool {
        let list = JSON.Member("ids", .array(ids.filter { !$0.isEmpty }.map(JSON.string)))
        let found = try store.body(of: try store.call(.get, of: id, [list, .init("include", .array([]))]))
        let present = Set((found["ids"]?.arrayValue ?? []).compactMap(\.stringValue))
        guard let missing = ids.first(where: { !present.contains($0) }) else { return true }
        guard try recordCount(id) == 0 else {
            throw ChromaError(500, "Error executing plan: Error finding id: \(missing)")
        }
        return false
    }

    private static func write(_ lists: [ChromaColumns], _ include: ChromaInclude) -> [UInt8] {
        var out: [UInt8] = []
        func member(_ name: String, _ isWanted: Bool, _ write: (ChromaColumns, inout [UInt8]) -> Void) {
            out.append(contentsOf: (out.isEmpty ? "{\"\(name)\":" : ",\"\(name)\":").utf8)
            guard isWanted else { return out.append(contentsOf: "null".utf8) }
            out.append(UInt8(ascii: "["))
            for (index, list) in lists.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                write(list, &out)
            }
            out.append(UInt8(ascii: "]"))
        }
        member("ids", true) { $0.writeIDs(to: &$1) }
        member("embeddings", include.has(.embeddings)) { $0.writeVectors(to: &$1) }
        member("documents", include.has(.documents)) { $0.writeDocuments(to: &$1) }
        member("uris", include.has(.uris)) { $0.writeURIs(to: &$1) }
        member("metadatas", include.has(.metadatas)) { $0.writeMetadatas(to: &$1) }
        member("distances", include.has(.distances)) { $0.writeDistances(to: &$1) }
        out.append(contentsOf: ",\"include\":".utf8)
        include.json.write(to: &out)
        out.append(UInt8(ascii: "}"))
        return out
    }

    private static func empty(lists: Int, _ include: ChromaInclude) -> JSON {
        let none = JSON.array([JSON](repeating: .array([]), count: lists))
        func column(_ field: ChromaInclude.Field) -> JSON.Member {
            .init(field.rawValue, include.has(field) ? none : .null)
        }
        return .object([
            .init("ids", none), column(.embeddings), column(.documents), column(.uris), column(.metadatas),
            column(.distances), .init("include", include.json),
        ])
    }
}
