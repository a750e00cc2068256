import CVexKernels

/// A version of a document that is ready to be written.
struct PreparedDocument {
    var bytes: [UInt8]
    var metadata = JSON.object([])
    /// `[dimension] Float32`, normalised where the metric is cosine.
    var vector: [Float]?
    /// The vectors with a name, as they are stored.
    var named: [NamedVector] = []
    var state = DocumentState.unindexed
    var truncated = false
    var embedded = false
    /// Why there is no vector, in a sentence.
    var reason = ""
    /// What the commit's caller is told although the content is kept.
    var failure: VexFSError?
}

extension Collection {
    /// Judges a whole document as far as that needs no embedding: syntax, known keys, dimension, finiteness, size.
    /// - Throws: `malformedDocument`, `nothingToEmbed`, `dimensionMismatch`, `invalidVector`, `documentTooLarge`.
    public func check(_ bytes: [UInt8], as file: FileNumber) throws(VexFSError) -> ParsedDocument {
        guard let attributes = attributes(of: file) else { throw VexFSError(.notFound, "the file is gone") }
        let settings = settings
        try checkSize(bytes.count, of: attributes.kind, settings.value)
        return try parse(bytes, named: attributes.name, settings.value)
    }

    /// Makes `bytes` the file's content: parses, embeds, writes and indexes it. After return the next search sees it
    /// and the operating system has it, so that the death of this process loses nothing; ``sync()`` brings it to the
    /// disk.
    ///
    /// A document whose embedding fails is kept with its state, and the reason is thrown all the same.
    /// - Parameter parsed: what ``check(_:as:)`` returned for these very bytes, to save the second parse.
    /// - Parameter version: the version that the bytes replace, where they were made from it; nil replaces any.
    /// - Throws: what ``check(_:as:)`` throws; `notFound` where the file is gone; `busy` where another version was
    ///   committed than the one to replace; `embedderUnavailable`, `modelMissing`, `quotaExceeded`, `storeFull`,
    ///   `inputOutput`.
    @discardableResult
    public func commit(
        _ bytes: [UInt8], to file: FileNumber, replacing version: UInt64? = nil, parsed: ParsedDocument? = nil,
        modified: Int64? = nil
    ) throws(VexFSError) -> FileAttributes {
        // A rename may make another kind of file of it while it is prepared, and the settings of its vectors may
        // change: then it is prepared again.
        for attempt in 0..<8 {
            guard let attributes = attributes(of: file) else { throw VexFSError(.notFound, "the file is gone") }
            guard version == nil || attributes.version == version else {
                throw VexFSError(.busy, "another version of the file was committed meanwhile")
            }
            let settings = settings
            let isExpected = { (now: FileAttributes) in
                let current = self.settings
                return Self.isSameKind(now, attributes) && (version == nil || now.version == version)
                    && (current === settings || current.value.storesVectors(as: settings.value))
            }
            try checkSize(bytes.count, of: attributes.kind, settings.value)
            if attempt == 0 { try context.space.claim(bytes.count + 4096) }
            let result: FileAttributes?
            var failure: VexFSError?
            if attributes.kind == .document {
                let known = parsed?.format == FileNaming.format(of: attributes.name) ? parsed : nil
                let prepared = try prepare(bytes, named: attributes.name, parsed: known, settings.value)
                failure = prepared.failure
                result = try commit(prepared, to: file, modified: modified, if: isExpected)
            } else {
                result = try commitScratch(bytes, to: file, modified: modified, if: isExpected)
            }
            guard let result else { continue }
            if let failure { throw failure }
            return result
        }
        throw VexFSError(.busy, "the file or the settings change faster than it can be written; try again")
    }

    /// Whether bytes that were prepared for one state of a file are right for another.
    private static func isSameKind(_ now: FileAttributes, _ then: FileAttributes) -> Bool {
        now.kind == then.kind && FileNaming.format(of: now.name) == FileNaming.format(of: then.name)
    }

