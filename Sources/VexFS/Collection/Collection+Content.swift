import CVexKernels

/// Content and what is known of it.
extension Collection {
    /// The committed bytes of a file (of a symbolic link: its target); none for a file never committed.
    /// - Throws: `notFound`, `isADirectory`, `corruption` where the bytes are not those that were written.
    public func content(of file: FileNumber) throws(VexFSError) -> FileContent {
        // A commit deletes the old row before it shows the new one: whoever reads in between waits for the writer once.
        var waited: FileAttributes?
        for _ in 0..<8 {
            guard let attributes = attributes(of: file) else { throw VexFSError(.notFound, "the file is gone") }
            guard attributes.kind != .directory else { throw VexFSError(.isADirectory, "this is a folder") }
            guard attributes.version > 0 else { return FileContent([]) }
            let stored: [UInt8]?
            if let row = attributes.row { stored = try storedDocument(row) } else { stored = try storedScratch(file) }
            if let bytes = stored, let content = try whole(bytes, of: attributes) {
                return FileContent(content)
            }
            guard let earlier = waited, earlier == attributes else {
                waited = attributes
                waitForWriter()
                continue
            }
            if self.attributes(of: file) == attributes {
                try requirePresent()
                throw VexFSError(
                    .corruption, "the content is missing from the store; run vexfs-fuse fsck", at: path(of: file) ?? "")
            }
        }
        throw VexFSError(.busy, "the file is being replaced faster than it can be read")
    }

    /// Stored bytes as they are read: with the vector in its place where they were stored without (see
    /// ``SplicedContent``). Nil where the file has another version by now.
    private func whole(_ stored: [UInt8], of attributes: FileAttributes) throws(VexFSError) -> [UInt8]? {
        guard stored.count != Int(attributes.size), let row = attributes.row else { return stored }
        let vectors = state.withLock { $0.unnamed.vectors }
        guard let vector = vectors?.vector(row), self.attributes(of: attributes.number)?.row == row else { return nil }
        guard let content = SplicedContent.content(stored, vector: vector), content.count == Int(attributes.size) else {
            throw VexFSError(
                .corruption, "the content is not what was written; run vexfs-fuse fsck",
                at: path(of: attributes.number) ?? "")
        }
        return content
    }

    /// What the index knows of a document, for extended attributes.
    public struct DocumentFacts: Sendable {
        /// Its id.
        public var id: ByteString
        /// Where it is on its way into the index.
        public var state: DocumentState
        /// Why it is not searchable.
        public var error: String?
        /// The model that made its vector; nil where it brought one or has none.
        public var model: String?
        /// Components of its vector.
        public var dimensions: Int?
        /// The names of its vectors that have one.
        public var vectors: [String] = []
        /// Counts its commits.
        public var version: UInt64
        /// Whether its text was longer than the model's window.
        public var truncated: Bool
        /// Its metadata with the patches applied, an object.
        public var metadata: JSON
    }

    /// - Throws: `notFound`, `corruption`.
    public func facts(of file: FileNumber) throws(VexFSError) -> DocumentFacts {
        let record = try fileRecord(file)
        let attributes = record.attributes
        var facts = DocumentFacts(
            id: identifier(of: file), state: attributes.state, error: record.error.isEmpty ? nil : record.error,
            version: attributes.version, truncated: false, metadata: .object([]))
        if attributes.row != nil {
            let version = record.row
            facts.truncated = version.truncated
            facts.model = version.embedded ? configuration.model : nil
            facts.dimensions = version.hasVector ? state.withLock { $0.unnamed.vectors?.dimension } : nil
            facts.vectors = state.withLock { state in
                version.named.compactMap { vector in state.space(vector.space)?.name }
            }
            facts.metadata = try JSON.parse(version.metadata, code: .corruption)
        }
        return facts
    }

    /// The document's id: its path with encoded names decoded; for a hashed name, the id that its document names.
    public func identifier(of file: FileNumber) -> ByteString {
        let path = path(of: file) ?? ""
        guard let name = attributes(of: file)?.name, FileNaming.isHashed(name),
            let bytes = try? content(of: file).bytes,
            let document = try? DocumentParser.parse(bytes, as: .json)
        else { return FileNaming.identifier(ofPath: path) }
        return identifier(ofPath: path, explicit: document.explicitID)
    }

