/// Reads what queries and pages of Qdrant's have in common: orders and ids.
enum QdrantOrderReader {
    /// The id that a page begins with. Not a UUID where it is spelled otherwise than UUIDs are shown: a page may end
    /// before a document whose name is such a spelling, and names have another place than UUIDs.
    static func start(_ json: JSON, at place: String) throws(VexFSError) -> PointIdentifier {
        if case .string(let text) = json { return PointIdentifier(ByteString(text)) }
        return try identifier(json, at: place)
    }

    static func orderBy(_ json: JSON, at place: String) throws(VexFSError) -> OrderBy {
        if case .string(let key) = json { return OrderBy(key: try PayloadPath(qdrant: key)) }
        let object = try RequestObject(json, at: place, keys: ["key", "direction", "start_from"])
        var order = OrderBy(key: try PayloadPath(qdrant: object.required(object.string("key"), "key")))
        switch try object.string("direction") {
        case nil, "asc": break
        case "desc": order.isDescending = true
        default: throw object.refused("direction", "must be asc or desc")
        }
        if let (json, _) = object.value("start_from") {
            guard let start = OrderValue(json) else { throw object.refused("start_from", "must be a number or a time") }
            order.start = start
        }
        return order
    }

    /// An id: a number, a UUID in any spelling, or any other string as ``PointIdentifier/json`` shows it.
    static func identifier(_ json: JSON, at place: String) throws(VexFSError) -> PointIdentifier {
        switch json {
        case .integer(let number):
            guard number >= 0 else { throw RequestObject.refused(place, "is negative, and an id is not") }
            return .integer(UInt64(number))
        case .string(let text):
            if let uuid = PayloadUUID(text) { return .uuid(uuid) }
            return PointIdentifier(ByteString(text))
        default: throw RequestObject.refused(place, "is \(json.kindName), and must be an id")
        }
    }
}