    /// Brings every commit so far to the disk; callers share one sync.
    /// - Throws: `storeFull`, `inputOutput`.
    public func sync() throws(VexFSError) { try context.sync() }

    // MARK: - Preparation: everything that needs no lock

    func parse(
        _ bytes: [UInt8], named name: ByteString, _ configuration: CollectionConfiguration
    ) throws(VexFSError) -> ParsedDocument {
        let parsed = try DocumentParser.parse(bytes, as: FileNaming.format(of: name))
        try configuration.check(parsed)
        return parsed
    }

    /// Parses and embeds.
    func prepare(
        _ bytes: [UInt8], named name: ByteString, parsed: ParsedDocument?, _ configuration: CollectionConfiguration
    ) throws(VexFSError) -> PreparedDocument {
        var prepared = PreparedDocument(bytes: bytes)
        guard !bytes.isEmpty else {
            prepared.reason = "the file is empty"
            return prepared
        }
        let document: ParsedDocument
        if let parsed { document = parsed } else { document = try parse(bytes, named: name, configuration) }
        if prepared.take(document, configuration) {
            do throws(VexFSError) {
                let embedding = try embed([document.text], role: .document, configuration)[0]
                prepared.take(embedding)
            } catch {
                guard error.code == .embedderUnavailable || error.code == .modelMissing else { throw error }
                prepared.state = .pending
                prepared.reason = error.description
                prepared.failure = error
            }
        }
        return prepared
    }

    /// Embeds texts in the collection's model, to be or to be compared with vectors of that name.
    /// - Throws: `dimensionMismatch` where the collection's vectors are not the model's; what the embedder throws.
    func embed(
        _ texts: [String], role: EmbeddingRole, _ configuration: CollectionConfiguration, as name: String = ""
    ) throws(VexFSError) -> [Embedding] {
        guard configuration.model != "none" else {
            throw VexFSError(
                .nothingToEmbed,
                "this collection has no model: give a \"vector\", or set \"model\" in .vexfs/config.json")
        }
        let space = context.embedder.space
        if let dimension = configuration.settings(of: name)?.dimension, dimension != space.dimension {
            throw VexFSError(
                .dimensionMismatch,
                "this collection's vectors have \(dimension) components and \(space.model) makes \(space.dimension); "
                    + "give a \"vector\" of \(dimension) numbers")
        }
        if name.isEmpty, let stored = configuration.space, stored != space.id {
            throw VexFSError(
                .dimensionMismatch, "this collection's vectors were made by another model than \(space.model)")
        }
        return try context.embedder.embed(texts, role: role)
    }

    func checkSize(_ count: Int, of kind: FileKind, _ configuration: CollectionConfiguration) throws(VexFSError) {
        let limit = kind == .document ? configuration.documentLimitBytes : configuration.scratchFileLimitBytes
        guard count <= limit else {
            throw VexFSError(
                .documentTooLarge,
                "\(count) bytes are more than the limit of \(limit): \"document_limit_bytes\" in .vexfs/config.json"
            )
        }
    }

    // MARK: - Writing: under the writer's lock

    /// Writes a prepared version.
    /// - Returns: nil, and nothing is changed, where the file is no longer what `isExpected` wants.
    /// - Throws: `notFound` where the file is gone, `storeFull`, `inputOutput`.
    func commit(
        _ prepared: PreparedDocument, to file: FileNumber, modified: Int64?, if isExpected: (FileAttributes) -> Bool
    ) throws(VexFSError) -> FileAttributes? {
        try write { () throws(VexFSError) in
            var record = try currentRecord(file)
            guard isExpected(record.attributes) else { return nil }
            let batch = WriteBatch(capacity: prepared.bytes.count + 512)
            try add(prepared, to: &record, batch, modified: modified)
            try database.write(batch)
            show([record])
            return record.attributes
        }
    }

