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
    /// The text as a JSON string, `null` where the document has none; empty where it was not asked for.
    public var text: [UInt8]
    /// The metadata as compact JSON, an object; empty where it was not asked for.
    public var metadata: [UInt8]
    /// `[dimension] Float32`, the vector as the document gives it; nil where it gives none, or it was not asked for.
    public var vector: [Float]?
}

extension Collection {
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

extension PointFields {
    /// What is kept of a row for them.
    fileprivate var parts: [RecordCache.Part] {
        var parts: [RecordCache.Part] = []
        if contains(.metadatas) { parts.append(.metadata) }
        if contains(.texts) { parts.append(.text) }
        if contains(.givenVectors) { parts.append(.noVector) }
        return parts
    }
}

/// Reading records: what is kept is taken from there, and the rest is read together.
extension Collection {
    /// Where a row's document is.
    private struct RecordPlace {
        var row: Row
        var file: FileNumber
        var path: String
        var state: DocumentState
    }

    /// What is still to be read of records, by their places among those that are asked for.
    private struct Unread {
        var metadatas: [Int] = []
        var documents: [Int] = []
    }

    /// The points of rows; nil for one that is gone, or was changed, meanwhile. O(rows).
    /// - Parameter keeps: whether what is read is kept for the next time; what many rows have would take the place of
    ///   what is asked for often.
    /// - Throws: `corruption`, `inputOutput`.
    public func records(
        of rows: [Row], _ fields: PointFields, keeps: Bool = true
    ) throws(VexFSError) -> [PointRecord?] {
        let places = recordPlaces(of: rows)
        var records: [PointRecord?] = places.map { place in
            place.map { place in
                // Only hashed names, which begin so, need the document for their id.
                let isPlain = !place.path.utf8.contains(UInt8(ascii: "~"))
                let id = isPlain ? FileNaming.identifier(ofPath: place.path) : identifier(of: place.file)
                return PointRecord(id: id, path: place.path, state: place.state, text: [], metadata: [])
            }
        }
        let unread = takeKnown(places, fields, into: &records)
        var fresh: [(key: RecordCache.Key, bytes: [UInt8])] = []
        try read(unread, places, fields, into: &records, &fresh)
        if keeps, !fresh.isEmpty { context.records.keep(fresh) }
        return records
    }

    private func recordPlaces(of rows: [Row]) -> [RecordPlace?] {
        state.withLock { state in
            rows.map { row in
                guard let file = state.rows.file(of: row), let packed = state.tree.files[file],
                    let path = state.tree.path(of: file)
                else { return nil }
                return RecordPlace(row: row, file: file, path: path, state: packed.state)
            }
        }
    }

    /// Fills in what is kept; returns what is not.
    private func takeKnown(
        _ places: [RecordPlace?], _ fields: PointFields, into records: inout [PointRecord?]
    ) -> Unread {
        let parts = fields.parts
        var unread = Unread()
        var keys: [RecordCache.Key] = []
        keys.reserveCapacity(places.count * parts.count)
        for place in places {
            guard let place else { continue }
            for part in parts { keys.append(.init(collection: number, row: place.row, part: part)) }
        }
        var found = context.records.find(keys)[...]
        for (index, place) in places.enumerated() where place != nil {
            for part in parts {
                guard let bytes = found.removeFirst() else {
                    if part == .metadata {
                        unread.metadatas.append(index)
                    } else if unread.documents.last != index {
                        unread.documents.append(index)
                    }
                    continue
                }
                if part == .metadata { records[index]?.metadata = bytes }
                if part == .text { records[index]?.text = bytes }
            }
        }
        return unread
    }

