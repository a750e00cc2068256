/// Where a collection's files and rows are that it did not write itself: those of a snapshot of another collection.
///
/// A snapshot that someone looks at is a collection that wrote nothing; a fork is one that began with a snapshot and
/// writes its own files and rows beside it.
struct Origin: Sendable {
    /// The collection that has the snapshot.
    let collection: Collection
    /// The snapshot's number.
    let snapshot: UInt32
    /// Rows below it are the other collection's; a multiple of ``VectorFile/rowsPerChunk``, or beyond all rows.
    let rowsBelow: Row
    /// Files below it are the snapshot's, unless the collection has a record of its own for them.
    let filesBelow: FileNumber
    /// Whether nothing may be written: the collection is the snapshot.
    let isSnapshot: Bool
    /// The rows below ``rowsBelow``, of a fork.
    let rows: RowBitmap

    /// A fork of a snapshot.
    init(of snapshot: Snapshot, in collection: Collection) {
        self.collection = collection
        self.snapshot = snapshot.number
        filesBelow = snapshot.filesBelow
        rowsBelow = Self.firstOwnRow(behind: snapshot.rowsBelow)
        rows = RowBitmap(rowsBelow: Int(rowsBelow))
        isSnapshot = false
    }

    /// The first row that a fork of a snapshot gives: chunks of vectors are whole.
    static func firstOwnRow(behind end: Row) -> Row {
        let chunk = Row(VectorFile.rowsPerChunk)
        // Up to ``RowTable/end`` this fits.
        return (end + (chunk - 1)) / chunk * chunk
    }

    /// The snapshot itself.
    init(viewing snapshot: Snapshot, of collection: Collection) {
        self.collection = collection
        self.snapshot = snapshot.number
        (filesBelow, rowsBelow, rows, isSnapshot) = (.max, .max, RowBitmap(), true)
    }

    /// What a collection's record says; nil where it is no fork.
    /// - Throws: `corruption` where what it names is not there.
    init?(_ json: JSON?, of fork: UInt32, find: (UInt32) -> Collection?) throws(VexFSError) {
        guard let json, json != .null else { return nil }
        guard let number = json["collection"]?.integerValue, let snapshot = json["snapshot"]?.integerValue,
            let collection = UInt32(exactly: number).flatMap(find),
            let base = collection.state.withLock({ $0.snapshots.first { Int64($0.number) == snapshot } })
        else {
            throw VexFSError(.corruption, "what the fork \(fork) began with is missing from the store")
        }
        self.init(of: base, in: collection)
    }

    /// The file of the vectors that a fork reads below ``rowsBelow``; nil where the snapshot has none of that space.
    func vectors(of space: SpaceNumber) -> VectorFile? {
        collection.state.withLock { state in
            let known = state.snapshots.first { $0.number == snapshot }
            guard known?.vectors[space].map({ !$0.isEmpty }) ?? false else { return nil }
            return state.space(space)?.vectors
        }
    }

    /// The member of a fork's record.
    var json: JSON {
        .object([
            .init("collection", .integer(Int64(collection.number))), .init("snapshot", .integer(Int64(snapshot))),
        ])
    }
}

/// Reading what a collection has, wherever it lies.
extension Collection {
    /// Whether this is a snapshot: nothing can be written.
    public var isReadOnly: Bool { origin?.isSnapshot ?? false }

    /// Refuses a change of a snapshot.
    /// - Throws: `readOnly`.
    public func requireWritable() throws(VexFSError) {
        if isReadOnly { throw .snapshotIsReadOnly }
    }

    /// Refuses to read a snapshot that is no more.
    /// - Throws: `notFound`.
    func requirePresent() throws(VexFSError) {
        guard let origin, origin.isSnapshot else { return }
        let isPresent = origin.collection.state.withLock { state in
            state.snapshots.contains { $0.number == origin.snapshot && !$0.isRemoved }
        }
        if !isPresent { throw .snapshotWasRemoved }
    }

