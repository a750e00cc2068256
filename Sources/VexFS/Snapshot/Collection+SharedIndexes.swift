/// Asking indexes: a row is asked of the index of the collection that wrote it, so that snapshots and forks share what
/// their base has. What a row holds never changes, whoever looks at it; which rows may answer, say bitmaps.
extension Collection {
    /// The rows by the collections that wrote them, ascending; the collection's own part is there though it is empty.
    func byOwner(_ rows: RowBitmap) -> [(owner: Collection, rows: RowBitmap)] {
        guard let origin else { return [(self, rows)] }
        if origin.isSnapshot { return origin.collection.byOwner(rows) }
        let inherited = rows.intersection(origin.rows)
        let own = (owner: self, rows: rows.subtracting(origin.rows))
        return (inherited.isEmpty ? [] : origin.collection.byOwner(inherited)) + [own]
    }

    /// The live rows that the collection wrote itself.
    var ownRows: RowBitmap {
        let live = state.withLock { $0.rows.live }
        return origin.map { live.subtracting($0.rows) } ?? live
    }

    // MARK: Metadata

    /// The rows of `live` that match a filter.
    func rows(matching filter: Filter, among live: RowBitmap) throws(VexFSError) -> RowBitmap {
        let parts = byOwner(live)
        if parts.count == 1 {
            return try parts[0].owner.payloads.rows(matching: filter, among: parts[0].rows, from: self)
        }
        var found = RowBitmap()
        for (owner, rows) in parts {
            found.formUnion(try owner.payloads.rows(matching: filter, among: rows, from: self))
        }
        return found
    }

    /// Whether all of the paths have a column that knows some of the rows.
    func hasColumns(for paths: Set<PayloadPath>, among rows: RowBitmap) -> Bool {
        byOwner(rows).allSatisfy { $0.rows.isEmpty || $0.owner.payloads.hasColumns(for: paths) }
    }

    /// Hands over every distinct value of a field with the rows that hold it, also rows that are not in `live`; a value
    /// comes once for each collection that wrote some of the rows.
    func forEachValue(
        of path: PayloadPath, among live: RowBitmap, _ body: (Filter.Value, Postings, RowBitmap) -> Void
    ) throws(VexFSError) {
        for (owner, rows) in byOwner(live) {
            try owner.payloads.forEachValue(of: path, among: rows, load: loadPayloads(_:keeping:_:)) {
                body($0, $1, rows)
            }
        }
    }

    /// Every distinct value of a field with how many of the rows hold it.
    func valueCounts(
        of path: PayloadPath, among live: RowBitmap
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        let parts = byOwner(live)
        if parts.count == 1 {
            return try parts[0].owner.payloads.valueCounts(
                of: path, among: parts[0].rows, load: loadPayloads(_:keeping:_:))
        }
        var counts: [Filter.Value: Int] = [:]
        try forEachValue(of: path, among: live) { value, holders, rows in
            counts[value, default: 0] += holders.count(in: rows)
        }
        return counts.map { (value: $0.key, count: $0.value) }
    }

    /// The names of all fields of the rows, nested ones dotted, in byte order.
    func fieldNames(among live: RowBitmap) throws(VexFSError) -> [String] {
        var names: Set<ByteString> = []
        for (owner, rows) in byOwner(live) {
            let found = try owner.payloads.fields(among: rows, load: loadPayloads(_:keeping:_:))
            names.formUnion(found.map { ByteString($0) })
        }
        return names.sorted().map(\.string)
    }

