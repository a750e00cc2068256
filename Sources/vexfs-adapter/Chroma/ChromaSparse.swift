import VexValues

/// Sparse vectors in records' metadata: `{"#type": "sparse_vector", "indices": [ascending], "values": [as many]}`.
///
/// They are kept in the metadata as they were given, and as a vector of the key's name beside it, where searches find
/// them.
enum ChromaSparse {
    /// What schemas call them.
    static let type = "sparse_vector"
    static let index = "sparse_vector_index"

    /// Refuses an index that a schema asks for where nothing says what it is made of: the real server refuses all, and
    /// there is none that holds for every key.
    /// - Parameter types: what a schema says of one key, or of all.
    static func check(_ types: JSON, isDefault: Bool) throws(ChromaError) {
        guard let asked = types[type]?[index], asked["enabled"]?.boolValue == true else { return }
        let config = asked["config"]
        let hasSource = config?["source_key"]?.stringValue != nil || config?["bm25"]?.boolValue != nil
        let hasFunction = config?["embedding_function"]?["type"]?.stringValue == "known"
        guard isDefault || !(hasSource || hasFunction) else { return }
        let what = isDefault ? "for all keys at once" : "without an embedding_function, or bm25 as true or false"
        throw .invalid(
            "Failed to reconcile schema: Invalid schema input: Sparse vector indexing is not enabled in local \(what)")
    }

    /// The vector of a query as the mount takes it.
    static func vector(_ json: JSON) throws(ChromaError) -> JSON {
        guard let indices = json["indices"]?.arrayValue, let values = json["values"]?.arrayValue,
            indices.count == values.count
        else { throw .shape("rank.$knn.query: expected a sparse vector, with as many indices as values") }
        return columns(indices, values)
    }

    private static func columns(_ indices: [JSON], _ values: [JSON]) -> JSON {
        .object([.init("indices", .array(indices)), .init("values", .array(values))])
    }

    /// The vector of metadata as the mount takes it; nil where the value is something else.
    static func column(_ json: JSON?) -> JSON? {
        guard case .object? = json, let indices = json?["indices"]?.arrayValue, let values = json?["values"]?.arrayValue
        else { return nil }
        return columns(indices, values)
    }
}

extension ChromaSchema {
    /// The keys whose sparse vectors are indexed, each with what is done to the values of a query.
    var sparseVectors: [String: String] {
        var found: [String: String] = [:]
        for key in json["keys"]?.members ?? [] {
            guard let index = key.value[ChromaSparse.type]?[ChromaSparse.index], index["enabled"]?.boolValue == true
            else { continue }
            found[key.key] = index["config"]?["bm25"]?.boolValue == true ? "idf" : "none"
        }
        return found
    }
}

extension ChromaRecords {
    /// The sparse vectors of some of the records, all where `chosen` is nil, as columns of the mount.
    /// - Returns: nil where none has any.
    func sparseColumns(_ keys: [String], _ chosen: [Int]?) -> JSON.Member? {
        let places = chosen ?? Array(ids.indices)
        let columns = keys.compactMap { key -> JSON.Member? in
            let vectors = places.map { place in ChromaSparse.column(metadata(key, of: place)) }
            guard vectors.contains(where: { $0 != nil }) else { return nil }
            return .init(key, .array(vectors.map { $0 ?? .null }))
        }
        return columns.isEmpty ? nil : .init("named", .object(columns))
    }

    /// Requests that take away the vectors of records whose metadata has something else under the key from now on.
    func sparseRemovals(_ keys: [String]) -> [[JSON.Member]] {
        keys.compactMap { key in
            let gone = ids.indices.filter { place in
                guard let value = metadata(key, of: place) else { return false }
                return ChromaSparse.column(value) == nil
            }
            guard !gone.isEmpty else { return nil }
            return [
                .init("ids", .array(gone.map { .string(ids[$0]) })), .init("names", .array([.string(key)])),
            ]
        }
    }

    private func metadata(_ key: String, of place: Int) -> JSON? {
        metadatas?[place]?.first { $0.key == key }?.value
    }
}
