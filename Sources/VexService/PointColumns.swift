import VexFS
import VexWire

/// The points of a request as columns, all of one length.
struct PointColumns {
    static let keys: Set<String> = ["ids", "documents", "metadatas", "vectors", "named", "points"]

    var ids: [ByteString] = []
    /// Nil for a column that was not given.
    var documents: [String?]?
    /// Each an object.
    var metadatas: [[JSON.Member]?]?
    var vectors: [[Float]?]?
    var named: [[NamedVector]]

    /// - Throws: `invalidArgument`, `invalidVector`.
    init(_ members: Members, _ parts: WireParts) throws(VexFSError) {
        named = []
        if let rows = try members.array("points") {
            guard !Self.keys.contains(where: { $0 != "points" && members[$0] != nil }) else {
                throw members.refused("points", "goes without the columns")
            }
            try read(rows: rows)
        } else {
            guard let ids = try members.identifiers("ids", parts) else { throw members.refused("ids", "is missing") }
            self.ids = ids
            documents = try Self.texts(members, "documents", parts)
            metadatas = try Self.metadatas(members, "metadatas", parts)
            vectors = try members["vectors"].map { (json) throws(VexFSError) in
                try VectorReader(parts: parts).column(json, at: "vectors")
            }
            named = try namedColumns(members, parts)
        }
        guard ids.count <= WireLimits.pointsMax else {
            throw VexFSError(.invalidArgument, "a request has at the most \(WireLimits.pointsMax) points")
        }
        try require(documents?.count, "documents")
        try require(metadatas?.count, "metadatas")
        try require(vectors?.count, "vectors")
    }

    private func require(_ count: Int?, _ key: String) throws(VexFSError) {
        guard let count, count != ids.count else { return }
        throw VexFSError(.invalidArgument, "\"\(key)\" has \(count) elements and \"ids\" \(ids.count)")
    }

    private mutating func read(rows: [JSON]) throws(VexFSError) {
        var (texts, objects, dense): ([String?], [[JSON.Member]?], [[Float]?]) = ([], [], [])
        let reader = VectorReader(parts: WireParts())
        for (index, row) in rows.enumerated() {
            let place = "points[\(index)]"
            let point = try Members(row, at: place, keys: ["id", "document", "metadata", "vector", "named"])
            guard let id = point["id"].flatMap(Members.identifier) else {
                throw point.refused("id", "must be a string that is not empty, or an integer")
            }
            ids.append(id)
            texts.append(try point.string("document"))
            objects.append(try point.object("metadata"))
            dense.append(
                try point["vector"].map { (json) throws(VexFSError) in
                    try reader.dense(json, at: point.inner("vector"))
                })
            var own: [NamedVector] = []
            for member in try point.object("named") ?? [] where !member.value.isNull {
                own.append(
                    NamedVector(member.key, try reader.vector(member.value, at: point.inner("named.\(member.key)"))))
            }
            named.append(own)
        }
        if texts.contains(where: { $0 != nil }) { documents = texts }
        if objects.contains(where: { $0 != nil }) { metadatas = objects }
        if dense.contains(where: { $0 != nil }) { vectors = dense }
        if named.allSatisfy(\.isEmpty) { named = [] }
    }

    private static func texts(
        _ members: Members, _ key: String, _ parts: WireParts
    ) throws(VexFSError) -> [String?]? {
        guard let value = members[key] else { return nil }
        var texts: [String?] = []
        if let part = try parts.part(value) {
            for bytes in try parts.strings(part) {
                guard let bytes else {
                    texts.append(nil)
                    continue
                }
                guard let text = ByteString(validating: bytes) else { throw members.refused(key, "must be UTF-8") }
                texts.append(text.string)
            }
            return texts
        }
        for element in try members.array(key) ?? [] {
            switch element {
            case .string(let text): texts.append(text)
            case .null: texts.append(nil)
            default: throw members.refused(key, "must be an array of strings and nulls")
            }
        }
        return texts
    }

    private static func metadatas(
        _ members: Members, _ key: String, _ parts: WireParts
    ) throws(VexFSError) -> [[JSON.Member]?]? {
        guard let value = members[key] else { return nil }
        var elements: [JSON] = []
        if let part = try parts.part(value) {
            for bytes in try parts.strings(part) {
                elements.append(try bytes.map { (bytes) throws(VexFSError) in try JSON.parse(bytes) } ?? .null)
            }
        } else {
            elements = try members.array(key) ?? []
        }
        var objects: [[JSON.Member]?] = []
        objects.reserveCapacity(elements.count)
        for element in elements {
            switch element {
            case .object(let object): objects.append(object)
            case .null: objects.append(nil)
            default: throw members.refused(key, "must be an array of objects and nulls")
            }
        }
        return objects
    }