    /// The values of a field as text with how many of the rows hold them, most frequent first, then in byte order.
    func values(
        of field: String, among live: RowBitmap
    ) throws(VexFSError) -> [(value: ByteString, count: Int)] {
        let parts = byOwner(live)
        if parts.count == 1 {
            return try parts[0].owner.payloads.values(
                of: field, among: parts[0].rows, load: loadPayloads(_:keeping:_:))
        }
        var counts: [ByteString: Int] = [:]
        for (owner, rows) in parts {
            for found in try owner.payloads.values(of: field, among: rows, load: loadPayloads(_:keeping:_:)) {
                counts[found.value, default: 0] += found.count
            }
        }
        return counts.map { (value: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.value < $1.value }
    }

    /// The rows of `live` where the field holds a value that looks like `text`, as ``values(of:among:)`` lists it.
    func rows(
        whereField field: String, hasText text: ByteString, among live: RowBitmap
    ) throws(VexFSError) -> RowBitmap {
        var found = RowBitmap()
        for (owner, rows) in byOwner(live) {
            found.formUnion(
                try owner.payloads.rows(
                    whereField: field, hasText: text, among: rows, load: loadPayloads(_:keeping:_:)))
        }
        return found
    }

    // MARK: Words

    /// The index of the documents' words that has the rows.
    func words(covering rows: RowBitmap) throws(VexFSError) -> (model: BM25, index: LayeredSparseIndex) {
        let options = configuration.text
        var layers = LayeredSparseIndex()
        var rest = RowBitmap()
        for (owner, rows) in byOwner(rows) {
            // Other options make other words of the same texts.
            guard owner.configuration.text == options else {
                rest.formUnion(rows)
                continue
            }
            let index = try owner.heldTexts(options)
            index.isAsked.store(true, ordering: .relaxed)
            if owner === self {
                try takeTexts(rows, into: index)
                layers.add(index.index)
                continue
            }
            try owner.takeTexts(owner.ownRows, into: index)
            // What is no document of the owner's any more may not have been there to be read.
            let shared = rows.intersection(index.covered)
            if !shared.isEmpty { layers.add(index.index, asked: shared) }
            rest.formUnion(rows.subtracting(shared))
        }
        if !rest.isEmpty {
            let index = try heldInheritedTexts(options, with: rest)
            try takeTexts(rest, into: index)
            layers.add(index.index, asked: rest)
        }
        return (try TextModel(text: options).bm25(), layers)
    }

    /// The index of the words of the documents that the collection wrote itself.
    func heldTexts(_ options: TextOptions) throws(VexFSError) -> TextIndex {
        let model = try TextModel(text: options).bm25()
        return textIndex.withLock { held in
            if let held, held.options == model.analyzer.options { return held }
            let new = TextIndex(model)
            held = new
            return new
        }
    }

    /// The index of the words of documents that its origin wrote and has no index of.
    private func heldInheritedTexts(
        _ options: TextOptions, with rows: RowBitmap
    ) throws(VexFSError) -> TextIndex {
        let model = try TextModel(text: options).bm25()
        return inheritedTexts.withLock { held in
            if let held, held.options == model.analyzer.options {
                // Rows are taken in ascending; those that others forgot may lie before.
                let missing = rows.subtracting(held.covered)
                if missing.first.map({ $0 >= held.end }) ?? true { return held }
            }
            let new = TextIndex(model)
            held = new
            return new
        }
    }

    /// Brings an index of words up to date.
    /// - Parameters:
    ///   - isAhead: Whether nobody waits for it.
    ///   - limit: How many row numbers further at the most.
    func takeTexts(
        _ rows: RowBitmap, into index: TextIndex, isAhead: Bool = false, limit: Int = .max
    ) throws(VexFSError) {
        try index.update(
            covering: rows, threads: isAhead ? 1 : IndexBuilder.threadCount, isAhead: isAhead, limit: limit,
            present: present
        ) { rows throws(VexFSError) in
            try texts(of: rows)
        }
    }

    // MARK: Sparse vectors

    /// The index of a space of sparse vectors with those of the rows that have one; nil where the space is gone.
    /// - Throws: `corruption`, `inputOutput`.
    func sparseIndex(of space: SpaceNumber, covering rows: RowBitmap) throws(VexFSError) -> LayeredSparseIndex? {
        guard state.withLock({ $0.space(space) != nil }) else { return nil }
        var layers = LayeredSparseIndex()
        // A space that a fork has alone may have the number of another one of its base.
        for (owner, rows) in byOwner(rows) where owner === self || !rows.isEmpty {
            guard let index = owner.heldSparseIndex(of: space) else { continue }
            index.isAsked.store(true, ordering: .relaxed)
            try owner.takeSparse(of: space, through: rows.last, into: index)
            layers.add(index.index, asked: owner === self ? nil : rows)
        }
        return layers
    }

    /// The index of the sparse vectors that the collection wrote itself; nil where it has no such space.
    func heldSparseIndex(of space: SpaceNumber) -> SparseRowIndex? {
        state.withLock { state in
            var index: SparseRowIndex?
            state.change(space) { space in
                if space.sparse == nil { space.sparse = SparseRowIndex(from: firstOwnRow) }
                index = space.sparse
            }
            return index
        }
    }

    /// Brings an index of sparse vectors up to date.
    /// - Parameter isAhead: Whether nobody waits for it.
    func takeSparse(
        of space: SpaceNumber, through last: Row?, into index: SparseRowIndex, isAhead: Bool = false
    ) throws(VexFSError) {
        try index.update(
            through: last, isAhead: isAhead,
            read: { (row) throws(VexFSError) in
                guard let bytes = try self.storedVector(of: row, in: space) else { return nil }
                return try bytes.withSystemBytes { bytes throws(VexFSError) in try StoredVector.sparse(bytes) }
            },
            walk: { (first, body) throws(VexFSError) in
                try self.walkStored(from: first, in: space) { row, bytes throws(VexFSError) in
                    try body(row, try StoredVector.sparse(bytes))
                }
            })
    }
}
