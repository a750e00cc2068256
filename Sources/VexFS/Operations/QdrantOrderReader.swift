/// Reads what queries and pages of Qdrant's have in common: orders and ids.
enum QdrantOrderReader {
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

    static func identifier(_ json: JSON, at place: String) throws(VexFSError) -> PointIdentifier {
        switch json {
        case .integer(let number):
            guard number >= 0 else { throw RequestObject.refused(place, "is negative, and an id is not") }
            return .integer(UInt64(number))
        case .string(let text):
            guard let uuid = PayloadUUID(text) else {
                throw RequestObject.refused(place, "is neither an integer nor a UUID, as ids are, nor a vector")
            }
            return .uuid(uuid)
        default: throw RequestObject.refused(place, "is \(json.kindName), and must be an id")
        }
    }
}
