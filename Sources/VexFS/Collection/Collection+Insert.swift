/// What an insert does with documents that are there.
public enum ExistingPoints: Sendable {
    /// They are replaced.
    case replace
    /// They stay as they are.
    case keep
    /// One of them is enough to refuse the whole insert.
    case refuse
}

/// Inserting from a program, many documents at once.
extension Collection {
    /// Inserts or replaces documents at the top of the collection, all of them or none.
    ///
    /// They are files like any others: their content is `{"id":…,"text":…,"metadata":{…},"vector":"…"}`, the vector as
    /// base64 of Float32, which can be read, copied and written back. When this returns, searches find them, and the
    /// death of the process loses none. Several threads that insert with `sync` share the syncs.
    /// - Parameters:
    ///   - points: the documents; of several with one id the last one counts.
    ///   - vectors: `[points × dimension] Float32`, row-major, finite; for the metric cosine none all zero.
    ///   - sync: whether loss of power must lose none either once this returns.
    ///   - existing: what becomes of documents that are there.
    /// - Throws: `alreadyExists` where one was to be refused; `dimensionMismatch`, `invalidVector`,
    ///   `malformedDocument` for metadata that is no JSON object, `invalidArgument`, `isADirectory` where an id's file
    ///   is no document, `documentTooLarge`, `storeFull`, `inputOutput`.
    /// - Complexity: O(points × dimension).
    @discardableResult
    public func insert(
        _ points: [NewPoint], vectors: [Float], sync: Bool = false,
        existing: ExistingPoints = .replace
    ) throws(VexFSError) -> InsertOutcome {
        var outcome: InsertOutcome?
        for _ in 0..<8 where outcome == nil { outcome = try insertUnlessChanged(points, vectors, existing) }
        guard let outcome else { throw CollectionConfiguration.changing }
        if sync { try context.sync() }
        return outcome
    }

    /// Inserts, or returns nil where the settings of the vectors changed meanwhile.
    private func insertUnlessChanged(
        _ points: [NewPoint], _ vectors: [Float], _ existing: ExistingPoints
    ) throws(VexFSError) -> InsertOutcome? {
        let configuration = configuration
        var batch = try PointBatch(points, vectors, configuration, wantsPayloads: payloads.hasColumns)
        try context.space.claim(batch.byteCount)
        var outcome = InsertOutcome()
        if !batch.documents.isEmpty {
            let created: Int? = try write { () throws(VexFSError) in
                guard self.configuration.storesVectors(as: configuration) else { return nil }
                if existing != .replace || points.contains(where: \.mustBeNew) {
                    let isThere = state.withLock { state in
                        batch.documents.map { state.tree.lookup($0.name, in: Self.rootNumber) != nil }
                    }
                    for (document, isThere) in zip(batch.documents, isThere)
                    where isThere && (existing == .refuse || document.mustBeNew) {
                        throw VexFSError(.alreadyExists, "there is a \(document.name) already")
                    }
                    if existing == .keep { batch.leaveOut(isThere) }
                    if batch.documents.isEmpty { return 0 }
                }
                return try commit(batch)
            }
            guard let created else { return nil }
            outcome.created = created
            outcome.replaced = existing == .replace ? points.count - outcome.created : 0
        }
        return outcome
    }

    /// Judges points and vectors as ``insert(_:vectors:sync:existing:)`` does, and stores nothing.
    /// - Throws: what it throws of them.
    public func checkInsert(
        _ points: [NewPoint], vectors: [Float], existing: ExistingPoints = .replace
    ) throws(VexFSError) {
        let batch = try PointBatch(points, vectors, configuration, wantsPayloads: false)
        guard existing == .refuse else { return }
        for document in batch.documents where lookup(document.name, in: Self.rootNumber) != nil {
            throw VexFSError(.alreadyExists, "there is a \(document.name) already")
        }
    }

    /// Writes and shows a batch; returns how many documents are new. The writer's lock is held.
    private func commit(_ points: PointBatch) throws(VexFSError) -> Int {
        let batch = WriteBatch(capacity: points.byteCount)
        let first = try nextRow(count: points.documents.count)
        let file = try unnamedFile(dimension: points.dimension, embedded: false, batch)
        try file.write(points.vectors, count: points.documents.count, at: first)
        context.metrics.increment(.vectorBytesWritten, by: points.vectors.count * 4)
        var (records, created) = try records(for: points.documents.map(\.name), batch)
        let now = SystemCall.now()
        for index in records.indices {
            let document = points.documents[index]
            let row = first + Row(index)
            deleteContent(of: records[index].attributes, batch)
            records[index].attributes.row = row
            records[index].attributes.size = document.size
            records[index].attributes.state = .ready
            records[index].attributes.version += 1
            records[index].attributes.modified = now
            records[index].attributes.changed = now
            records[index].contentChecksum = document.checksum
            records[index].error = ""
            records[index].row = document.row
            if !records[index].metadataPatch.isEmpty {
                let metadata = try JSON.parse(document.row.metadata, code: .corruption)
                records[index].row.metadata = try metadata.merged(withPatch: records[index].metadataPatch).compact
            }
            batch.put(StoreKey.document(number, row), document.stored)
        }
        for record in records { put(record, batch) }
        try database.write(batch)
        // An index that was asked for since the batch was made looks the rows up itself.
        if payloads.hasColumns {
            for (record, document) in zip(records, points.documents) {
                guard let row = record.attributes.row, let payload = document.payload else { continue }
                payloads.insert(row: row, metadata: try payload.merged(withPatch: record.metadataPatch))
            }
        }
        showAtTop(records, now)
        return created
    }

    /// Shows documents that were written to the top of the collection, new ones and new versions.
    func showAtTop(_ records: [FileRecord], _ time: Int64) {
        state.withLock { state in
            for record in records where state.tree.files[record.attributes.number] == nil {
                if let late = state.tree.lookup(record.attributes.name, in: Self.rootNumber) {
                    Self.forget(late, &state)
                }
                state.tree.insert(record.attributes)
            }
            Self.touchDirectory(Self.rootNumber, time, &state)
            Self.show(records, &state)
        }
        announce(records)
    }
}
