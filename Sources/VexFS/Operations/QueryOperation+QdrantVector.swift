/// Vectors and what stands for one.
extension QdrantQueryReader {
    /// The keys that an object has where it is a vector or something to be embedded.
    static let inputKeys: Set<String> = ["indices", "values", "text", "image", "object"]

    func input(_ json: JSON, at place: String) throws(VexFSError) -> QueryOperation.VectorInput {
        switch json {
        case .integer, .string: return .point(try QdrantOrderReader.identifier(json, at: place))
        case .array(let elements):
            if case .array? = elements.first {
                return .vector(.multiple(try list(json, at: place, floats)))
            }
            return .vector(.dense(try floats(json, at: place)))
        case .object(let members):
            if members.contains(where: { $0.key == "indices" || $0.key == "values" }) {
                return .vector(.sparse(try sparse(json, at: place)))
            }
            return try text(json, at: place)
        case .null, .bool, .number:
            throw RequestObject.refused(place, "is \(json.kindName), and must be a vector, an id or a text")
        }
    }

    func floats(_ json: JSON, at place: String) throws(VexFSError) -> [Float] {
        guard case .array(let elements) = json, !elements.isEmpty else {
            throw RequestObject.refused(place, "must be an array of numbers with at least one")
        }
        var vector: [Float] = []
        vector.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let number = element.numberValue, Float(number).isFinite else {
                throw RequestObject.refused("\(place)[\(index)]", "must be a number that a 32-bit float can hold")
            }
            vector.append(Float(number))
        }
        return vector
    }

    private func sparse(_ json: JSON, at place: String) throws(VexFSError) -> SparseVector {
        let object = try RequestObject(json, at: place, keys: ["indices", "values"])
        let (indices, indexPlace) = try object.required(object.value("indices"), "indices")
        let (values, valuePlace) = try object.required(object.value("values"), "values")
        guard let elements = indices.arrayValue else { throw object.refused("indices", "must be an array") }
        var numbers: [UInt32] = []
        for (index, element) in elements.enumerated() {
            guard let number = element.integerValue.flatMap(UInt32.init(exactly:)) else {
                throw RequestObject.refused("\(indexPlace)[\(index)]", "must be an integer from 0 to \(UInt32.max)")
            }
            numbers.append(number)
        }
        let floats = values == .array([]) ? [] : try floats(values, at: valuePlace)
        return try SparseVector(indices: numbers, values: floats)
    }

    /// What is to be embedded: `{"text": …, "model": …}`.
    private func text(_ json: JSON, at place: String) throws(VexFSError) -> QueryOperation.VectorInput {
        guard case .string(let text)? = json["text"] else {
            throw RequestObject.refused(
                place, "must be a vector, an id, or {\"text\": …}; images and other objects cannot be embedded")
        }
        let object = try RequestObject(json, at: place, keys: ["text", "model", "options"])
        return .text(text, model: try object.string("model"))
    }
}
