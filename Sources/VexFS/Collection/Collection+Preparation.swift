/// Making indexes before they are asked for: those that searches used before the store was opened.
extension Collection {
    /// Rows that are read between two looks at whether to go on.
    private static let preparedRows = 512
    /// Sparse vectors that are, which cost less.
    private static let preparedVectors: Row = 4096

    /// Reads which indexes were used, and what `schema.json` says of fields; makes none.
    func loadIndexUse() throws(VexFSError) {
        if let bytes = try database.value(StoreKey.property(number, UsedIndexes.property)) {
            let used = UsedIndexes(json: try JSON.parseControl(bytes, code: .corruption), today: UsedIndexes.today)
            usedIndexes.withLock { $0 = used }
        }
        if let schema = try storedSchema() { payloads.declare(schema) }
    }

    private func storedSchema() throws(VexFSError) -> PayloadSchema? {
        guard let bytes = try database.value(StoreKey.property(number, "schema/indexed")) else { return nil }
        return PayloadSchema(stored: try JSON.parseControl(bytes, code: .corruption))
    }

    /// Remembers the indexes that searches asked for since the store was opened, where that is news.
    func saveIndexUse() {
        guard !isReadOnly else { return }
        let before = usedIndexes.withLock { $0 }
        var used = before
        used.note(askedIndexes, today: UsedIndexes.today)
        guard used != before else { return }
        do throws(VexFSError) {
            let bytes = used.json.compact
            try write { () throws(VexFSError) in
                let batch = WriteBatch()
                batch.put(StoreKey.property(number, UsedIndexes.property), bytes)
                try database.write(batch)
            }
        } catch {
            // The first search after the next open makes them, as it did before.
            return
        }
        usedIndexes.withLock { $0 = used }
    }

    /// The indexes that searches asked for since the store was opened.
    private var askedIndexes: Set<PreparedIndex> {
        var asked = payloads.asked
        if let index = textIndex.withLock({ $0 }), index.isAsked.load(ordering: .relaxed) { asked.insert(.words) }
        for space in state.withLock({ $0.spaces }) {
            if let index = space.sparse, index.isAsked.load(ordering: .relaxed) { asked.insert(.sparse(space.name)) }
        }
        return asked
    }

    /// The indexes that were used, and those that `schema.json` asks for.
    private var wantedIndexes: Set<PreparedIndex> {
        var wanted = Set(usedIndexes.withLock { $0 }.days.keys)
        for field in payloads.declaredFields {
            wanted.insert(.column(field.name, nil))
            if let part = field.type.flatMap(ColumnPart.init) { wanted.insert(.column(field.name, part)) }
        }
        return wanted
    }

    /// Lets those who wait for the index wait until its indexes are prepared too.
    func announcePreparation() {
        let (count, rows) = (wantedIndexes.count, documentCount)
        preparation.withLock { $0 = PreparationFigures(indexes: count, rows: count * rows) }
    }

    /// Makes the indexes that were used, and those that `schema.json` asks for.
    func prepareIndexes(isCancelled: () -> Bool) {
        let wanted = wantedIndexes
        announcePreparation()
        func isEnding() -> Bool { isCancelled() || state.withLock { $0.isRemoved || $0.isRetired } }
        do throws(VexFSError) {
            try prepareColumns(wanted, isEnding)
            for index in wanted.sorted(by: { $0.text < $1.text }) where !isEnding() {
                switch index {
                case .words: try prepareWords(isEnding)
                case .sparse(let name): try prepareSparse(name, isEnding)
                case .texts:
                    try forEachPreparedPart(isEnding) { owner, rows throws(VexFSError) in
                        try owner.payloads.documents.cover(rows, self)
                    }
                case .names, .column: continue
                }
                if !isEnding() { notePrepared(1) }
            }
        } catch {
            Log.shared.warn("indexes were not prepared: \(error)", [("collection", name.string)])
            // Searches make what is left, and nobody waits for it.
            preparation.update { ($0.indexes, $0.rows) = ($0.prepared, $0.preparedRows) }
        }
        progress.update { $0 += 1 }
    }

    private func notePrepared(_ indexes: Int) {
        preparation.update { figures in
            figures.prepared += indexes
            figures.preparedRows = figures.indexes == 0 ? 0 : figures.rows / figures.indexes * figures.prepared
        }
    }

    /// Calls `body` with the live rows, a few at a time, and with the collections that wrote them.
    private func forEachPreparedPart(
        _ isEnding: () -> Bool, _ body: (Collection, RowBitmap) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        let rows = state.withLock { $0.rows.live }.rows
        for start in stride(from: 0, to: rows.count, by: Self.preparedRows) where !isEnding() {
            let some = rows[start..<min(start + Self.preparedRows, rows.count)]
            for (owner, rows) in byOwner(RowBitmap(Array(some))) where !rows.isEmpty { try body(owner, rows) }
            preparation.withLock { $0.preparedRows += some.count }
        }
    }

    /// All columns, so that the metadata is read once.
    private func prepareColumns(_ wanted: Set<PreparedIndex>, _ isEnding: () -> Bool) throws(VexFSError) {
        var paths: Set<PayloadPath> = []
        var parts: [(path: PayloadPath, part: ColumnPart)] = []
        for case .column(let text, let part) in wanted {
            paths.insert(PayloadPath(text))
            if let part { parts.append((PayloadPath(text), part)) }
        }
        let hasNames = wanted.contains(.names)
        guard !paths.isEmpty || hasNames else { return }
        try forEachPreparedPart(isEnding) { owner, rows throws(VexFSError) in
            if !paths.isEmpty {
                _ = try owner.payloads.cover(paths, rows, isAsked: false, loadPayloads(_:keeping:_:))
            }
            if hasNames { try owner.payloads.coverNames(rows, loadPayloads(_:keeping:_:)) }
        }
        let owners = byOwner(state.withLock { $0.rows.live }).map(\.owner)
        for (path, part) in parts {
            for owner in owners {
                while !isEnding(), !owner.payloads.prepare(part, of: path, limit: Self.preparedRows) {}
            }
        }
        let columns = wanted.count { if case .column = $0 { true } else { false } }
        if !isEnding() { notePrepared(columns + (hasNames ? 1 : 0)) }
    }

    private func prepareWords(_ isEnding: () -> Bool) throws(VexFSError) {
        let options = configuration.text
        for (owner, _) in byOwner(state.withLock { $0.rows.live }) where owner.configuration.text == options {
            let index = try owner.heldTexts(options)
            while !isEnding(), let last = owner.ownRows.last, index.end <= last {
                let before = index.end
                try owner.takeTexts(owner.ownRows, into: index, isAhead: true, limit: Self.preparedRows)
                preparation.withLock { $0.preparedRows += Int(index.end - before) }
            }
        }
    }

    private func prepareSparse(_ name: String, _ isEnding: () -> Bool) throws(VexFSError) {
        guard let space = state.withLock({ $0.space(named: name) }),
            configuration.settings(of: name)?.kind == .sparse
        else { return }
        for (owner, rows) in byOwner(space.withVector) {
            guard let index = owner.heldSparseIndex(of: space.number), let last = rows.last else { continue }
            while !isEnding(), index.end <= last {
                let before = index.end
                let end = Row(min(UInt64(last), UInt64(before) + UInt64(Self.preparedVectors)))
                try owner.takeSparse(of: space.number, through: end, into: index, isAhead: true)
                preparation.withLock { $0.preparedRows += Int(index.end - before) }
            }
        }
    }
}