    /// The collection that wrote a row: its content and vectors are under that one's number.
    func owner(of row: Row) -> Collection {
        guard let origin, row < origin.rowsBelow else { return self }
        return origin.collection.owner(of: row)
    }

    /// The first row that can be this collection's own.
    var firstOwnRow: Row { origin?.rowsBelow ?? 0 }

    /// The stored bytes of a document's version.
    func storedDocument(_ row: Row) throws(VexFSError) -> [UInt8]? {
        try database.value(StoreKey.document(owner(of: row).number, row))
    }

    /// The stored record of a file; nil where there is none.
    func storedRecord(_ file: FileNumber) throws(VexFSError) -> FileRecord? {
        if let origin, origin.isSnapshot { return try origin.collection.record(of: file, at: origin.snapshot) }
        if let bytes = try database.value(StoreKey.file(number, file)) {
            // A fork says so where it removed one of its origin's files.
            guard !bytes.isEmpty else { return nil }
            return try bytes.withSystemBytes { bytes throws(VexFSError) in
                try FileRecord(number: file, decoding: bytes)
            }
        }
        guard let origin, file < origin.filesBelow else { return nil }
        return try origin.collection.record(of: file, at: origin.snapshot)
    }

    /// The stored bytes of a file that is no document.
    func storedScratch(_ file: FileNumber) throws(VexFSError) -> [UInt8]? {
        if let origin, origin.isSnapshot { return try origin.collection.scratch(of: file, at: origin.snapshot) }
        if let bytes = try database.value(StoreKey.scratch(number, file)) { return bytes }
        guard let origin, file < origin.filesBelow else { return nil }
        return try origin.collection.scratch(of: file, at: origin.snapshot)
    }

    /// Walks the stored documents of some rows, ascending for each collection that wrote them.
    func forEachDocument(
        of rows: RowBitmap, _ body: (Row, [UInt8]) -> Void
    ) throws(VexFSError) {
        var own = rows
        if let origin {
            let others = origin.isSnapshot ? rows : rows.intersection(origin.rows)
            if !others.isEmpty { try origin.collection.forEachDocument(of: others, body) }
            own = rows.subtracting(others)
        }
        guard let first = own.first, let last = own.last else { return }
        let (prefix, start) = (StoreKey.prefix(.document, number), StoreKey.document(number, first))
        try database.forEach(prefix: prefix, from: start) { key, value in
            guard let row = StoreKey.number(of: key).flatMap(Row.init(exactly:)) else { return true }
            if row > last { return false }
            if own.contains(row) { body(row, Array(value)) }
            return true
        }
    }

    /// Walks file records that have one of the rows, as they are now or as snapshots keep them, of the collection and
    /// its origins; a row may come twice.
    func forEachRecord(
        withRowIn rows: RowBitmap, _ body: (FileRecord) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        if let origin {
            let others = origin.isSnapshot ? rows : rows.intersection(origin.rows)
            if !others.isEmpty { try origin.collection.forEachRecord(withRowIn: others, body) }
        }
        guard !isReadOnly else { return }
        try database.forEach(prefix: StoreKey.prefix(.file, number)) { key, value throws(VexFSError) in
            guard let file = StoreKey.number(of: key), value.count > 0 else { return true }
            let record = try FileRecord(number: file, decoding: value)
            if let row = record.attributes.row, rows.contains(row) { try body(record) }
            return true
        }
        for snapshot in state.withLock({ $0.snapshots }) {
            try forEachMark(of: snapshot.number) { file, value throws(VexFSError) in
                guard let record = try SnapshotMark(of: file, decoding: value).record else { return }
                if let row = record.attributes.row, rows.contains(row) { try body(record) }
            }
        }
    }
}

extension VexFSError {
    /// A snapshot that someone still looks at when it is no more.
    static var snapshotWasRemoved: VexFSError { VexFSError(.notFound, "the snapshot was removed") }

    /// A change of what never changes.
    static var snapshotIsReadOnly: VexFSError {
        VexFSError(
            .readOnly,
            "this is a snapshot, which never changes; change the collection itself, or make a fork of the snapshot: "
                + "echo NAME > .vexfs/fork")
    }
}