    private func namedColumns(_ members: Members, _ parts: WireParts) throws(VexFSError) -> [[NamedVector]] {
        guard let columns = try members.object("named"), !columns.isEmpty else { return [] }
        var rows = [[NamedVector]](repeating: [], count: ids.count)
        let reader = VectorReader(parts: parts)
        for column in columns where !column.value.isNull {
            let place = "named.\(column.key)"
            let vectors = try reader.anyColumn(column.value, at: place)
            try require(vectors.count, place)
            for (index, vector) in vectors.enumerated() {
                if let vector { rows[index].append(NamedVector(column.key, vector)) }
            }
        }
        return rows
    }
}

/// Reads vectors: arrays of numbers, base64, binary parts.
struct VectorReader {
    let parts: WireParts

    private func refused(_ place: String, _ rule: String) -> VexFSError {
        VexFSError(.invalidArgument, "\"\(place)\" \(rule)")
    }

    /// One vector.
    func dense(_ json: JSON, at place: String) throws(VexFSError) -> [Float] {
        switch json {
        case .array(let elements):
            var vector: [Float] = []
            vector.reserveCapacity(elements.count)
            for element in elements {
                guard let number = element.numberValue, Float(number).isFinite else {
                    throw refused(place, "must be an array of numbers that 32-bit floats can hold")
                }
                vector.append(Float(number))
            }
            guard !vector.isEmpty else { throw refused(place, "has no numbers") }
            return vector
        case .string(let text):
            guard let vector = Base64.vector(text) else {
                throw refused(place, "is a string, and not 32-bit floats in base64")
            }
            return vector
        default:
            guard let part = try parts.part(json) else {
                throw refused(place, "is \(json.kindName), and must be an array of numbers")
            }
            guard part.shape.count == 1 || part.shape.count == 2 && part.shape[0] == 1 else {
                throw refused(place, "must be a part with one vector")
            }
            guard part.count > 0 else { throw refused(place, "has no numbers") }
            return try parts.floats(part)
        }
    }

    /// Vectors, nil for none.
    func column(_ json: JSON, at place: String) throws(VexFSError) -> [[Float]?] {
        if let part = try parts.part(json) {
            guard part.shape.count == 2, part.shape[1] > 0 || part.shape[0] == 0 else {
                throw refused(place, "must be a part of the shape [points, dimension]")
            }
            let (count, dimension) = (part.shape[0], part.shape[1])
            guard count <= WireLimits.pointsMax else {
                throw refused(place, "has \(count) vectors, and \(WireLimits.pointsMax) are the most")
            }
            let flat = try parts.floats(part)
            return (0..<count).map { row in
                let vector = flat[row * dimension..<(row + 1) * dimension]
                // A row of nothing but NaN stands for none.
                return vector.allSatisfy(\.isNaN) ? nil : Array(vector)
            }
        }
        guard case .array(let elements) = json else {
            throw refused(place, "is \(json.kindName), and must be an array of vectors")
        }
        var vectors: [[Float]?] = []
        vectors.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            vectors.append(element.isNull ? nil : try dense(element, at: "\(place)[\(index)]"))
        }
        return vectors
    }

    /// One vector of any kind.
    func vector(_ json: JSON, at place: String) throws(VexFSError) -> DocumentVector {
        switch json {
        case .object:
            if try parts.part(json) != nil { return .dense(try dense(json, at: place)) }
            let members = try Members(json, at: place, keys: ["indices", "values"])
            var indices: [UInt32] = []
            for element in try members.array("indices") ?? [] {
                guard let index = element.integerValue.flatMap(UInt32.init(exactly:)) else {
                    throw members.refused("indices", "must be whole numbers from 0 to \(UInt32.max)")
                }
                indices.append(index)
            }
            let values = members["values"]
            let floats = values == .array([]) || values == nil ? [] : try dense(values ?? .null, at: place + ".values")
            return .sparse(try SparseVector(indices: indices, values: floats))
        case .array(let elements):
            guard case .array? = elements.first else { return .dense(try dense(json, at: place)) }
            var flat: [Float] = []
            var width: Int?
            for element in elements {
                let row = try dense(element, at: place)
                guard row.count == width ?? row.count else { throw refused(place, "has rows of several lengths") }
                width = row.count
                flat += row
            }
            return .multiple(flat, count: elements.count)
        default: return .dense(try dense(json, at: place))
        }
    }

    /// Vectors of any kind, nil for none.
    func anyColumn(_ json: JSON, at place: String) throws(VexFSError) -> [DocumentVector?] {
        guard case .array(let elements) = json else {
            return try column(json, at: place).map { $0.map(DocumentVector.dense) }
        }
        var vectors: [DocumentVector?] = []
        for (index, element) in elements.enumerated() {
            vectors.append(element.isNull ? nil : try vector(element, at: "\(place)[\(index)]"))
        }
        return vectors
    }
}
