import VexValues

/// The records of an add, update or upsert, read from the body without a value for every number.
struct ChromaRecords {
    enum Kind {
        case add
        case update
        case upsert
    }

    var ids: [String] = []
    /// `[vectors × dimension] Float32` of the records that have one, in order.
    var floats: [Float] = []
    /// Which records have a vector; nil where no vectors were given at all.
    var hasVector: [Bool]?
    var dimension: Int?
    var metadatas: [[JSON.Member]?]?
    var documents: [String?]?
    var uris: [String?]?

    /// Reads a body.
    /// - Throws: 400 where it is no JSON or breaks a rule, 422 where it has another shape.
    init(body: [UInt8], kind: Kind) throws(ChromaError) {
        self = try ChromaBody.read(body) { tape throws(ChromaError) in try ChromaRecords(tape, kind: kind) }
    }

    /// The keys of the metadata, with their types.
    var keys: Set<ChromaSchema.Key> {
        var keys: Set<ChromaSchema.Key> = []
        for case let metadata? in metadatas ?? [] {
            for member in metadata {
                if let key = ChromaSchema.Key(member) { keys.insert(key) }
            }
        }
        return keys
    }

    private init(_ tape: JSONTape, kind: Kind) throws(ChromaError) {
        var hasIDs = false
        var hasEmbeddings = false
        try tape.forEachMember(of: tape.root) { (key, value) throws(ChromaError) in
            switch tape.string(key) {
            case "ids":
                hasIDs = true
                try readIDs(tape, value)
            case "embeddings":
                hasEmbeddings = true
                try readEmbeddings(tape, value, kind)
            case "metadatas": metadatas = try Self.metadatas(tape, value, kind)
            case "documents": documents = try Self.texts(tape, value, "documents")
            case "uris": uris = try Self.texts(tape, value, "uris")
            default: break
            }
        }
        guard hasIDs else { throw .shape("missing field `ids`") }
        guard hasEmbeddings || kind == .update else { throw .shape("missing field `embeddings`") }
        let counts = [hasVector?.count, metadatas?.count, documents?.count, uris?.count]
        guard counts.allSatisfy({ $0 == nil || $0 == ids.count }) else {
            throw .invalid("Inconsistent number of IDs, embeddings, documents, URIs and metadatas")
        }
        takeOut(ChromaMetadata.documentKey, into: \.documents)
        takeOut(ChromaMetadata.uriKey, into: \.uris)
    }

    /// Moves what the metadata has under a key to where it belongs, unless something is there.
    private mutating func takeOut(_ key: String, into column: WritableKeyPath<Self, [String?]?>) {
        for place in ids.indices {
            guard let found = metadatas?[place]?.firstIndex(where: { $0.key == key }),
                let text = metadatas?[place]?.remove(at: found).value.stringValue
            else { continue }
            var texts = self[keyPath: column] ?? [String?](repeating: nil, count: ids.count)
            if texts[place] == nil { texts[place] = text }
            self[keyPath: column] = texts
        }
    }

    private mutating func readIDs(_ tape: JSONTape, _ list: Int) throws(ChromaError) {
        guard tape.kind(list) == .array else { throw .shape("ids: invalid type, expected a sequence") }
        try tape.forEachElement(of: list) { (item) throws(ChromaError) in
            guard tape.kind(item) == .string else {
                throw .shape("ids[\(ids.count)]: invalid type: \(tape.value(item).kindName), expected a string")
            }
            ids.append(tape.string(item))
        }
    }

    private mutating func readEmbeddings(_ tape: JSONTape, _ list: Int, _ kind: Kind) throws(ChromaError) {
        let noVariant = ChromaError.shape(
            "embeddings: data did not match any variant of untagged enum \(kind == .update ? "Update" : "")"
                + "EmbeddingsPayload")
        if tape.kind(list) == .null, kind == .update { return }
        guard tape.kind(list) == .array else { throw noVariant }
        var present: [Bool] = []
        var form: JSONTape.Kind?
        try tape.forEachElement(of: list) { (item) throws(ChromaError) in
            if tape.kind(item) != .null {
                // All are arrays, or all are base64.
                guard form ?? tape.kind(item) == tape.kind(item) else { throw noVariant }
                form = tape.kind(item)
            }
            var count = 0
            switch tape.kind(item) {
            case .null where kind == .update:
                present.append(false)
                return
            case .string: count = try appendBase64(tape.bytes(item))
            case .array where tape.next(item) == item + 2: break
            case .array:
                guard let vector = tape.chromaFloats(item) else { throw noVariant }
                guard vector.allSatisfy(\.isFinite) else {
                    throw .validation("embeddings", "Embeddings must not contain NaN or Infinity values")
                }
                floats.append(contentsOf: vector)
                count = vector.count
            default: throw noVariant
            }
            present.append(true)
            guard dimension ?? count == count else {
                throw .invalid("Inconsistent dimensions in provided embeddings")
            }
            dimension = count
        }
        hasVector = present
    }

    private mutating func appendBase64(_ text: UnsafeBufferPointer<UInt8>) throws(ChromaError) -> Int {
        do throws(Base64.Fault) {
            return try Base64.appendFloats(of: text, to: &floats)
        } catch {
            switch error {
            case .symbol(let byte, let offset):
                throw .invalid("Invalid base64 string: Invalid symbol \(byte), offset \(offset).")
            case .length: throw .invalid("Invalid base64 string: Invalid padding")
            case .bytes(let count):
                throw .invalid(
                    "Invalid byte length: \(count) bytes cannot be converted to f32 values (must be divisible by 4)")
            }
        }
    }

    private static func metadatas(
        _ tape: JSONTape, _ list: Int, _ kind: Kind
    ) throws(ChromaError) -> [[JSON.Member]?]? {
        if tape.kind(list) == .null { return nil }
        guard tape.kind(list) == .array else { throw .shape("metadatas: invalid type, expected a sequence") }
        var metadatas: [[JSON.Member]?] = []
        try tape.forEachElement(of: list) { (item) throws(ChromaError) in
            metadatas.append(
                tape.kind(item) == .null
                    ? nil
                    : try ChromaMetadata.ofRecord(
                        tape.value(item), index: metadatas.count, keepsNull: kind != .add))
        }
        return metadatas
    }

    private static func texts(_ tape: JSONTape, _ list: Int, _ field: String) throws(ChromaError) -> [String?]? {
        if tape.kind(list) == .null { return nil }
        guard tape.kind(list) == .array else { throw .shape("\(field): invalid type, expected a sequence") }
        var texts: [String?] = []
        try tape.forEachElement(of: list) { (item) throws(ChromaError) in
            switch tape.kind(item) {
            case .null: texts.append(nil)
            case .string: texts.append(tape.string(item))
            default:
                throw .shape("\(field)[\(texts.count)]: invalid type: \(tape.value(item).kindName), expected a string")
            }
        }
        return texts
    }
}
