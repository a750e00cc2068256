/// What a batch of operations needs before the writer's turn: documents written out, checked and embedded.
struct PointMaterial {
    /// One document of a `put`, or one patch.
    struct Document {
        /// The file's bytes; empty for a patch.
        var bytes: [UInt8] = []
        /// What became of the vector, where it is known by now.
        var vector: PreparedDocument?
        /// Why the text of a patch cannot be embedded; a document that brought its own vector does not mind.
        var refusal: VexFSError?
        /// The vectors with a name, as they are stored.
        var named: [NamedVector] = []
        /// Of a patch: the vectors that models make of its text, for a document that brings none of the names.
        var made: [NamedVector] = []
    }

    /// Of each operation: a document for each of its points or patches; none for the others.
    private(set) var documents: [[Document]] = []
    /// Bytes that the batch will write, about.
    private(set) var byteCount = 4096

    /// - Throws: `dimensionMismatch`, `invalidVector`, `invalidArgument` for an empty id, what the embedder throws but
    ///   for being away: then the documents wait for it.
    init(_ operations: [PointOperation], for collection: Collection) throws(VexFSError) {
        let configuration = collection.configuration
        var texts: [(operation: Int, place: Int, text: String)] = []
        var patched: [(operation: Int, place: Int, text: String)] = []
        for (index, operation) in operations.enumerated() {
            var own: [Document] = []
            switch operation {
            case .put(let points, _, _):
                for (place, point) in points.enumerated() {
                    own.append(try Self.document(point, collection, configuration))
                    byteCount += own[place].bytes.count + 256
                    if own[place].vector == nil { texts.append((index, place, point.text ?? "")) }
                }
            case .patch(let patches):
                for (place, patch) in patches.enumerated() {
                    if let vector = patch.vector { try configuration.unnamed.check(vector) }
                    for vector in patch.vectors { try configuration.check(vector) }
                    var document = Document(named: configuration.finished(patch.vectors))
                    document.made = Self.made(of: patch.text, beside: patch.vectors, configuration)
                    own.append(document)
                    byteCount += 4 * (patch.vector?.count ?? 0) + (patch.text?.utf8.count ?? 0) + 1024
                    if patch.vector == nil, let text = patch.text, configuration.model != "none" {
                        patched.append((index, place, text))
                    }
                }
            default: break
            }
            documents.append(own)
        }
        try embed(texts, collection, configuration)
        do throws(VexFSError) { try embed(patched, collection, configuration) } catch {
            guard error.code == .dimensionMismatch else { throw error }
            for text in patched { documents[text.operation][text.place].refusal = error }
        }
    }

    private static func document(
        _ point: PointContent, _ collection: Collection, _ configuration: CollectionConfiguration
    ) throws(VexFSError) -> Document {
        guard !point.id.isEmpty else { throw VexFSError(.invalidArgument, "an id must not be empty") }
        var text = DocumentText(id: point.id)
        text.set(text: point.text)
        text.set(metadata: .object(point.metadata))
        var document = Document()
        let made = Self.made(of: point.text, beside: point.vectors, configuration)
        if let vector = point.vector {
            try configuration.unnamed.check(vector)
            document.vector = PreparedDocument(own: configuration.unnamed.finished(vector))
            text.set(vector: vector)
        } else if point.text?.unicodeScalars.allSatisfy(\.properties.isWhitespace) ?? true
            || (!point.vectors.isEmpty || !made.isEmpty) && configuration.model == "none"
        {
            text.set(vector: nil)
            var none = PreparedDocument(bytes: [])
            if point.vectors.isEmpty, made.isEmpty {
                none.reason = "it has neither a vector nor a text"
            } else {
                none.state = .ready
            }
            document.vector = none
        }
        for vector in point.vectors {
            try configuration.check(vector)
            text.set(vector)
        }
        document.named = configuration.finished(point.vectors) + made
        document.bytes = text.bytes
        return document
    }

    /// The vectors that models make of a text, but for those that come with it.
    static func made(
        of text: String?, beside given: [NamedVector], _ configuration: CollectionConfiguration
    ) -> [NamedVector] {
        guard let text, !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else { return [] }
        return configuration.made(of: text) { name in !given.contains { $0.name == name } }
    }

    private mutating func embed(
        _ texts: [(operation: Int, place: Int, text: String)], _ collection: Collection,
        _ configuration: CollectionConfiguration
    ) throws(VexFSError) {
        guard !texts.isEmpty else { return }
        var waiting: VexFSError?
        var embeddings: [Embedding] = []
        do throws(VexFSError) {
            embeddings = try collection.embed(texts.map(\.text), role: .document, configuration)
        } catch {
            guard error.code == .embedderUnavailable || error.code == .modelMissing else { throw error }
            waiting = error
        }
        for (index, place) in texts.enumerated() {
            var prepared = PreparedDocument(bytes: [])
            if let waiting {
                prepared.state = .pending
                prepared.reason = waiting.description
            } else {
                prepared.take(embeddings[index])
            }
            documents[place.operation][place.place].vector = prepared
        }
    }
}
