/// Reads documents: a JSON object with a few recognised keys, or text.
///
/// The recognised keys of a JSON document:
/// - `text`, `document`, `content`, `page_content`: the first of them that is present, in this order, is the text and
///   must be a string. The others, where they are present too, are metadata like any other key.
/// - `metadata`, `payload`: an object whose members are metadata.
/// - `embedding`, `vector`, `vectors`: an array of numbers, or null for "no vector". `vectors` may also be an object of
///   vectors by name: an array of numbers, an array of such arrays, `{"indices": […], "values": […]}`, or null. An
///   empty object is "no vector", and the name "" stands for the vector without a name.
/// - `id`: a string or an integer; a file's name decides, so only bulk ingest uses it.
///
/// Every other key is metadata. Where a name occurs twice, `metadata` wins over `payload` and both over a plain key.
public enum DocumentParser {
    /// Reads one document.
    ///
    /// - Throws: `malformedDocument`, `invalidVector`, `nothingToEmbed`. Text never fails: what cannot be indexed says
    ///   so in ``ParsedDocument/unindexedReason``.
    public static func parse(
        _ bytes: [UInt8], as format: DocumentFormat
    ) throws(VexFSError) -> ParsedDocument {
        try bytes.withUnsafeBufferPointer { (buffer) throws(VexFSError) -> ParsedDocument in
            switch format {
            case .json: try parse(line: buffer)
            case .text, .markdown: TextDocument.parse(buffer, as: format)
            }
        }
    }

    /// Reads one line of JSON Lines, or any other JSON document.
    public static func parse(line bytes: UnsafeBufferPointer<UInt8>) throws(VexFSError) -> ParsedDocument {
        if let found = try parseAroundVector(bytes) { return found }
        let found = try JSONTape.withTape(of: bytes) { (tape) throws(VexFSError) -> ParsedDocument in
            try document(tape)
        }
        guard let found else { throw JSONFault.find(in: bytes, objectOnly: true).error(.malformedDocument) }
        return found
    }

    /// The keys that hold the text, first come first served.
    static let textKeys: [StaticString] = ["text", "document", "content", "page_content"]
    /// The keys that hold an object of metadata; where a name occurs in both, the last wins.
    static let metadataKeys: [StaticString] = ["payload", "metadata"]
    /// The keys that hold a vector.
    static let vectorKeys: [StaticString] = ["embedding", "vector", "vectors"]

    /// - Parameter vector: the document's own vector, where it was read already and `null` stands in its place.
    static func document(_ tape: JSONTape, vector: [Float]? = nil) throws(VexFSError) -> ParsedDocument {
        guard tape.kind(tape.root) == .object else {
            let kind = tape.value(tape.root).kindName
            throw VexFSError(.malformedDocument, "a document is a JSON object, and this is \(kind)")
        }
        let keys = RecognisedKeys(tape)
        var document = ParsedDocument(format: .json)
        if let text = keys.text {
            guard tape.kind(text.value) == .string else {
                throw wrongKind(tape, text, "must be a string; leave it out for a document without text")
            }
            document.text = tape.string(text.value)
        }
        if let id = keys.id { document.explicitID = try identifier(tape, id) }
        try readVectors(tape, keys, into: &document)
        if let vector { (document.vector, document.wantsNoVector) = (vector, false) }
        document.metadata = try metadata(tape, keys)
        if !document.hasOwnVector, !document.wantsNoVector, document.isBlank {
            throw VexFSError(.nothingToEmbed, nothingToEmbed(keys, tape))
        }
        return document
    }

    private static func nothingToEmbed(_ keys: RecognisedKeys, _ tape: JSONTape) -> String {
        let remedy = "add \"text\" (a string), \"embedding\" (an array of numbers), or \"embedding\": null"
        guard let text = keys.text else { return "the document has nothing to embed: \(remedy) to store it without" }
        return "\"\(tape.string(text.key))\" is blank: \(remedy) to store it without"
    }

    private static func identifier(_ tape: JSONTape, _ id: JSONTape.Entry) throws(VexFSError) -> ByteString? {
        if let large = tape.unsigned(id.value) { return ByteString(String(large)) }
        switch tape.value(id.value) {
        case .string(let text):
            guard !text.isEmpty else { throw wrongKind(tape, id, "must not be empty") }
            return ByteString(text)
        case .integer(let number): return ByteString(String(number))
        case .null: return nil
        default: throw wrongKind(tape, id, "must be a string or an integer")
        }
    }

    private static func metadata(_ tape: JSONTape, _ keys: RecognisedKeys) throws(VexFSError) -> JSON {
        var members = JSONMembers()
        for entry in keys.others { members.set(tape.string(entry.key), tape.value(entry.value)) }
        for entry in keys.metadata {
            guard tape.kind(entry.value) == .object else { throw wrongKind(tape, entry, "must be an object") }
            tape.forEachMember(of: entry.value) { key, value in members.set(tape.string(key), tape.value(value)) }
        }
        return .object(members.list)
    }

    static func wrongKind(_ tape: JSONTape, _ entry: JSONTape.Entry, _ rule: String) -> VexFSError {
        let kind = tape.value(entry.value).kindName
        return VexFSError(.malformedDocument, "\"\(tape.string(entry.key))\" is \(kind), and \(rule)")
    }

    // MARK: Keys

    /// The members of a document by what they mean; a repeated key counts where it stands last.
    struct RecognisedKeys {
        var text: JSONTape.Entry?
        var id: JSONTape.Entry?
        var metadata: [JSONTape.Entry] = []
        var vectors: [JSONTape.Entry] = []
        var others: [JSONTape.Entry] = []

        init(_ tape: JSONTape) {
            // One for each of the keys, in their order. Not arrays: these are made for every document.
            var texts = InlineArray<4, JSONTape.Entry?>(repeating: nil)
            var payloads = InlineArray<2, JSONTape.Entry?>(repeating: nil)
            var arrays = InlineArray<3, JSONTape.Entry?>(repeating: nil)
            tape.forEachMember(of: tape.root) { key, value in
                let entry = JSONTape.Entry(key: key, value: value)
                let bytes = tape.bytes(key)
                if let which = textKeys.firstIndex(where: { $0.holds(bytes) }) {
                    texts[which] = entry
                } else if let which = vectorKeys.firstIndex(where: { $0.holds(bytes) }) {
                    arrays[which] = entry
                } else if let which = metadataKeys.firstIndex(where: { $0.holds(bytes) }) {
                    payloads[which] = entry
                } else if ("id" as StaticString).holds(bytes) {
                    id = entry
                } else {
                    others.append(entry)
                }
            }
            for which in texts.indices {
                guard let entry = texts[which] else { continue }
                if text == nil { text = entry } else { others.append(entry) }
            }
            for which in payloads.indices { if let entry = payloads[which] { metadata.append(entry) } }
            for which in arrays.indices { if let entry = arrays[which] { vectors.append(entry) } }
        }
    }
}

extension JSONTape {
    /// A member of an object: the indices of its key and value.
    struct Entry {
        var key: Int
        var value: Int
    }

    /// The integer at `index` where it is beyond `Int64`, or nil.
    func unsigned(_ index: Int) -> UInt64? { kind(index) == .unsigned ? rawNumber(index) : nil }
}

extension StaticString {
    /// Whether these are the bytes of the string.
    fileprivate func holds(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count == utf8CodeUnitCount
            && bytes.elementsEqual(UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
    }
}
