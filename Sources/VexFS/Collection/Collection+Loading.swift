import Glibc

extension Collection {
    /// Makes a new, empty collection's state.
    static func emptyState(
        name: ByteString, configuration: CollectionConfiguration, mode: UInt16, owner: UInt32, group: UInt32
    ) -> State {
        var root = FileAttributes(number: rootNumber, parent: 0, name: name, kind: .directory, mode: mode)
        let now = SystemCall.now()
        root.owner = owner
        root.group = group
        root.modified = now
        root.changed = now
        return State(name: name, configuration: configuration, tree: FileTree(root: root), created: now)
    }

    /// Reads a collection from the database.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    /// - Complexity: O(files); documents and vectors are not read.
    static func load(number: UInt32, record: [UInt8], context: StoreContext) throws(VexFSError) -> Collection {
        let json = try JSON.parseControl(record, code: .corruption)
        guard case .string(let name)? = json["name"], case .integer(let created)? = json["created"] else {
            throw VexFSError(.corruption, "the record of collection \(number) names no collection")
        }
        var configuration = CollectionConfiguration()
        if let stored = json["configuration"] { try configuration.merge(stored) }
        var root = FileAttributes(
            number: rootNumber, parent: 0, name: ByteString(name), kind: .directory, mode: 0o755)
        if let bytes = try context.database.value(StoreKey.file(number, rootNumber)) {
            let record = try bytes.withSystemBytes { bytes throws(VexFSError) in
                try FileRecord(number: rootNumber, decoding: bytes)
            }
            root = record.attributes
            root.name = ByteString(name)
        }
        var state = State(
            name: ByteString(name), configuration: configuration, tree: FileTree(root: root), created: created)
        state.syncedRows = Row(truncatingIfNeeded: json["synced_rows"]?.integerValue ?? 0)
        try loadFiles(into: &state, number: number, database: context.database)
        let reserved = json["reserved_files"]?.integerValue.map { FileNumber(bitPattern: $0) } ?? 0
        state.nextFile = max(state.nextFile, reserved)
        state.reservedFiles = state.nextFile
        if let dimension = configuration.dimension, state.rows.withVector.count > 0 {
            try loadSegments(into: &state, number: number, context: context)
            let path = context.directory.vectorFilePath(number)
            state.syncedRows = min(state.syncedRows, trustedRows(path, dimension, state.rows.next))
            let vectors = try openVectors(path, dimension: dimension, isSynced: state.syncedRows > 0)
            let packs = try context.database.packs(of: number)
            // A row of a packed chunk has no place any more, so none is given again.
            state.rows.extend(to: packs.map { ($0.chunk + 1) * VectorFile.rowsPerChunk }.max() ?? 0)
            try vectors.map(through: Int(state.rows.next))
            try loadPacks(packs, into: vectors, number: number, context: context)
            state.vectors = vectors
            state.hasUnsyncedVectors = state.rows.next > state.syncedRows
        } else {
            // Segments of rows that are all gone: the rows may be given again.
            let batch = WriteBatch()
            batch.delete(StoreKey.segments(number))
            try context.database.write(batch)
        }
        if let last = try context.database.lastNumber(prefix: StoreKey.prefix(.error, number)) {
            state.nextError = last + 1
            try context.database.forEach(prefix: StoreKey.prefix(.error, number)) { _, _ in
                state.errorCount += 1
                return true
            }
        }
        let collection = Collection(number: number, context: context, state: state)
        try collection.recoverUnsyncedVectors()
        // Rows that are given again after a removal must not pass for synced ones.
        try collection.saveRecord()
        return collection
    }

    private static func loadFiles(into state: inout State, number: UInt32, database: Database) throws(VexFSError) {
        try database.forEach(prefix: StoreKey.prefix(.file, number)) { key, value throws(VexFSError) in
            guard let file = StoreKey.number(of: key), file != rootNumber else { return true }
            let record = try FileRecord(number: file, decoding: value, withMetadata: false)
            let attributes = record.attributes
            state.tree.load(attributes)
            state.nextFile = max(state.nextFile, file + 1)
            if let row = attributes.row {
                state.rows.insert(row, file: file, hasVector: record.row.hasVector)
            }
            if attributes.state == .pending { state.pendingCount += 1 }
            if attributes.kind == .scratch { state.scratchBytes += Int(attributes.size) }
            return true
        }
        state.tree.finishLoading()
    }

    /// How many rows of a vector file can be as they were synced: none where the file is missing or ends too early. The
    /// others are compared with their checksums and, where damaged, made anew.
    private static func trustedRows(_ path: String, _ dimension: Int, _ rows: Row) -> Row {
        var status = stat()
        let stride = (dimension * 4 + 63) / 64 * 64
        guard stat(path, &status) == 0, Int(status.st_size) >= VectorFile.headerBytes + Int(rows) * stride else {
            Log.shared.warn("the vector file is missing or cut; its vectors are made anew", [("file", path)])
            return 0
        }
        return rows
    }

    /// Opens the vector file. One that was never synced may have lost its header with the power; its rows are then made
    /// anew from the documents like every other row that was not synced.
    private static func openVectors(_ path: String, dimension: Int, isSynced: Bool) throws(VexFSError) -> VectorFile {
        do throws(VexFSError) {
            return try VectorFile(path: path, dimension: dimension)
        } catch {
            guard error.code == .corruption, !isSynced else { throw error }
            unlink(path)
            return try VectorFile(path: path, dimension: dimension)
        }
    }

    /// Keeps a document whose only copy of its vector was lost with the power: it was never synced. What is left of it
    /// says so.
    private func keepWithoutVector(_ file: FileNumber, _ row: Row) throws(VexFSError) {
        guard let stored = try database.value(StoreKey.document(number, row)) else { return }
        var prepared = PreparedDocument(bytes: stored)
        prepared.metadata = try DocumentParser.parse(stored, as: .json).metadata
        prepared.state = .failed
        prepared.reason = "the vector was lost with the power before it was synced; insert it again"
        _ = try commit(prepared, to: file, modified: nil) { $0.row == row }
    }

    /// Checks the vectors that may not have reached the disk before a power cut, and makes damaged ones anew from their
    /// documents: after a kill none is damaged, after a power cut only documents that were never fsynced.
    private func recoverUnsyncedVectors() throws(VexFSError) {
        let (first, rows, vectors) = state.withLock { ($0.syncedRows, $0.rows, $0.vectors) }
        guard let vectors, first < rows.next else { return }
        for row in first..<rows.next where rows.withVector.contains(row) {
            guard let file = rows.file(of: row), let record = try rowRecord(row) else { continue }
            guard let vector = vectors.vector(row), VectorFile.checksum(vector[...]) == record.vectorChecksum else {
                Log.shared.warn("a vector was lost with the power; making it anew", [("row", "\(row)")])
                if record.isSpliced { try keepWithoutVector(file, row) } else { try commitAgain(file) }
                continue
            }
        }
    }
}
