/// The documents that a batch of operations has changed so far; nothing of it is written yet.
struct PointStage {
    /// Which document a draft is of. Several files can have one id, so those that are there go by their number.
    enum Key: Hashable {
        /// One that was there before the batch.
        case file(FileNumber)
        /// One that is new, by its id.
        case new(ByteString)
    }

    /// A changed document.
    struct Draft {
        /// Which it is.
        let key: Key
        /// Its id.
        let id: ByteString
        /// The file that it is in; nil where it is new.
        var file: FileAttributes?
        /// What becomes of it; nil where it is removed.
        var version: Version?
        /// The text file that goes because the document became a JSON file.
        var replaced: FileAttributes?

        /// What a filter sees of it; nil where it is removed.
        var subject: FilterSubject? {
            guard let version else { return nil }
            var vectors = Set(version.named.map { ByteString($0.name) })
            if version.vector.map({ $0.vector != nil }) ?? version.hadVector { vectors.insert("") }
            let text = (try? DocumentParser.parse(version.bytes, as: version.format))?.text ?? ""
            return FilterSubject(
                payload: version.metadata, id: id, text: text.isEmpty ? nil : ByteString(text), vectors: vectors)
        }

        /// Whether nothing is to be written: it came and went within the batch.
        var isNothing: Bool { file == nil && version == nil && replaced == nil }
    }

    /// What a document is to be.
    struct Version {
        /// The file's bytes.
        var bytes: [UInt8]
        /// How the bytes are read.
        var format: DocumentFormat
        /// Its metadata, all changes applied.
        var metadata: JSON
        /// The changes of metadata that the bytes don't hold (``FileRecord/metadataPatch``).
        var patch = ""
        /// What is known of the new vector; nil where the stored version's stays.
        var vector: PreparedDocument?
        /// Whether the stored version has one.
        var hadVector = false
        /// The vectors with a name, as they are stored.
        var named: [NamedVector]
    }

    /// In the order in which the documents were touched first.
    private(set) var drafts: [Draft] = []
    private var places: [Key: Int] = [:]
    /// Bytes of memory and of the journal that the drafts take, about.
    private(set) var byteCount = 0
    /// The most that they may take.
    let byteLimit: Int

    /// What a batch may take where nobody says otherwise: it is one record of the journal, made in memory.
    static let byteLimitOfBatches = 256 << 20

    private let isCancelled: @Sendable () -> Bool
    private var changes = 0

    init(byteLimit: Int = byteLimitOfBatches, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.byteLimit = byteLimit
        self.isCancelled = isCancelled
    }

    /// The draft of a document, where it was touched.
    func draft(_ key: Key) -> Draft? { places[key].map { drafts[$0] } }

    /// Puts a document's draft in place of the one before.
    /// - Throws: `quotaExceeded` where the drafts would take more than they may, `interrupted`.
    mutating func set(_ draft: Draft) throws(VexFSError) {
        changes += 1
        if changes % 64 == 0, isCancelled() { throw VexFSError(.interrupted, "the caller was interrupted") }
        byteCount += draft.byteCount
        if let place = places[draft.key] {
            byteCount -= drafts[place].byteCount
            drafts[place] = draft
        } else {
            places[draft.key] = drafts.count
            drafts.append(draft)
        }
        guard byteCount <= byteLimit else {
            throw VexFSError(
                .quotaExceeded,
                "the documents that this changes at once would take more than \(byteLimit >> 20) MiB, and nothing was "
                    + "changed: change fewer at a time, by their ids or by a filter that matches fewer")
        }
    }
}

extension PointStage.Draft {
    /// Bytes of the content, of the metadata, which is as long at most, and of the vectors.
    fileprivate var byteCount: Int {
        guard let version else { return 256 }
        let vectors = version.named.reduce(4 * (version.vector?.vector?.count ?? 0)) { $0 + $1.vector.byteCount }
        return 512 + 2 * (version.bytes.count + version.patch.utf8.count) + vectors
    }
}

extension DocumentVector {
    /// Bytes of the components.
    fileprivate var byteCount: Int {
        switch self {
        case .dense(let values), .multiple(let values, _): 4 * values.count
        case .sparse(let vector): 8 * vector.count
        }
    }
}