    /// The first of so many rows that none had. The writer's lock is held.
    /// - Throws: `storeFull` where the collection has given all.
    func nextRow(count: Int = 1) throws(VexFSError) -> Row { try state.withLock { $0.rows }.next(count: count) }

    /// Gives a version its row and puts it into the batch; the vector is in the file when this returns.
    func add(
        _ prepared: PreparedDocument, to record: inout FileRecord, _ batch: WriteBatch, modified: Int64?,
        row reserved: Row? = nil
    ) throws(VexFSError) {
        let row: Row
        if let reserved { row = reserved } else { row = try nextRow() }
        var version = RowRecord()
        let metadata = try prepared.metadata.merged(withPatch: record.metadataPatch)
        version.metadata = metadata.compact
        version.truncated = prepared.truncated
        version.embedded = prepared.embedded
        if let vector = prepared.vector {
            version.hasVector = true
            version.vectorChecksum = VectorFile.checksum(vector[...])
            if reserved == nil {
                try unnamedFile(dimension: vector.count, embedded: prepared.embedded, batch).write(
                    vector, count: 1, at: row)
            }
        }
        try write(prepared.named, of: row, into: &version, batch)
        deleteContent(of: record.attributes, batch)
        var stored = prepared.bytes
        // A document whose vector was not among its stored bytes does not get it there with its next version.
        if record.row.isSpliced, let vector = prepared.vector,
            let spliced = SplicedContent.stored(prepared.bytes, vector: vector)
        {
            stored = spliced
            version.isSpliced = true
        }
        let now = SystemCall.now()
        record.attributes.kind = .document
        record.attributes.row = row
        record.attributes.size = Int64(prepared.bytes.count)
        record.attributes.state = prepared.state
        record.attributes.version += 1
        record.attributes.modified = modified ?? now
        record.attributes.changed = now
        record.contentChecksum = stored.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
        record.error = prepared.reason
        record.row = version
        batch.put(StoreKey.document(number, row), stored)
        put(record, batch)
        batch.onceWritten { [payloads] in
            if payloads.hasColumns { payloads.insert(row: row, metadata: metadata) }
        }
    }

    /// Shows written versions to readers.
    func show(_ versions: [FileRecord]) {
        state.withLock { Self.show(versions, &$0) }
        announce(versions)
    }

    static func show(_ versions: [FileRecord], _ state: inout State) {
        for version in versions {
            let attributes = version.attributes
            guard let row = attributes.row else { continue }
            let before = state.tree.files[attributes.number]
            if let old = before?.row, old != row { state.remove(old) }
            if before?.state == .pending, before?.row != row { state.pendingCount -= 1 }
            if before?.kind == .scratch { state.scratchBytes -= Int(before?.size ?? 0) }
            state.insert(row, file: attributes.number, version.row)
            state.noteUnsynced(version.row)
            if attributes.state == .pending { state.pendingCount += 1 }
            // Name and place may have changed since the version was prepared; only content's attributes are taken.
            state.tree.update(attributes.number) { shown in
                shown.kind = .document
                shown.row = row
                shown.size = attributes.size
                shown.state = attributes.state
                shown.version = attributes.version
                shown.modified = attributes.modified
                shown.changed = attributes.changed
            }
        }
    }

    /// Counts shown versions and wakes whoever waits for them.
    func announce(_ versions: [FileRecord]) {
        context.metrics.increment(.documentsCommitted, by: versions.count)
        context.metrics.increment(.documentBytesWritten, by: versions.reduce(0) { $0 + Int($1.attributes.size) })
        progress.update { $0 += 1 }
        changes.publish(puts(versions))
    }

