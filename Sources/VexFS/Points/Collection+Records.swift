/// What is read of points besides their ids.
public struct PointFields: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Fields by their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The text.
    public static let texts = PointFields(rawValue: 1)
    /// The metadata.
    public static let metadatas = PointFields(rawValue: 2)
    /// The vector without a name as the document gives it.
    public static let givenVectors = PointFields(rawValue: 4)
}

/// A point as it is read: a row's document.
public struct PointRecord: Sendable, Equatable {
    /// The id.
    public var id: ByteString
    /// The path below the collection.
    public var path: String
    /// Where the document is on its way into the index.
    public var state: DocumentState
    /// The text; nil where the document has none, or where it was not asked for.
    public var text: String?
    /// The metadata as compact JSON, an object; empty where it was not asked for.
    public var metadata: [UInt8]
    /// `[dimension] Float32`, the vector as the document gives it; nil where it gives none, or it was not asked for.
    public var vector: [Float]?
}

extension Collection {
    /// The points of rows; nil for one that is gone, or was changed, meanwhile. O(rows).
    /// - Throws: `corruption`, `inputOutput`.
    public func records(of rows: [Row], _ fields: PointFields) throws(VexFSError) -> [PointRecord?] {
        let ids = identifiers(of: rows)
        let places: [(file: FileAttributes, path: String)?] = state.withLock { state in
            rows.map { row in
                guard let file = state.rows.file(of: row), let attributes = state.tree[file],
                    let path = state.tree.path(of: file)
                else { return nil }
                return (attributes, path)
            }
        }
        var found: [PointRecord?] = []
        found.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            guard let place = places[index], let id = ids[index] else {
                found.append(nil)
                continue
            }
            var record = PointRecord(id: id.text, path: place.path, state: place.file.state, text: nil, metadata: [])
            var isThere = true
            if fields.contains(.metadatas) {
                if let metadata = try rowRecord(row)?.metadata { record.metadata = metadata } else { isThere = false }
            }
            if fields.contains(.texts) || fields.contains(.givenVectors) {
                let format = FileNaming.format(of: place.file.name)
                if let bytes = try storedDocument(row) {
                    if fields.contains(.texts) { record.text = DocumentParser.text(of: bytes, as: format) }
                    if fields.contains(.givenVectors), format == .json {
                        record.vector = DocumentParser.vector(of: bytes)
                    }
                } else {
                    isThere = false
                }
            }
            found.append(isThere ? record : nil)
        }
        return found
    }

    /// The vectors of texts, made by the collection's model; `name` is that of the vector that they are compared with.
    /// - Throws: `nothingToEmbed` where the collection has no model, `dimensionMismatch`; what the embedder throws.
    public func embeddings(
        of texts: [String], role: EmbeddingRole, as name: String = ""
    ) throws(VexFSError) -> [Embedding] {
        try embed(texts, role: role, configuration, as: name)
    }

    /// Whether a document of one of these ids is a file other than the one that ``insert(_:vectors:sync:existing:)``
    /// writes for it: a text, or a file in a folder.
    func hasOtherFile(forOneOf ids: [ByteString]) -> Bool {
        state.withLock { state in
            ids.contains { id in
                id.string.utf8.contains(UInt8(ascii: "/")) || state.tree.lookup(id, in: Self.rootNumber) != nil
            }
        }
    }

    /// Whether ``insert(_:vectors:sync:existing:)`` does with these points what a `put` would.
    public func canInsert(_ ids: [ByteString]) -> Bool { !hasOtherFile(forOneOf: ids) }

    /// `schema.json` as a value.
    public var schema: JSON { payloads.schema.json }

    /// When the collection was made, in nanoseconds since 1970.
    public var created: Int64 { createdTime }
}

extension CollectionConfiguration {
    /// The object that `config.json` shows.
    public var object: JSON { json }
}

extension DocumentParser {
    /// The vector without a name of a stored JSON document, as it is written there; nil where there is none.
    static func vector(of bytes: [UInt8]) -> [Float]? {
        bytes.withUnsafeBufferPointer { buffer in
            JSONTape.withTape(of: buffer) { tape -> [Float]? in
                guard tape.kind(tape.root) == .object else { return nil }
                for entry in RecognisedKeys(tape).vectors {
                    switch tape.kind(entry.value) {
                    case .array: if let vector = tape.floats(entry.value) { return vector }
                    case .string: if let vector = Base64.vector(tape.string(entry.value)) { return vector }
                    default: continue
                    }
                }
                return nil
            } ?? nil
        }
    }

    /// The text of a stored document; nil where it has none.
    static func text(of bytes: [UInt8], as format: DocumentFormat) -> String? {
        guard !bytes.isEmpty else { return nil }
        guard format == .json else { return (try? parse(bytes, as: format))?.text }
        return bytes.withUnsafeBufferPointer { buffer in
            JSONTape.withTape(of: buffer) { tape -> String? in
                guard tape.kind(tape.root) == .object, let text = RecognisedKeys(tape).text,
                    tape.kind(text.value) == .string
                else { return nil }
                return tape.string(text.value)
            } ?? nil
        }
    }
}
