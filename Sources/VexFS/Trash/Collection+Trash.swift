/// What `rm` removed stays in the trash for a while ([decision 0015](docs/decisions/0015-the-trash-keeps-rows.md)).
extension Collection {
    /// The documents in the trash, oldest removal first.
    public var trash: [TrashEntry] { state.withLock { $0.trash.all } }

    /// The document of that name in the trash.
    public func trashed(_ name: ByteString) -> TrashEntry? { state.withLock { $0.trash[name] } }

    /// The bytes of a document in the trash.
    /// - Throws: `notFound` where it is there no more, `corruption`.
    public func content(of entry: TrashEntry) throws(VexFSError) -> FileContent {
        guard let row = entry.attributes.row, let stored = try storedDocument(row) else {
            guard trashed(entry.name) == nil else {
                throw VexFSError(.corruption, "the content is missing from the store; run vexfs-fuse fsck")
            }
            throw Self.notInTrash(entry.name)
        }
        guard stored.count != Int(entry.attributes.size) else { return FileContent(stored) }
        // A loss of power takes vectors that were not synced; live documents' are made anew.
        let (vectors, checksum) = (
            state.withLock { $0.unnamed.vectors }, try record(of: entry).row.checksum(in: VectorSpace.unnamed)
        )
        guard let vectors, let vector = vectors.vector(row), vectors.checksum(vector) == checksum,
            let content = SplicedContent.content(stored, vector: vector),
            content.count == Int(entry.attributes.size)
        else { throw VexFSError(.corruption, "the content is not what was written; run vexfs-fuse fsck") }
        return FileContent(content)
    }

    /// The metadata of a document in the trash with its patches, an object.
    /// - Throws: `notFound`, `corruption`.
    public func metadata(of entry: TrashEntry) throws(VexFSError) -> JSON {
        try JSON.parse(try record(of: entry).row.metadata, code: .corruption)
    }

    /// Removes a document from the trash for good.
    /// - Throws: `notFound`, `inputOutput`.
    public func removeFromTrash(_ name: ByteString) throws(VexFSError) {
        try write { () throws(VexFSError) in
            guard let entry = trashed(name) else { throw Self.notInTrash(name) }
            try drop([entry])
        }
    }

    /// Removes for good what is older, or more, than the settings want. Cheap where nothing is.
    /// - Parameter now: nanoseconds since 1970.
    /// - Throws: `notFound` where the collection was removed, `inputOutput`.
    func expireTrash(now: Int64) throws(VexFSError) {
        let hasSurplus = state.withLock { state in
            state.trash.noteTime(now)
            return state.trash.count > 0 && !state.surplusTrash(at: now).isEmpty
        }
        guard hasSurplus else { return }
        try write { () throws(VexFSError) in try drop(state.withLock { $0.surplusTrash(at: now) }) }
    }

    // MARK: - Steps of a change: under the writer's lock

    /// Adds a document's way into the trash to a batch; nil, and nothing is added, where it is not kept: it is no
    /// document with content, too large, or the disk is full and removing must make room.
    func moveToTrash(_ file: FileAttributes, _ batch: WriteBatch, at now: Int64) throws(VexFSError) -> Trash.Change? {
        let settings = configuration.trash
        guard settings.isOn, file.kind == .document, file.size > 0, file.size <= settings.bytes,
            let record = try encodedRecord(of: file.number),
            (try? context.space.claim(record.count + 256)) != nil
        else { return nil }
        let change = state.withLock { state in
            let origin = state.tree.path(of: file.number) ?? file.name.string
            let entry = TrashEntry(
                sequence: state.trash.next, name: state.trash.name(for: origin), origin: origin, removed: now,
                attributes: file)
            let dropped = state.trash.surplus(settings, before: settings.oldest(at: now), adding: Int(file.size))
            return Trash.Change(added: entry, dropped: dropped)
        }
        if let entry = change.added {
            batch.put(StoreKey.trash(number, entry.sequence), entry.encoded(around: record))
        }
        for entry in change.dropped { delete(entry, batch) }
        deleteRecord(of: file.number, batch)
        return change
    }

    /// Adds the end of an entry, and of its row, to a batch.
    func delete(_ entry: TrashEntry, _ batch: WriteBatch) {
        batch.delete(StoreKey.trash(number, entry.sequence))
        if let row = entry.attributes.row { deleteRow(row, batch, releasedBy: .trash) }
    }

    /// A file's record as it is stored.
    private func encodedRecord(of file: FileNumber) throws(VexFSError) -> [UInt8]? {
        if let bytes = try database.value(StoreKey.file(number, file)), !bytes.isEmpty { return bytes }
        // A fork has its origin's files without a record of its own.
        return try storedRecord(file)?.encoded()
    }

    /// Removes entries for good. The writer's lock is held.
    func drop(_ entries: [TrashEntry]) throws(VexFSError) {
        let batch = WriteBatch()
        for entry in entries { delete(entry, batch) }
        try database.write(batch)
        state.withLock { $0.apply(Trash.Change(dropped: entries)) }
    }

    /// The record of the file that a document in the trash was.
    func record(of entry: TrashEntry) throws(VexFSError) -> FileRecord {
        guard let bytes = try database.value(StoreKey.trash(number, entry.sequence)) else {
            throw Self.notInTrash(entry.name)
        }
        return try bytes.withSystemBytes { bytes throws(VexFSError) in
            try TrashEntry.decode(bytes, sequence: entry.sequence).file
        }
    }

    static func notInTrash(_ name: ByteString) -> VexFSError {
        VexFSError(.notFound, "there is no \(name) in the trash")
    }
}

extension StoreContext {
    /// Empties the trash of what was kept long enough.
    func expireTrash(now: Int64 = SystemCall.now()) {
        for collection in present {
            do throws(VexFSError) { try collection.expireTrash(now: now) } catch {
                guard error.code != .notFound else { continue }
                Log.shared.warn(
                    "the trash keeps more than it should: \(error)", [("collection", collection.name.string)])
            }
        }
    }
}
