/// The bytes of a JSON document, taken apart so that its text, metadata and vector can be changed.
///
/// What is written again keeps the document's shape: the keys that it used for its text and vector, and its metadata
/// inside `metadata` or `payload`, or beside the other keys, wherever it stood.
struct DocumentText {
    /// Where the metadata stands.
    private enum Place {
        /// In an object of this key.
        case inside(String)
        /// Beside the other keys.
        case flat
    }

    private var id: JSON?
    private var text: JSON.Member?
    private var vector: JSON.Member?
    /// The vectors with a name.
    private var named: [JSON.Member] = []
    private var metadata: [JSON.Member]
    private var place: Place

    /// A new document, which has its metadata in `metadata`.
    init(id: ByteString) {
        self.id = .string(id.string)
        metadata = []
        place = .inside("metadata")
    }

    /// Takes a document apart.
    /// - Parameter effective: its metadata with everything that was set from outside.
    /// - Throws: `malformedDocument` where the bytes are no JSON object.
    init(_ bytes: [UInt8], metadata effective: JSON) throws(VexFSError) {
        guard case .object(let members) = try JSON.parse(bytes, code: .malformedDocument) else {
            throw VexFSError(.malformedDocument, "a document is a JSON object")
        }
        metadata = effective.members ?? []
        place = .flat
        for key in DocumentParser.textKeys where text == nil { text = members.last { $0.key == key.description } }
        for member in members {
            if member.key == Self.namedKey, let vectors = member.value.members, !vectors.isEmpty {
                named = vectors
                if let own = vectors.last(where: { $0.key.isEmpty }) { vector = .init("vector", own.value) }
                named.removeAll { $0.key.isEmpty }
            } else if Self.isAmong(DocumentParser.vectorKeys, member.key) {
                if vector == nil || !member.value.isNull { vector = member }
            } else if Self.isAmong(DocumentParser.metadataKeys, member.key) {
                if case .flat = place { place = .inside(member.key) }
            } else if member.key == "id" {
                id = member.value
            }
        }
    }

    /// Sets the text; nil takes it away.
    mutating func set(text new: String?) {
        text = new.map { .init(text?.key ?? "text", .string($0)) }
    }

    /// Replaces the metadata.
    mutating func set(metadata new: JSON) { metadata = new.members ?? [] }

    /// Sets the vector; nil says that the document has none.
    mutating func set(vector new: [Float]?) {
        var key = vector?.key ?? "vector"
        if key == Self.namedKey, !named.isEmpty { key = "vector" }
        guard let new else {
            vector = .init(key, .null)
            return
        }
        vector = .init(key, Self.json(new))
    }

    /// Sets a vector with a name.
    mutating func set(_ new: NamedVector) {
        removeVector(new.name)
        if case .dense(let values) = new.vector {
            named.append(.init(new.name, Self.json(values)))
        } else {
            named.append(.init(new.name, new.vector.json))
        }
        if vector?.key == Self.namedKey { vector?.key = "vector" }
    }

    /// Takes a vector with a name away; where asked, the document says that it has none.
    mutating func removeVector(_ name: String, saysSo: Bool = false) {
        named.removeAll { $0.key == name }
        if saysSo { named.append(.init(name, .null)) }
    }

    /// Whether the document brings a vector of that name, or says that it has none.
    func names(vector name: String) -> Bool { named.contains { $0.key == name } }

    private static let namedKey = "vectors"

    /// A vector in the form that takes the least room: its bytes in base64.
    private static func json(_ vector: [Float]) -> JSON {
        var encoded: [UInt8] = []
        vector.withUnsafeBytes { Base64.append($0, to: &encoded) }
        return .string(String(decoding: encoded, as: UTF8.self))
    }

    /// Leaves the vector to the text.
    mutating func forgetVector() { vector = nil }

    /// Whether the document brings its own vector, or says that it has none.
    var namesVector: Bool { vector != nil }

    /// Whether there is no text to embed.
    var isBlank: Bool { text?.value.stringValue?.unicodeScalars.allSatisfy(\.properties.isWhitespace) ?? true }

    /// The document's bytes: one line of compact JSON.
    var bytes: [UInt8] {
        var members: [JSON.Member] = []
        if let id { members.append(.init("id", id)) }
        if let text { members.append(text) }
        switch place {
        case .flat where !metadata.contains { Self.isTaken($0.key) }: members += metadata
        case .flat: members.append(.init("metadata", .object(metadata)))
        case .inside(let key): members.append(.init(key, .object(metadata)))
        }
        if let vector { members.append(vector) }
        if !named.isEmpty { members.append(.init(Self.namedKey, .object(named))) }
        return JSON.object(members).compact + [UInt8(ascii: "\n")]
    }

    /// Whether a key has a meaning of its own in a document, so that metadata of that name must stand in an object.
    private static func isTaken(_ key: String) -> Bool {
        key == "id" || isAmong(DocumentParser.textKeys, key) || isAmong(DocumentParser.vectorKeys, key)
            || isAmong(DocumentParser.metadataKeys, key)
    }

    private static func isAmong(_ names: [StaticString], _ key: String) -> Bool {
        names.contains { $0.description == key }
    }
}