extension PointStage.Version {
    /// Changes the metadata: in the bytes of a JSON document, beside those of a text.
    mutating func change(_ change: PayloadChange) throws(VexFSError) {
        try set(metadata: change.applied(to: metadata))
    }

    /// Sets text, metadata and vector of a document, each where it is given. A text that gets a vector becomes a JSON
    /// document.
    /// - Parameter embedded: what became of the new text, where it was embedded in advance.
    mutating func apply(
        _ patch: PointPatch, id: ByteString, _ material: PointMaterial.Document, _ settings: VectorSettings
    ) throws(VexFSError) {
        if let change = patch.metadata { try self.change(change) }
        let bringsVectors = patch.vector != nil || !patch.vectors.isEmpty
        guard patch.text != nil || bringsVectors else { return }
        func embedded() throws(VexFSError) -> PreparedDocument? {
            if let refusal = material.refusal { throw refusal }
            return material.vector
        }
        guard format == .json || bringsVectors else {
            bytes = try TextDocument.replacing(patch.text ?? "", in: bytes, format)
            vector = try embedded()
            replace(material.made)
            return
        }
        var document: DocumentText
        if format == .json {
            document = try DocumentText(bytes, metadata: metadata)
        } else {
            document = DocumentText(id: id)
            document.set(text: try DocumentParser.parse(bytes, as: format).text)
            document.set(metadata: metadata)
            format = .json
        }
        self.patch = ""
        if let text = patch.text {
            document.set(text: text)
            if patch.vector == nil, !document.namesVector { vector = try embedded() }
        }
        if let given = patch.vector {
            document.set(vector: given)
            vector = PreparedDocument(own: settings.finished(given))
        }
        for given in patch.vectors { document.set(given) }
        replace(material.named + material.made.filter { !document.names(vector: $0.name) })
        bytes = document.bytes
    }

    private mutating func replace(_ new: [NamedVector]) {
        named.removeAll { old in new.contains { $0.name == old.name } }
        named += new
    }

    /// Takes vectors away, for good; `made` are the names of those that would be made of the text again.
    mutating func removeVectors(_ names: [String], made: Set<String>) throws(VexFSError) {
        let present = names.filter { name in name.isEmpty || named.contains { $0.name == name } }
        guard !present.isEmpty else { return }
        guard format == .json else {
            throw VexFSError(
                .unsupported, "a text file has the vector of its text; only a JSON document can do without")
        }
        var document = try DocumentText(bytes, metadata: metadata)
        for name in present where !name.isEmpty { document.removeVector(name, saysSo: made.contains(name)) }
        named.removeAll { present.contains($0.name) }
        if present.contains("") {
            document.set(vector: nil)
            var none = PreparedDocument(bytes: [])
            if named.isEmpty { none.reason = "its vector was deleted" } else { none.state = .ready }
            vector = none
        }
        // Without any vector or text a document must say so.
        if named.isEmpty, !document.namesVector, document.isBlank { document.set(vector: nil) }
        bytes = document.bytes
        patch = ""
    }

    private mutating func set(metadata new: JSON) throws(VexFSError) {
        guard new != metadata else { return }
        if format == .json {
            var document = try DocumentText(bytes, metadata: new)
            document.set(metadata: new)
            bytes = document.bytes
            patch = ""
        } else {
            let own = try DocumentParser.parse(bytes, as: format).metadata.members ?? []
            let members = new.members ?? []
            var changes = members.filter { member in !own.contains(member) }
            for lost in own where new[lost.key] == nil { changes.append(.init(lost.key, .null)) }
            patch = changes.isEmpty ? "" : String(decoding: JSON.object(changes).compact, as: UTF8.self)
        }
        metadata = new
    }
}

extension PreparedDocument {
    /// A document that brought its vector, as it is stored; the bytes come later.
    init(own vector: [Float]) {
        self.init(bytes: [])
        self.vector = vector
        state = .ready
    }
}

extension TextDocument {
    /// A text file's bytes with another text in place of its own; front matter stays.
    static func replacing(
        _ text: String, in bytes: [UInt8], _ format: DocumentFormat
    ) throws(VexFSError) -> [UInt8] {
        let before = bytes.withUnsafeBufferPointer { buffer in
            format == .markdown ? FrontMatter(of: buffer)?.bytesBefore ?? 0 : 0
        }
        return Array(bytes.prefix(before)) + Array(text.utf8)
    }
}
