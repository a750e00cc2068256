/// Changing documents from a program: several operations in order, all of them or none.
extension Collection {
    /// Applies operations one after the other; each sees what those before it did. They are written together: after
    /// return searches see all of it, and where this throws, nothing of it has happened.
    ///
    /// Metadata of a JSON document is changed in its bytes, that of a text beside them, as `setfattr` does. A text that
    /// is given its own vector becomes a JSON document of the same id.
    /// - Parameters:
    ///   - sync: whether loss of power must lose none of it either once this returns.
    ///   - removed: is told of the files that are gone.
    ///   - isCancelled: whether nobody waits for it any more; asked until it is written.
    /// - Returns: what each operation did.
    /// - Throws: `dimensionMismatch`, `invalidVector`, `invalidArgument`, `malformedDocument`, `unsupported` for the
    ///   vector of a text file, `documentTooLarge`, `quotaExceeded` where the documents would take more than 256 MiB at
    ///   once, `interrupted`, `busy`, `storeFull`, `inputOutput`.
    /// - Complexity: O(documents touched); selecting by a filter costs what the filter does.
    @discardableResult
    public func apply(
        _ operations: [PointOperation], sync: Bool = false, removed: ([FileAttributes]) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(VexFSError) -> [PointOutcome] {
        try apply(
            operations, byteLimit: PointStage.byteLimitOfBatches, sync: sync, removed: removed,
            isCancelled: isCancelled)
    }

    func apply(
        _ operations: [PointOperation], byteLimit: Int, sync: Bool = false,
        removed: ([FileAttributes]) -> Void = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(VexFSError) -> [PointOutcome] {
        var outcomes: [PointOutcome]?
        var gone: [FileAttributes] = []
        for _ in 0..<8 where outcomes == nil {
            outcomes = try applyUnlessChanged(operations, byteLimit, isCancelled, &gone)
        }
        guard let outcomes else { throw CollectionConfiguration.changing }
        if !gone.isEmpty { removed(gone) }
        if sync { try context.sync() }
        return outcomes
    }

    /// Applies operations, or returns nil where the settings of the vectors changed meanwhile.
    private func applyUnlessChanged(
        _ operations: [PointOperation], _ byteLimit: Int, _ isCancelled: @escaping @Sendable () -> Bool,
        _ gone: inout [FileAttributes]
    ) throws(VexFSError) -> [PointOutcome]? {
        let configuration = configuration
        let material = try PointMaterial(operations, for: self)
        try context.space.claim(material.byteCount)
        return try write { () throws(VexFSError) -> [PointOutcome]? in
            guard self.configuration.storesVectors(as: configuration) else { return nil }
            var stage = PointStage(byteLimit: byteLimit, isCancelled: isCancelled)
            var outcomes: [PointOutcome] = []
            for (index, operation) in operations.enumerated() {
                outcomes.append(try self.stage(operation, index, material, &stage))
            }
            // What came with the operations was claimed above.
            try context.space.claim(max(0, stage.byteCount - material.byteCount))
            gone = try commit(stage)
            return outcomes
        }
    }

    // MARK: - Staging: under the writer's lock

    private func stage(
        _ operation: PointOperation, _ index: Int, _ material: PointMaterial, _ stage: inout PointStage
    ) throws(VexFSError) -> PointOutcome {
        var outcome = PointOutcome()
        switch operation {
        case .put(let points, let mode, let condition):
            for (place, point) in points.enumerated() {
                try put(point, material.documents[index][place], mode, condition, &stage, &outcome)
            }
        case .patch(let patches):
            for (place, patch) in patches.enumerated() {
                guard var draft = try draft(key(of: patch.id), stage, id: patch.id), var version = draft.version else {
                    outcome.skipped += 1
                    continue
                }
                let wasText = version.format != .json
                try version.apply(
                    patch, id: patch.id, material.documents[index][place], configuration.unnamed)
                if wasText, version.format == .json {
                    draft.replaced = draft.file
                    draft.file = nil
                }
                draft.version = version
                try stage.set(draft)
                outcome.changed += 1
            }
        case .payload(let change, let selection):
            try changeAll(selection, &stage, &outcome) { version throws(VexFSError) in try version.change(change) }
        case .deleteVectors(let selection, let names):
            let made = Set(configuration.named.filter { $0.settings.textModel != nil }.map(\.name))
            try changeAll(selection, &stage, &outcome) { version throws(VexFSError) in
                try version.removeVectors(names, made: made)
            }
        case .delete(let selection):
            for key in try keys(of: selection, stage) {
                guard var draft = try draft(key, stage), draft.version != nil else {
                    outcome.skipped += 1
                    continue
                }
                draft.version = nil
                try stage.set(draft)
                outcome.removed += 1
            }
        }
        return outcome
    }

    private func put(
        _ point: PointContent, _ document: PointMaterial.Document, _ mode: PointOperation.Mode, _ condition: Filter?,
        _ stage: inout PointStage, _ outcome: inout PointOutcome
    ) throws(VexFSError) {
        let key = key(of: point.id)
        var draft = try draft(key, stage, id: point.id) ?? PointStage.Draft(key: key, id: point.id)
        let isThere = draft.version != nil
        let isWanted =
            switch mode {
            case .upsert: true
            case .insertOnly: !isThere
            case .updateOnly: isThere
            }
        guard isWanted, draft.subject.map({ condition?.matches($0) ?? true }) ?? true else {
            outcome.skipped += 1
            return
        }
        if let file = draft.file, FileNaming.format(of: file.name) != .json {
            draft.replaced = file
            draft.file = nil
        }
        draft.version = PointStage.Version(
            bytes: document.bytes, format: .json, metadata: .object(point.metadata), vector: document.vector,
            named: document.named)
        try stage.set(draft)
        if isThere { outcome.changed += 1 } else { outcome.created += 1 }
    }

    private func changeAll(
        _ selection: PointSelection, _ stage: inout PointStage, _ outcome: inout PointOutcome,
        _ body: (inout PointStage.Version) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        for key in try keys(of: selection, stage) {
            guard var draft = try draft(key, stage), var version = draft.version else {
                outcome.skipped += 1
                continue
            }
            try body(&version)
            draft.version = version
            try stage.set(draft)
            outcome.changed += 1
        }
    }

    /// Which document an id stands for.
    private func key(of id: ByteString) -> PointStage.Key {
        guard let number = file(withID: id), attributes(of: number)?.row != nil else { return .new(id) }
        return .file(number)
    }

    /// A document as the operations before left it; nil where there is none.
    /// - Parameter id: what the caller calls it.
    private func draft(
        _ key: PointStage.Key, _ stage: PointStage, id: ByteString? = nil
    ) throws(VexFSError) -> PointStage.Draft? {
        if let draft = stage.draft(key) { return draft }
        guard case .file(let number) = key, let file = attributes(of: number), file.row != nil else { return nil }
        let record = try fileRecord(number)
        let bytes = try content(of: number).bytes
        let version = PointStage.Version(
            bytes: bytes, format: FileNaming.format(of: file.name),
            metadata: try JSON.parse(record.row.metadata, code: .corruption), patch: record.metadataPatch,
            hadVector: record.row.hasVector, named: try namedVectors(of: number))
        return PointStage.Draft(key: key, id: id ?? identifier(of: number), file: file, version: version)
    }

    /// The documents of a selection; those of a filter in the order of their rows, drafts behind them.
    private func keys(of selection: PointSelection, _ stage: PointStage) throws(VexFSError) -> [PointStage.Key] {
        switch selection {
        case .ids(let ids): return ids.map { key(of: $0) }
        case .filter(let filter):
            let live = state.withLock { $0.rows.live }
            let rows = try rows(matching: filter, among: live)
            let files = state.withLock { state in rows.rows.compactMap { state.rows.file(of: $0) } }
            var keys = files.map { PointStage.Key.file($0) }.filter { stage.draft($0) == nil }
            keys += stage.drafts.filter { $0.subject.map(filter.matches) ?? false }.map(\.key)
            return keys
        }
    }

    // MARK: - Writing

    /// Returns the files that are gone.
    private func commit(_ stage: PointStage) throws(VexFSError) -> [FileAttributes] {
        let drafts = stage.drafts.filter { !$0.isNothing }
        guard !drafts.isEmpty else { return [] }
        let batch = WriteBatch()
        var removed = drafts.compactMap(\.replaced)
        removed += drafts.filter { $0.version == nil }.compactMap(\.file)
        for file in removed { deleteRecords(of: file, batch) }
        let kept = drafts.filter { $0.version != nil }
        var (fresh, _) = try records(
            for: kept.filter { $0.file == nil }.map { FileNaming.name(forID: $0.id) }, batch)
        fresh.reverse()
        var records: [FileRecord] = []
        var documents: [PreparedDocument] = []
        for draft in kept {
            guard let version = draft.version else { continue }
            var record: FileRecord
            if let file = draft.file { record = try currentRecord(file.number) } else { record = fresh.removeLast() }
            try checkSize(version.bytes.count, of: .document, configuration)
            let former = try draft.replaced.map { file throws(VexFSError) in try currentRecord(file.number) }
            documents.append(try prepared(version, former ?? record))
            record.metadataPatch = version.patch
            records.append(record)
        }
        try addAll(documents, to: &records, batch)
        let now = SystemCall.now()
        let removals = removals(removed)
        try database.write(batch)
        state.withLock { state in
            for file in removed {
                Self.forget(file, &state)
                Self.touchDirectory(file.parent, now, &state)
            }
        }
        changes.publish(removals)
        showAtTop(records, now)
        context.metrics.increment(.documentsRemoved, by: removed.count)
        return removed
    }

    /// A version with all that a commit needs; where it kept its vector, with that of the record before.
    private func prepared(_ version: PointStage.Version, _ record: FileRecord) throws(VexFSError) -> PreparedDocument {
        var prepared: PreparedDocument
        if let vector = version.vector {
            prepared = vector
        } else {
            prepared = PreparedDocument(bytes: [])
            prepared.vector = try embedding(of: record.attributes.number)
            prepared.state = record.attributes.state
            prepared.truncated = record.row.truncated
            prepared.embedded = record.row.embedded
            prepared.reason = record.error
            let hasVector = prepared.vector != nil || !version.named.isEmpty
            if prepared.state == .ready, !hasVector {
                prepared.state = .unindexed
                prepared.reason = "its vectors were deleted"
            } else if prepared.state == .unindexed, hasVector {
                prepared.state = .ready
                prepared.reason = ""
            }
        }
        prepared.named = version.named
        prepared.bytes = version.bytes
        // What was set from outside is put over the document's own metadata once more.
        prepared.metadata = version.metadata
        return prepared
    }
}
