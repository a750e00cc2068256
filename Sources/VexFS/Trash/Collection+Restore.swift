import CVexKernels

/// Bringing documents back from the trash.
extension Collection {
    /// Moves a document out of the trash, to any name in the collection. Bytes, vectors, metadata and times are those
    /// that it had; only a name that makes another kind of file of it has it judged and embedded anew.
    ///
    /// The document gets a row of its own: the index was not asked to keep the old one.
    /// - Throws: `notFound`, `alreadyExists`, `isADirectory`, `nameTooLong`, `invalidName`, `notPermitted`,
    ///   `invalidArgument` for an exchange, and what a commit throws; then it stays in the trash.
    public func restore(
        _ name: ByteString, to newName: ByteString, in parent: FileNumber, mode: RenameMode
    ) throws(VexFSError) -> RenameOutcome {
        try FileNaming.check(newName)
        guard mode != .exchange else {
            throw VexFSError(.invalidArgument, "a document in the trash cannot change places with another")
        }
        guard let entry = trashed(name) else { throw Self.notInTrash(name) }
        let kind = FileNaming.kind(of: newName, inScratch: state.withLock { $0.tree.isScratchDirectory(parent) })
        let record = try record(of: entry)
        let bytes = try content(of: entry).bytes
        try context.space.claim(bytes.count + 4096)
        let configuration = configuration
        let prepared = kind == .document ? try prepare(bytes, record, as: newName) : PreparedDocument(bytes: bytes)
        return try write { () throws(VexFSError) in
            guard state.withLock({ $0.trash.contains(entry) }) else { throw Self.notInTrash(name) }
            guard self.configuration.storesVectors(as: configuration) else { throw CollectionConfiguration.changing }
            let target = lookup(newName, in: parent)
            try checkPlace(newName, in: parent, target, mode)
            var restored = record
            let batch = WriteBatch(capacity: bytes.count + 1024)
            reserveFileNumbers(batch, count: 1)
            restored.attributes.number = state.withLock { state in
                defer { state.nextFile += 1 }
                return state.nextFile
            }
            restored.attributes.name = newName
            restored.attributes.parent = parent
            restored.attributes.kind = kind
            if let target { deleteRecords(of: target, batch) }
            try add(prepared, to: &restored, batch, instead: entry)
            try database.write(batch)
            show(restored, instead: entry, replacing: target)
            return RenameOutcome(
                moved: attributes(of: restored.attributes.number) ?? restored.attributes, replaced: target)
        }
    }

    /// The version that comes back: with the vectors it had, unless its name makes another kind of document of it.
    private func prepare(
        _ bytes: [UInt8], _ record: FileRecord, as name: ByteString
    ) throws(VexFSError) -> PreparedDocument {
        guard FileNaming.format(of: name) == FileNaming.format(of: record.attributes.name),
            let vectors = try vectors(of: record)
        else { return try prepare(bytes, named: name, parsed: nil, configuration) }
        var prepared = PreparedDocument(bytes: bytes)
        prepared.metadata = try JSON.parse(record.row.metadata, code: .corruption)
        prepared.vector = vectors.unnamed
        prepared.named = vectors.named
        prepared.state = record.attributes.state
        prepared.truncated = record.row.truncated
        prepared.embedded = record.row.embedded
        prepared.reason = record.error
        return prepared
    }

    /// The vectors that a record speaks of; nil where one is not what was written, as after a loss of power.
    private func vectors(of record: FileRecord) throws(VexFSError) -> (unnamed: [Float]?, named: [NamedVector])? {
        guard let row = record.attributes.row else { return nil }
        var named: [NamedVector] = []
        var unnamed: [Float]?
        let (spaces, stored) = (state.withLock { $0.spaces }, storedSpaces)
        for space in spaces {
            guard let checksum = record.row.checksum(in: space.number) else { continue }
            if stored.contains(space.number) {
                guard let bytes = try storedVector(of: row, in: space.number),
                    let vector = StoredVector.checked(bytes, checksum)
                else { return nil }
                named.append(NamedVector(space.name, vector))
                continue
            }
            guard let file = space.vectors, let vector = file.vector(row), file.checksum(vector) == checksum else {
                return nil
            }
            if space.number == VectorSpace.unnamed {
                unnamed = vector
            } else {
                named.append(NamedVector(space.name, .dense(vector)))
            }
        }
        return (unnamed, named)
    }

    private func checkPlace(
        _ name: ByteString, in parent: FileNumber, _ target: FileAttributes?, _ mode: RenameMode
    ) throws(VexFSError) {
        guard attributes(of: parent)?.kind == .directory else { throw VexFSError(.notFound, "the folder is gone") }
        guard state.withLock({ $0.nextFile < FileTree.numberEnd }) else { throw .noFileNumbers }
        guard let target else { return }
        if target.kind == .directory { throw VexFSError(.isADirectory, "\(name) is a folder") }
        if mode == .noReplace { throw VexFSError(.alreadyExists, "there is a \(name) already") }
    }

    /// Adds the file, with its content, and the end of the trash's entry to a batch.
    private func add(
        _ prepared: PreparedDocument, to record: inout FileRecord, _ batch: WriteBatch, instead entry: TrashEntry
    ) throws(VexFSError) {
        delete(entry, batch)
        if record.attributes.kind == .document {
            record.attributes.row = nil
            try add(prepared, to: &record, batch, modified: record.attributes.modified)
            record.attributes.version = entry.attributes.version
        } else {
            batch.put(StoreKey.scratch(number, record.attributes.number), prepared.bytes)
            record.contentChecksum = prepared.bytes.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
            record.row = RowRecord()
            record.attributes.row = nil
            record.attributes.state = .unindexed
            record.attributes.changed = SystemCall.now()
        }
        put(record, batch)
    }

    private func show(_ record: FileRecord, instead entry: TrashEntry, replacing target: FileAttributes?) {
        let file = record.attributes
        state.withLock { state in
            state.apply(Trash.Change(dropped: [entry]))
            if let target { Self.forget(target, &state) }
            // A file made in memory since the check loses its name, as it would have a moment earlier.
            if let late = state.tree.lookup(file.name, in: file.parent) { Self.forget(late, &state) }
            Self.touchDirectory(file.parent, file.changed, &state)
            guard file.kind == .document else {
                state.tree.insert(file)
                state.scratchBytes += Int(file.size)
                return
            }
            var unseen = file
            (unseen.row, unseen.state, unseen.version) = (nil, .unindexed, 0)
            state.tree.insert(unseen)
            Self.show([record], &state)
        }
        announce(file.kind == .document ? [record] : [])
    }
}
