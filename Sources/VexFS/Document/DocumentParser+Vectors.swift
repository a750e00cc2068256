/// The vectors that a document brings.
extension DocumentParser {
    static func readVectors(
        _ tape: JSONTape, _ keys: RecognisedKeys, into document: inout ParsedDocument
    ) throws(VexFSError) {
        var source: JSONTape.Entry?
        for entry in keys.vectors {
            if tape.kind(entry.value) == .null {
                document.wantsNoVector = true
                continue
            }
            // Only the plural names vectors, and may name none.
            if tape.kind(entry.value) == .object, tape.string(entry.key) == "vectors" {
                try readNamed(tape, entry, &source, into: &document)
                continue
            }
            try set(try vector(tape, entry, path: tape.string(entry.key)), from: entry, tape, &source, &document)
        }
        if document.vector != nil { document.wantsNoVector = false }
    }

    /// Takes the vector without a name, which a document has once.
    private static func set(
        _ vector: [Float], from entry: JSONTape.Entry, _ tape: JSONTape, _ source: inout JSONTape.Entry?,
        _ document: inout ParsedDocument
    ) throws(VexFSError) {
        if let source {
            let names = "\"\(tape.string(source.key))\" and \"\(tape.string(entry.key))\""
            throw VexFSError(.malformedDocument, "\(names) both hold a vector; keep one of them")
        }
        document.vector = vector
        source = entry
    }

    private static func readNamed(
        _ tape: JSONTape, _ entry: JSONTape.Entry, _ source: inout JSONTape.Entry?,
        into document: inout ParsedDocument
    ) throws(VexFSError) {
        var members: [(name: String, value: Int)] = []
        tape.forEachMember(of: entry.value) { key, value in
            let name = tape.string(key)
            members.removeAll { $0.name == name }
            members.append((name, value))
        }
        if members.isEmpty { document.wantsNoVector = true }
        for (name, value) in members {
            if name.isEmpty, tape.kind(value) == .null {
                document.wantsNoVector = true
            } else if name.isEmpty {
                let member = JSONTape.Entry(key: entry.key, value: value)
                try set(try vector(tape, member, path: "vectors.\"\""), from: entry, tape, &source, &document)
            } else if tape.kind(value) == .null {
                document.declined.append(name)
            } else {
                document.named.append(NamedVector(name, try namedVector(tape, value, path: "vectors.\(name)")))
            }
        }
    }

    private static func namedVector(
        _ tape: JSONTape, _ value: Int, path: String
    ) throws(VexFSError) -> DocumentVector {
        let entry = JSONTape.Entry(key: value, value: value)
        switch tape.kind(value) {
        case .object: return try sparse(tape, value, path: path)
        case .array where tape.next(value) > value + 2 && tape.kind(value + 1) == .array:
            var values: [Float] = []
            var count = 0
            var width = 0
            try tape.forEachElement(of: value) { (element) throws(VexFSError) in
                let place = "\(path)[\(count)]"
                let one = try vector(tape, JSONTape.Entry(key: value, value: element), path: place)
                guard count == 0 || one.count == width else {
                    throw VexFSError(
                        .malformedDocument, "\"\(place)\" has \(one.count) numbers, and those before it \(width)")
                }
                width = one.count
                values += one
                count += 1
            }
            return .multiple(values, count: count)
        default: return .dense(try vector(tape, entry, path: path))
        }
    }

    private static func sparse(_ tape: JSONTape, _ value: Int, path: String) throws(VexFSError) -> DocumentVector {
        var indices: [UInt32]?
        var values: [Float]?
        try tape.forEachMember(of: value) { (key, member) throws(VexFSError) in
            switch tape.string(key) {
            case "indices": indices = try sparseIndices(tape, member, path: path + ".indices")
            case "values":
                let entry = JSONTape.Entry(key: key, value: member)
                values = isEmptyArray(tape, member) ? [] : try vector(tape, entry, path: path + ".values")
            default:
                throw VexFSError(
                    .malformedDocument,
                    "\"\(path)\" has a member \"\(tape.string(key))\"; a sparse vector has \"indices\" and \"values\"")
            }
        }
        guard let indices, let values, indices.count == values.count else {
            throw VexFSError(
                .malformedDocument,
                "\"\(path)\" is an object; a sparse vector has \"indices\" and \"values\", one value for each index")
        }
        do throws(VexFSError) { return .sparse(try SparseVector(indices: indices, values: values)) } catch {
            throw VexFSError(error.code, "\"\(path)\": \(error.message)")
        }
    }

    private static func sparseIndices(_ tape: JSONTape, _ value: Int, path: String) throws(VexFSError) -> [UInt32] {
        guard tape.kind(value) == .array else {
            throw VexFSError(.malformedDocument, "\"\(path)\" is \(tape.value(value).kindName), and must be an array")
        }
        var indices: [UInt32] = []
        try tape.forEachElement(of: value) { (element) throws(VexFSError) in
            guard tape.kind(element) == .integer,
                let index = UInt32(exactly: Int64(bitPattern: tape.rawNumber(element)))
            else {
                throw VexFSError(
                    .malformedDocument, "\"\(path)[\(indices.count)]\" must be a whole number from 0 to 4294967295")
            }
            indices.append(index)
        }
        return indices
    }

    private static func isEmptyArray(_ tape: JSONTape, _ value: Int) -> Bool {
        tape.kind(value) == .array && tape.next(value) == value + 2
    }

    /// One dense vector; `path` is what a sentence calls it.
    private static func vector(
        _ tape: JSONTape, _ entry: JSONTape.Entry, path: String
    ) throws(VexFSError) -> [Float] {
        switch tape.kind(entry.value) {
        case .array: break
        case .string:
            guard let vector = Base64.vector(tape.string(entry.value)), vector.allSatisfy(\.isFinite) else {
                throw VexFSError(
                    .malformedDocument,
                    "\"\(path)\" is a string, and not one of finite 32-bit floats in base64; give an array of numbers")
            }
            return vector
        case .object:
            throw VexFSError(
                .unsupported,
                "\"\(path)\" is an object: only \"vectors\" names vectors; give one array of numbers")
        default:
            throw VexFSError(
                .malformedDocument,
                "\"\(path)\" is \(tape.value(entry.value).kindName), and must be an array of numbers, or null for no "
                    + "vector")
        }
        if let vector = tape.floats(entry.value) { return vector }
        return try vectorByElement(tape, entry.value, path: path)
    }

    /// Something in the array is no number, or there is nothing in it: element by element, to say what.
    private static func vectorByElement(
        _ tape: JSONTape, _ value: Int, path: String
    ) throws(VexFSError) -> [Float] {
        var vector: [Float] = []
        vector.reserveCapacity((tape.next(value) - value) / 2)
        try tape.forEachElement(of: value) { (element) throws(VexFSError) in
            let place = "\"\(path)\"[\(vector.count)]"
            guard let number = tape.double(element) else {
                let kind = tape.value(element).kindName
                throw VexFSError(.malformedDocument, "\(place) is \(kind), and must be a number")
            }
            let component = Float(number)
            guard component.isFinite else {
                throw VexFSError(.invalidVector, "\(place) is \(number), beyond the range of a 32-bit float")
            }
            vector.append(component)
        }
        guard !vector.isEmpty else {
            throw VexFSError(
                .malformedDocument, "\"\(path)\" is an empty array; give numbers, or null for no vector")
        }
        return vector
    }
}