    func identifier(ofPath path: String, explicit: ByteString?) -> ByteString {
        if let explicit, FileNaming.isHashed(ByteString(path)), FileNaming.name(forID: explicit).string == path {
            return explicit
        }
        return FileNaming.identifier(ofPath: path)
    }

    /// The file of the document with this id: the JSON file that its name stands for, else a text file or one in a
    /// folder.
    public func file(withID id: ByteString) -> FileNumber? { document(withID: id)?.file }

    /// The file of the document with this id, and its row.
    func document(withID id: ByteString) -> (file: FileNumber, row: Row?)? {
        let name = FileNaming.name(forID: id)
        let known = state.withLock { $0.tree.find(name, in: Self.rootNumber) }
        if let (number, file) = known, file.kind == .document { return (number, file.row) }
        // The other names it could have are made up only where it has not the one that programs give it.
        for path in FileNaming.candidatePaths(forID: id).dropFirst() {
            let found = state.withLock { state in
                state.tree.number(atPath: path).flatMap { number in state.tree.files[number].map { (number, $0) } }
            }
            if let (number, file) = found, file.kind == .document { return (number, file.row) }
        }
        return nil
    }

    /// Sets one metadata key from outside the content, or takes such a setting back (nil). The vector is kept.
    /// - Throws: `notFound`, `invalidArgument` where the file is no committed document, `storeFull`.
    public func setMetadata(_ key: String, to value: JSON?, of file: FileNumber) throws(VexFSError) {
        // The document is written once more, with the metadata beside it.
        let size = Int(attributes(of: file)?.size ?? 0)
        try context.space.claim(2 * size + (value?.compact.count ?? 0) + 4096)
        try write { () throws(VexFSError) in
            var record = try currentRecord(file)
            let attributes = record.attributes
            guard attributes.row != nil else {
                throw VexFSError(.invalidArgument, "only a document has metadata")
            }
            let old = record.row
            var patch = try JSON.patch(record.metadataPatch)
            guard value != nil || patch.contains(where: { $0.key == key }) else {
                throw VexFSError(.attributeNotFound, "the key \(key) was not set from outside the document")
            }
            patch.removeAll { $0.key == key }
            if let value { patch.append(.init(key, value)) }
            record.metadataPatch = patch.isEmpty ? "" : String(decoding: JSON.object(patch).compact, as: UTF8.self)
            let bytes = try content(of: file).bytes
            var prepared = PreparedDocument(bytes: bytes)
            if !bytes.isEmpty {
                let document = try DocumentParser.parse(bytes, as: FileNaming.format(of: attributes.name))
                prepared.metadata = document.metadata
            }
            prepared.vector = try embedding(of: file)
            prepared.named = try namedVectors(of: file)
            prepared.state = attributes.state
            prepared.truncated = old.truncated
            prepared.embedded = old.embedded
            prepared.reason = record.error
            let batch = WriteBatch()
            try add(prepared, to: &record, batch, modified: attributes.modified)
            try database.write(batch)
            show([record])
        }
    }

    /// What is stored of a row, or nil where it is no document's current version any more.
    func rowRecord(_ row: Row) throws(VexFSError) -> RowRecord? {
        guard let file = state.withLock({ $0.rows.file(of: row) }),
            let record = try storedRecord(file)
        else { return nil }
        return record.attributes.row == row ? record.row : nil
    }
}

extension JSON {
    /// The members of a stored metadata patch.
    static func patch(_ text: String) throws(VexFSError) -> [Member] {
        guard !text.isEmpty, case .object(let members) = try parse(Array(text.utf8), code: .corruption) else {
            return []
        }
        return members
    }

    /// An object's members with those of a patch put over them; a null takes a member away.
    func merged(withPatch text: String) throws(VexFSError) -> JSON {
        guard !text.isEmpty, case .object = self else { return self }
        return overlaid(with: try Self.patch(text))
    }
}
