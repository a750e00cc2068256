import VexValues

/// The rules for metadata of records and collections.
enum ChromaMetadata {
    /// Where a record's URI is kept: keys that begin so are Chroma's own and are not shown.
    static let uriKey = "chroma:uri"
    /// What some clients call a record's document.
    static let documentKey = "chroma:document"
    static let ownPrefix = "chroma:"

    /// Checks the metadata of a collection.
    /// - Parameter keepsNull: whether null is a value, which says nothing, as in updates.
    /// - Returns: nil where there is none, null where nothing but nulls is in it.
    static func ofCollection(_ json: JSON?, field: String, keepsNull: Bool = false) throws(ChromaError) -> JSON? {
        guard let json else { return nil }
        guard let members = json.members else {
            throw .shape("\(field): invalid type: \(json.kindName), expected a map")
        }
        guard !members.isEmpty else { throw .validation(field, "Metadata cannot be empty") }
        for member in members where !isValue(member.value) && !(keepsNull && member.value.isNull) {
            throw noValue("\(field).\(member.key)")
        }
        for key in members.map(\.key) {
            guard let first = key.utf8.first else { throw .validation(field, "Metadata key cannot be empty") }
            guard first != UInt8(ascii: "#"), first != UInt8(ascii: "$") else {
                throw .validation(field, "Metadata key cannot start with '#' or '$': \(key)")
            }
        }
        let kept = members.filter { !$0.value.isNull }
        return kept.isEmpty ? .null : .object(kept)
    }

    /// Checks the metadata of a record and takes out what says nothing: empty lists, Chroma's own keys but those of the
    /// document and the URI. Objects that are left are sparse vectors (``ChromaSparse``).
    /// - Parameter keepsNull: whether null, or an empty list, takes a key away, as in updates.
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
            if member.key.hasPrefix(ownPrefix), !isText(member) { continue }
            guard case .array(let items) = member.value else {
                kept.append(member)
                continue
            }
            if !items.isEmpty {
                kept.append(.init(member.key, .array(ofOneType(items))))
            } else if keepsNull {
                kept.append(.init(member.key, .null))
            }
        }
        return kept
    }

    private static func isText(_ member: JSON.Member) -> Bool {
        (member.key == uriKey || member.key == documentKey) && member.value.stringValue != nil
    }

    /// Whole numbers among others are read as the others.
    private static func ofOneType(_ items: [JSON]) -> [JSON] {
        guard items.contains(where: { kind($0) == .float }) else { return items }
        return items.map { $0.numberValue.map(JSON.number) ?? $0 }
    }

    private static func noValue(_ place: String) -> ChromaError {
        .shape("\(place): data did not match any variant of untagged enum MetadataValue")
    }

    private static func invalidAt(_ index: Int) -> ChromaError {
        .validation("metadatas", "Invalid metadata at index \(index)")
    }

    /// A scalar, or a list of scalars of one type, or of whole and other numbers.
    private static func isValue(_ json: JSON) -> Bool {
        guard case .array(let items) = json else { return kind(json) != nil }
        let kinds = Set(items.map(kind))
        return !kinds.contains(nil) && (kinds.count <= 1 || kinds == [.int, .float])
    }

    private enum Kind {
        case bool
        case int
        case float
        case string
    }

    private static func kind(_ json: JSON) -> Kind? {
        switch json {
        case .bool: .bool
        case .integer: .int
        case .number: .float
        case .string: .string
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
