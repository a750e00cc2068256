import Glibc

/// The vectors on the disk: found at open, made anew where they were lost, synced.
extension Collection {
    /// Opens what the store has of the vectors of a collection whose rows are known: vector files, packs, segments.
    /// What belongs to no space any more is removed.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    static func loadSpaces(
        into state: inout State, number: UInt32, origin: Origin?, context: StoreContext
    ) throws(VexFSError) {
        let packs = try context.database.packs(of: number)
        var kept: Set<String> = []
        var stale: [[UInt8]] = []
        for place in state.spaces.indices {
            let space = state.spaces[place].number
            let own = packs.filter { $0.space == space }
            guard state.settings(of: state.spaces[place]).kind == .dense else { continue }
            guard state.spaces[place].held.count > 0 else {
                // Segments and packs of rows that are all gone: the rows may be given again.
                stale.append(StoreKey.segments(number, space))
                stale += own.map { StoreKey.pack(number, space, chunk: $0.chunk) }
                state.spaces[place].syncedRows = 0
                continue
            }
            let shared = origin?.vectors(of: space)
            state.spaces[place].ownFrom = shared == nil ? 0 : origin?.rowsBelow ?? 0
            state.spaces[place].segments = state.spaces[place].emptySegments
            try loadSegments(of: place, into: &state, number: number, context: context)
            kept.formUnion(
                try loadVectors(of: place, own, inheriting: shared, into: &state, number: number, context: context))
        }
        stale += packs.filter { state.space($0.space) == nil }.map { StoreKey.pack(number, $0.space, chunk: $0.chunk) }
        let batch = WriteBatch()
        for key in stale { batch.delete(key) }
        if !stale.isEmpty { try context.database.write(batch) }
        try context.directory.removeVectors(of: number, keeping: kept)
    }

    /// Opens the vector file and the packs of a space; returns the paths of what is in use.
    private static func loadVectors(
        of place: Int, _ packs: [PlacedPack], inheriting shared: VectorFile?, into state: inout State, number: UInt32,
        context: StoreContext
    ) throws(VexFSError) -> Set<String> {
        let space = state.spaces[place]
        let settings = state.settings(of: space)
        guard let dimension = settings.dimension, let last = space.held.last else {
            throw VexFSError(.corruption, "there are vectors \"\(space.name)\" of no dimension", at: state.name.string)
        }
        let path = context.directory.vectorFilePath(number, space.number)
        // Of a fork's rows, those that it wrote.
        let end = last < space.ownFrom ? 0 : last + 1
        let isWhole =
            end == 0 || holds(path, rows: end, VectorFile.strideBytes(dimension: dimension, settings.element))
        let synced = isWhole ? max(space.ownFrom, min(space.syncedRows, state.rows.next)) : space.ownFrom
        let vectors = try openVectors(path, settings, dimension: dimension, isSynced: synced > space.ownFrom)
        if let shared { vectors.inherit(from: shared, rowsBelow: space.ownFrom) }
        // A row of a packed chunk has no place any more, so none is given again.
        let packed = packs.map { ($0.chunk + 1) * VectorFile.rowsPerChunk }.max() ?? 0
        state.rows.extend(to: packed)
        try vectors.map(through: max(Int(end), packed))
        let kept = try loadPacks(packs, into: vectors)
        state.spaces[place].syncedRows = synced
        state.spaces[place].vectors = vectors
        state.spaces[place].hasUnsyncedVectors = state.rows.next > synced
        return kept
    }

    /// Whether a vector file is there with room for so many rows. If not, none of its rows can be as it was synced: all
    /// are compared with their checksums and, where damaged, made anew.
    private static func holds(_ path: String, rows: Row, _ strideBytes: Int) -> Bool {
        var status = stat()
        let size = VectorFile.headerBytes + Int(rows) * strideBytes
        guard stat(path, &status) == 0, Int(status.st_size) >= size else {
            Log.shared.warn("the vector file is missing or cut; its vectors are made anew", [("file", path)])
            return false
        }
        return true
    }

    /// Opens the vector file. One that was never synced may have lost its header with the power; its rows are then made
    /// anew from the documents like every other row that was not synced.
    private static func openVectors(
        _ path: String, _ settings: VectorSettings, dimension: Int, isSynced: Bool
    ) throws(VexFSError) -> VectorFile {
        do throws(VexFSError) {
            return try VectorFile(
                path: path, dimension: dimension, element: settings.element, metric: settings.metric)
        } catch {
            guard error.code == .corruption, !isSynced else { throw error }
            unlink(path)
            return try VectorFile(
                path: path, dimension: dimension, element: settings.element, metric: settings.metric)
        }
    }

    /// Keeps a document whose only copy of its vector was lost with the power: it was never synced. What is left of it
    /// says so.
    private func keepWithoutVector(_ file: FileNumber, _ row: Row) throws(VexFSError) {
        guard let stored = try storedDocument(row) else { return }
        var prepared = PreparedDocument(bytes: stored)
        prepared.metadata = try DocumentParser.parse(stored, as: .json).metadata
        prepared.named = try namedVectors(of: file).filter { if case .dense = $0.vector { false } else { true } }
        prepared.state = .failed
        prepared.reason = "the vector was lost with the power before it was synced; insert it again"
        _ = try commit(prepared, to: file, modified: nil) { $0.row == row }
    }

    /// Checks the vectors that may not have reached the disk before a power cut, and makes damaged ones anew from their
    /// documents: after a kill none is damaged, after a power cut only documents that were never fsynced.
    func recoverUnsyncedVectors() throws(VexFSError) {
        let (rows, spaces) = state.withLock { ($0.rows, $0.spaces) }
        // A row's vectors are made anew together, and stand in another row then.
        var damaged: Set<Row> = []
        for space in spaces {
            guard let vectors = space.vectors, space.syncedRows < rows.next else { continue }
            for row in max(space.syncedRows, space.ownFrom)..<rows.next
            where space.withVector.contains(row) && !damaged.contains(row) {
                guard let file = rows.file(of: row), let record = try rowRecord(row) else { continue }
                let checksum = record.checksum(in: space.number)
                if let vector = vectors.vector(row), vectors.checksum(vector) == checksum { continue }
                damaged.insert(row)
                Log.shared.warn("a vector was lost with the power; making it anew", [("row", "\(row)")])
                if record.isSpliced { try keepWithoutVector(file, row) } else { try commitAgain(file) }
            }
        }
    }

    // MARK: - Writing: under the writer's lock

    /// The file of the vectors without a name; made, with the dimension fixed, at the first.
    /// - Parameter embedded: whether the collection's model makes the vectors, which fixes their space.
    func unnamedFile(dimension: Int, embedded: Bool, _ batch: WriteBatch) throws(VexFSError) -> VectorFile {
        if embedded, (batch.configuration ?? configuration).space == nil {
            change(batch) { $0.space = self.context.embedder.space.id }
        }
        return try vectorFile(of: "", dimension: dimension, batch)
    }

    /// The file of the vectors of that name; made, with the dimension fixed, at the first.
    private func vectorFile(
        of name: String, dimension: Int, _ batch: WriteBatch
    ) throws(VexFSError) -> VectorFile {
        let found = state.withLock { $0.space(named: name) }
        guard let space = found else { throw configuration.unknownVector(name) }
        if let known = space.vectors ?? batch.vectorFiles[space.number] {
            try Self.require(dimension, known.dimension)
            return known
        }
        let settings = (batch.configuration ?? configuration).settings(of: name) ?? VectorSettings()
        try Self.require(dimension, settings.dimension ?? dimension)
        // No row has a vector, so whatever an earlier life of the file left in it means nothing.
        let path = context.directory.vectorFilePath(number, space.number)
        let file = try VectorFile(
            path: path, dimension: dimension, element: settings.element, metric: settings.metric, isFresh: true)
        batch.vectorFiles[space.number] = file
        change(batch) { $0.fix(dimension, of: name) }
        // Readers see file and settings only once the record that has them is written.
        batch.onceWritten { [self] in state.withLock { $0.change(space.number) { $0.vectors = file } } }
        return file
    }

    static func require(_ dimension: Int, _ known: Int) throws(VexFSError) {
        guard dimension == known else {
            throw VexFSError(
                .dimensionMismatch, "the vector has \(dimension) components and this collection's have \(known)")
        }
    }

    /// Changes the settings with a batch.
    func change(_ batch: WriteBatch, _ body: (inout CollectionConfiguration) -> Void) {
        var settings = batch.configuration ?? configuration
        body(&settings)
        let changed = settings
        batch.configuration = changed
        batch.put(StoreKey.collection(number), state.withLock { encodedRecord($0, changedBy: batch) })
        batch.onceWritten { [self] in state.withLock { $0.configuration = changed } }
    }

    /// Writes the named vectors of a row, and notes them in its record.
    func write(
        _ vectors: [NamedVector], of row: Row, into record: inout RowRecord, _ batch: WriteBatch
    ) throws(VexFSError) {
        for vector in vectors {
            guard let space = state.withLock({ $0.space(named: vector.name) }) else {
                throw configuration.unknownVector(vector.name)
            }
            guard case .dense(let values) = vector.vector else {
                record.named.append(try store(vector, of: row, in: space.number, batch))
                continue
            }
            let file = try vectorFile(of: vector.name, dimension: values.count, batch)
            try file.write(values, count: 1, at: row)
            context.metrics.increment(.vectorBytesWritten, by: values.count * file.element.byteCount)
            record.named.append(NamedVectorRecord(space: space.number, checksum: file.checksum(values)))
        }
    }

    // MARK: - Reading

    /// The vector of a document: `[dimension] Float32` as stored (unit length where the metric is cosine); nil where it
    /// has none of that name, "" for the one without.
    public func embedding(of file: FileNumber, named name: String = "") throws(VexFSError) -> [Float]? {
        state.withLock { state in
            guard let row = state.tree[file]?.row, let space = state.space(named: name), space.withVector.contains(row)
            else { return nil }
            return space.vectors?.vector(row)
        }
    }

    /// A vector of a document as it is stored, of any kind; nil where it has none of that name.
    /// - Throws: `corruption`, `inputOutput`.
    public func vector(of file: FileNumber, named name: String) throws(VexFSError) -> DocumentVector? {
        let found = state.withLock { state -> (row: Row, space: SpaceNumber)? in
            guard let row = state.tree[file]?.row, let space = state.space(named: name), space.withVector.contains(row)
            else { return nil }
            return (row, space.number)
        }
        guard let found else { return nil }
        return try vector(of: found.row, in: found.space)
    }

    /// The named vectors of a document as they are stored.
    /// - Throws: `corruption`, `inputOutput`.
    func namedVectors(of file: FileNumber) throws(VexFSError) -> [NamedVector] {
        let found = state.withLock { state -> [(row: Row, space: SpaceNumber, name: String)] in
            guard let row = state.tree[file]?.row else { return [] }
            return state.spaces.dropFirst().compactMap { space in
                space.withVector.contains(row) ? (row, space.number, space.name) : nil
            }
        }
        var vectors: [NamedVector] = []
        for (row, space, name) in found {
            if let vector = try vector(of: row, in: space) { vectors.append(NamedVector(name, vector)) }
        }
        return vectors
    }

    // MARK: - Syncing

    /// Brings the vectors to the disk and notes how far.
    func syncVectors() throws(VexFSError) {
        let (unsynced, rows) = takeUnsynced()
        guard !unsynced.isEmpty else { return }
        try bringToDisk(unsynced)
        try writer.withLock { _ throws(VexFSError) in
            guard !state.withLock({ $0.isRemoved }) else { return }
            try noteSynced(unsynced, rows)
        }
    }

    /// As ``syncVectors()``; the writer's lock is held, so that none is left, and a sync that another thread has begun
    /// is not taken for one that ended.
    func syncVectorsOfWriter() throws(VexFSError) {
        let (unsynced, rows) = takeUnsynced(evenBegun: true)
        guard !unsynced.isEmpty else { return }
        try bringToDisk(unsynced)
        try noteSynced(unsynced, rows)
    }

    private func bringToDisk(_ unsynced: [(space: SpaceNumber, vectors: VectorFile)]) throws(VexFSError) {
        do throws(VexFSError) {
            for (_, vectors) in unsynced { try vectors.sync() }
        } catch {
            state.withLock { state in
                for (space, _) in unsynced { state.change(space) { $0.hasUnsyncedVectors = true } }
            }
            throw error
        }
    }

    private func noteSynced(
        _ unsynced: [(space: SpaceNumber, vectors: VectorFile)], _ rows: Row
    ) throws(VexFSError) {
        state.withLock { state in
            for (space, _) in unsynced { state.change(space) { $0.syncedRows = max($0.syncedRows, rows) } }
        }
        try saveRecord()
    }

    /// The vector files with rows that are not known to be on the disk, and the row behind the last.
    private func takeUnsynced(evenBegun: Bool = false) -> ([(space: SpaceNumber, vectors: VectorFile)], Row) {
        state.withLock { state -> ([(space: SpaceNumber, vectors: VectorFile)], Row) in
            var unsynced: [(space: SpaceNumber, vectors: VectorFile)] = []
            for place in state.spaces.indices {
                let isBegun = evenBegun && state.spaces[place].syncedRows < state.rows.next
                guard state.spaces[place].hasUnsyncedVectors || isBegun else { continue }
                state.spaces[place].hasUnsyncedVectors = false
                if let vectors = state.spaces[place].vectors { unsynced.append((state.spaces[place].number, vectors)) }
            }
            return (unsynced, state.rows.next)
        }
    }
}
