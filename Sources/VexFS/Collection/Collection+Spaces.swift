import Glibc

/// The vectors on the disk: found at open, made anew where they were lost, synced.
extension Collection {
    /// Opens what the store has of a space whose rows are known: its vector file, its packs and its segments.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    static func loadSpace(
        _ place: Int, into state: inout State, number: UInt32, context: StoreContext
    ) throws(VexFSError) {
        guard let dimension = state.configuration.dimension, state.spaces[place].withVector.count > 0 else {
            // Segments of rows that are all gone: the rows may be given again.
            let batch = WriteBatch()
            batch.delete(StoreKey.segments(number))
            try context.database.write(batch)
            return
        }
        try loadSegments(of: place, into: &state, number: number, context: context)
        let path = context.directory.vectorFilePath(number)
        let synced = min(state.spaces[place].syncedRows, trustedRows(path, dimension, state.rows.next))
        let vectors = try openVectors(path, dimension: dimension, isSynced: synced > 0)
        let packs = try context.database.packs(of: number)
        // A row of a packed chunk has no place any more, so none is given again.
        state.rows.extend(to: packs.map { ($0.chunk + 1) * VectorFile.rowsPerChunk }.max() ?? 0)
        try vectors.map(through: Int(state.rows.next))
        try loadPacks(packs, into: vectors, number: number, context: context)
        state.spaces[place].syncedRows = synced
        state.spaces[place].vectors = vectors
        state.spaces[place].hasUnsyncedVectors = state.rows.next > synced
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
    func recoverUnsyncedVectors() throws(VexFSError) {
        let (rows, space) = state.withLock { ($0.rows, $0.unnamed) }
        guard let vectors = space.vectors, space.syncedRows < rows.next else { return }
        for row in space.syncedRows..<rows.next where space.withVector.contains(row) {
            guard let file = rows.file(of: row), let record = try rowRecord(row) else { continue }
            guard let vector = vectors.vector(row), VectorFile.checksum(vector[...]) == record.vectorChecksum else {
                Log.shared.warn("a vector was lost with the power; making it anew", [("row", "\(row)")])
                if record.isSpliced { try keepWithoutVector(file, row) } else { try commitAgain(file) }
                continue
            }
        }
    }

    /// Brings the vectors to the disk and notes how far.
    func syncVectors() throws(VexFSError) {
        let (unsynced, rows) = state.withLock { state -> ([(space: SpaceNumber, vectors: VectorFile)], Row) in
            var unsynced: [(space: SpaceNumber, vectors: VectorFile)] = []
            for place in state.spaces.indices where state.spaces[place].hasUnsyncedVectors {
                state.spaces[place].hasUnsyncedVectors = false
                if let vectors = state.spaces[place].vectors { unsynced.append((state.spaces[place].number, vectors)) }
            }
            return (unsynced, state.rows.next)
        }
        guard !unsynced.isEmpty else { return }
        do throws(VexFSError) {
            for (_, vectors) in unsynced { try vectors.sync() }
        } catch {
            state.withLock { state in
                for (space, _) in unsynced { state.change(space) { $0.hasUnsyncedVectors = true } }
            }
            throw error
        }
        try writer.withLock { _ throws(VexFSError) in
            guard !state.withLock({ $0.isRemoved }) else { return }
            state.withLock { state in
                for (space, _) in unsynced { state.change(space) { $0.syncedRows = max($0.syncedRows, rows) } }
            }
            try saveRecord()
        }
    }
}
