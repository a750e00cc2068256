import VexValues

/// The rules for metadata of records and collections.
enum ChromaMetadata {
    /// Where a record's URI is kept: keys that begin so are Chroma's own and are not shown.
    static let uriKey = "chroma:uri"
    static let ownPrefix = "chroma:"

    /// Checks the metadata of a collection.
    /// - Returns: nil where there is none.
    static func ofCollection(_ json: JSON?, field: String) throws(ChromaError) -> JSON? {
        guard let json else { return nil }
        guard let members = json.members else {
            throw .shape("\(field): invalid type: \(json.kindName), expected a map")
        }
        guard !members.isEmpty else { throw .validation(field, "Metadata cannot be empty") }
        for member in members where !isValue(member.value) { throw noValue("\(field).\(member.key)") }
        return json
    }

    /// Checks the metadata of a record and takes out what says nothing: empty lists, Chroma's own keys. Objects that
    /// are left are sparse vectors (``ChromaSparse``).
    /// - Parameter keepsNull: whether null takes a key away, as in updates.
    static func ofRecord(_ json: JSON, index: Int, keepsNull: Bool) throws(ChromaError) -> [JSON.Member] {
        guard let members = json.members else {
            throw .shape("metadatas[\(index)]: invalid type: \(json.kindName), expected a map")
        }
        var kept: [JSON.Member] = []
        kept.reserveCapacity(members.count + 1)
        for member in members {
            let isNull = member.value.isNull && keepsNull
            guard isNull || isValue(member.value) || member.value.members != nil else {
                throw noValue("metadatas[\(index)].\(member.key)")
            }
            let first = member.key.utf8.first
            guard let first, first != UInt8(ascii: "#"), first != UInt8(ascii: "$") else { throw invalidAt(index) }
            if case .object = member.value { try checkSparse(member.value, index, member.key) }
            if case .array(let items) = member.value, items.isEmpty { continue }
            if !member.key.hasPrefix(ownPrefix) { kept.append(member) }
        }
        return kept
    }

    private static func noValue(_ place: String) -> ChromaError {
        .shape("\(place): data did not match any variant of untagged enum MetadataValue")
    }

    private static func invalidAt(_ index: Int) -> ChromaError {
        .validation("metadatas", "Invalid metadata at index \(index)")
    }

    /// A scalar, or a list of scalars of one type.
    private static func isValue(_ json: JSON) -> Bool {
        guard case .array(let items) = json else { return kind(json) != nil }
        guard let first = items.first else { return true }
        let expected = kind(first)
        return expected != nil && items.allSatisfy { kind($0) == expected }
    }

    private static func kind(_ json: JSON) -> Int? {
        switch json {
        case .bool: 0
        case .integer: 1
        case .number: 2
        case .string: 3
        default: nil
        }
    }

    /// `{"#type": "sparse_vector", "indices": [ascending], "values": [as many]}`.
    private static func checkSparse(_ json: JSON, _ index: Int, _ key: String) throws(ChromaError) {
        guard json["#type"]?.stringValue == "sparse_vector", let indices = json["indices"]?.arrayValue,
            let values = json["values"]?.arrayValue
        else { throw noValue("metadatas[\(index)].\(key)") }
        var last: Int64 = -1
        for item in indices {
            guard case .integer(let number) = item, number >= 0, number <= Int64(UInt32.max) else {
                throw noValue("metadatas[\(index)].\(key)")
            }
            guard number > last else { throw invalidAt(index) }
            last = number
        }
        guard values.allSatisfy({ $0.numberValue != nil }) else { throw noValue("metadatas[\(index)].\(key)") }
        guard values.count == indices.count else { throw invalidAt(index) }
    }
}