    private func read(
        _ unread: Unread, _ places: [RecordPlace?], _ fields: PointFields, into records: inout [PointRecord?],
        _ fresh: inout [(key: RecordCache.Key, bytes: [UInt8])]
    ) throws(VexFSError) {
        var keys: [[UInt8]] = []
        // What a snapshot or a fork shows of its origin's files has no key of its own.
        let together = origin == nil ? unread.metadatas : []
        for index in together { keys.append(StoreKey.file(number, places[index]?.file ?? 0)) }
        for index in unread.documents {
            let row = places[index]?.row ?? 0
            keys.append(StoreKey.document(owner(of: row).number, row))
        }
        if !keys.isEmpty {
            try database.values(keys) { key, bytes throws(VexFSError) in
                let isMetadata = key < together.count
                let index = isMetadata ? together[key] : unread.documents[key - together.count]
                guard let place = places[index], let bytes else {
                    records[index] = nil
                    return
                }
                if isMetadata {
                    let record = try FileRecord(number: place.file, decoding: bytes)
                    let metadata = record.attributes.row == place.row ? record.row.metadata : nil
                    take(metadata, place, &records[index], &fresh)
                } else {
                    take(DocumentParser.shown(of: bytes, of: place.path, fields), place, &records[index], &fresh)
                }
            }
        }
        guard origin != nil else { return }
        for index in unread.metadatas {
            guard let place = places[index] else { continue }
            take(try rowRecord(place.row)?.metadata, place, &records[index], &fresh)
        }
    }

    /// Fills in metadata; a file that has another version by now has none of this row.
    private func take(
        _ metadata: [UInt8]?, _ place: RecordPlace, _ record: inout PointRecord?,
        _ fresh: inout [(key: RecordCache.Key, bytes: [UInt8])]
    ) {
        guard let metadata else {
            record = nil
            return
        }
        record?.metadata = metadata
        fresh.append((.init(collection: number, row: place.row, part: .metadata), metadata))
    }

    private func take(
        _ shown: DocumentParser.Shown, _ place: RecordPlace, _ record: inout PointRecord?,
        _ fresh: inout [(key: RecordCache.Key, bytes: [UInt8])]
    ) {
        record?.vector = shown.vector
        if let text = shown.text {
            record?.text = text
            fresh.append((.init(collection: number, row: place.row, part: .text), text))
        }
        if shown.hasNoVector { fresh.append((.init(collection: number, row: place.row, part: .noVector), [])) }
    }
}

extension DocumentParser {
    /// What answers show of a stored document.
    struct Shown {
        /// The text as a JSON string, or `null`; nil where it was not asked for.
        var text: [UInt8]?
        /// The vector without a name, as it is written there.
        var vector: [Float]?
        /// Whether the vector was asked for, and there is none.
        var hasNoVector = false
    }

    /// Takes out of a stored document what is asked for.
    static func shown(of bytes: UnsafeRawBufferPointer, of path: String, _ fields: PointFields) -> Shown {
        let format = FileNaming.format(of: ByteString(path))
        var text: [UInt8] = []
        var vector: [Float]?
        if format == .json {
            // A text that cannot be parsed has neither.
            _ = JSONTape.withTape(of: bytes.assumingMemoryBound(to: UInt8.self)) { tape in
                guard tape.kind(tape.root) == .object else { return }
                let keys = RecognisedKeys(tape)
                if fields.contains(.texts), let found = keys.text, tape.kind(found.value) == .string {
                    JSON.write(utf8: tape.bytes(found.value), to: &text)
                }
                if fields.contains(.givenVectors) { vector = self.vector(of: keys, tape) }
            }
        } else if fields.contains(.texts), !bytes.isEmpty, let document = try? parse([UInt8](bytes), as: format) {
            JSON.write(string: document.text, to: &text)
        }
        var shown = Shown(vector: vector)
        if fields.contains(.texts) { shown.text = text.isEmpty ? Array("null".utf8) : text }
        shown.hasNoVector = fields.contains(.givenVectors) && vector == nil
        return shown
    }

    private static func vector(of keys: RecognisedKeys, _ tape: JSONTape) -> [Float]? {
        for entry in keys.vectors {
            switch tape.kind(entry.value) {
            case .array: if let vector = tape.floats(entry.value) { return vector }
            case .string: if let vector = Base64.vector(tape.string(entry.value)) { return vector }
            default: continue
            }
        }
        return nil
    }
}