    private func commitScratch(
        _ bytes: [UInt8], to file: FileNumber, modified: Int64?, if isExpected: (FileAttributes) -> Bool
    ) throws(VexFSError) -> FileAttributes? {
        try write { () throws(VexFSError) in
            var record = try currentRecord(file)
            guard isExpected(record.attributes) else { return nil }
            let current = record.attributes
            let batch = WriteBatch()
            let growth = bytes.count - Int(current.version == 0 ? 0 : current.size)
            let limit = state.withLock { ($0.scratchBytes + growth, $0.configuration.scratchLimitBytes) }
            guard growth <= 0 || limit.0 <= limit.1 else {
                throw VexFSError(.quotaExceeded, "scratch files would take more than \(limit.1) bytes; remove some")
            }
            record.attributes.size = Int64(bytes.count)
            record.attributes.version += 1
            record.attributes.changed = SystemCall.now()
            record.attributes.modified = modified ?? record.attributes.changed
            record.contentChecksum = bytes.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
            batch.put(StoreKey.scratch(number, file), bytes)
            put(record, batch)
            try database.write(batch)
            state.withLock { state in
                state.scratchBytes += growth
                state.tree.update(file) { $0 = record.attributes }
            }
            return record.attributes
        }
    }

    /// Commits a file's stored bytes once more, for recovery and for documents that wait for a vector. A document that
    /// cannot get one is marked as failed; one that was written meanwhile is left alone.
    func commitAgain(_ file: FileNumber) throws(VexFSError) {
        for _ in 0..<8 {
            let configuration = configuration
            try commitAgain(file, configuration)
            if self.configuration.storesVectors(as: configuration) { return }
        }
        throw CollectionConfiguration.changing
    }

    private func commitAgain(_ file: FileNumber, _ configuration: CollectionConfiguration) throws(VexFSError) {
        guard let attributes = attributes(of: file), attributes.kind == .document else { return }
        let bytes = try content(of: file).bytes
        var prepared: PreparedDocument
        do throws(VexFSError) {
            // Vectors of names that the collection has no more are passed over: the document was right when it came.
            let parsed = try DocumentParser.parse(bytes, as: FileNaming.format(of: attributes.name))
            prepared = try prepare(bytes, named: attributes.name, parsed: parsed, configuration)
        } catch {
            prepared = PreparedDocument(bytes: bytes)
            prepared.state = .failed
            prepared.reason = error.description
            Log.shared.warn("a document has no vector: \(error)", [("file", path(of: file) ?? "")])
        }
        _ = try commit(prepared, to: file, modified: attributes.modified) {
            $0.version == attributes.version && Self.isSameKind($0, attributes)
                && self.configuration.storesVectors(as: configuration)
        }
    }
}

extension PreparedDocument {
    /// Takes over what a document brings; true where its text is still to be embedded. Named vectors that the
    /// collection has no place for are left out.
    mutating func take(_ document: ParsedDocument, _ configuration: CollectionConfiguration) -> Bool {
        metadata = document.metadata
        let made = configuration.made(of: document)
        named = configuration.finished(document.named) + made
        if let vector = document.vector {
            self.vector = configuration.unnamed.finished(vector)
            state = .ready
            return false
        }
        let hasNoText = document.wantsNoVector || document.isBlank || configuration.model == "none"
        if !document.named.isEmpty || !made.isEmpty, hasNoText {
            state = named.isEmpty ? .unindexed : .ready
            reason = named.isEmpty ? "its vectors have names that this collection does not know" : ""
            return false
        }
        if let reason = document.reasonWithoutVector {
            self.reason = reason
            return false
        }
        return true
    }

    /// Takes over what the embedder made.
    mutating func take(_ embedding: Embedding) {
        vector = embedding.vector
        truncated = embedding.truncated
        embedded = true
        state = .ready
        reason = ""
        failure = nil
    }
}

extension ParsedDocument {
    /// Why this document gets no vector although it is well-formed; nil where it has one or its text is to be embedded.
    var reasonWithoutVector: String? {
        if let unindexedReason { return unindexedReason }
        return wantsNoVector ? "the document says that it has no vector" : nil
    }
}
