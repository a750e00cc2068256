import CVexKernels

/// Giving memory and disk back after documents were removed or replaced.
extension Collection {
    /// Removed rows that may lie about before ``compact()`` is worth its work.
    private static let toleratedRows = 4096

    /// What a compaction did.
    public struct CompactionReport: Sendable, Equatable {
        /// Chunks of the vector file that were copied or dropped.
        public var packedChunks = 0
        /// Removed rows whose vectors are gone now.
        public var droppedRows = 0
    }

    /// Whether so many rows were removed that ``compact()`` is worth its work: more than are left.
    public var isCompactionWorthwhile: Bool {
        let (spaces, end) = state.withLock { ($0.spaces, $0.rows.next) }
        return spaces.contains { space in
            guard let vectors = space.vectors else { return false }
            let held = space.held
            let own = held.count(in: Int(space.ownFrom)..<max(Int(space.ownFrom), Int(end)))
            let dead = vectors.heldRows(from: space.ownFrom, below: end) - own
            return dead >= max(Self.toleratedRows, own)
                && !Self.packableChunks(vectors, held, from: space.ownFrom, below: end).isEmpty
        }
    }

    /// Gives back the space of removed documents: copies what is left of sparse chunks of the vector file, rewrites the
    /// collection's part of the database without what was removed, and returns the memory.
    ///
    /// Searches and writers go on; a writer waits only while the packs are committed. A process that dies at any point
    /// leaves the collection as it was before or after.
    /// - Throws: `storeFull`, `inputOutput`; then nothing is lost, and the space is given back another time.
    /// - Complexity: O(rows that are copied + documents of the collection).
    @discardableResult
    public func compact() throws(VexFSError) -> CompactionReport {
        try compaction.withLock { count throws(VexFSError) in
            count &+= 1
            var report = CompactionReport()
            for space in state.withLock({ $0.spaces.map(\.number) }) { try packVectors(of: space, &report) }
            state.withLock { $0.tree.giveBackMemory() }
            forgetRemovedPayloads()
            try database.compact(collection: number)
            vexfs_return_memory()
            return report
        }
    }

    /// Takes the rows out of the indexes of metadata and words that no document has any more.
    private func forgetRemovedPayloads() {
        // Snapshots and forks ask these indexes for what they keep.
        let (live, kept, next) = state.withLock { ($0.rows.live, $0.kept.all, $0.rows.next) }
        // Rows that come meanwhile are not among them.
        let dead = RowBitmap(rowsBelow: Int(next)).subtracting(live).subtracting(kept)
        payloads.remove(dead)
        slices.remove(dead)
        textIndex.withLock { $0 }?.compact(removing: dead)
        inheritedTexts.withLock { $0 }?.compact(removing: dead)
        for index in state.withLock({ $0.spaces.compactMap(\.sparse) }) { index.compact(removing: dead) }
    }

    /// Chunks of which at least half the rows that they still hold are dead. The last one is still written to.
    private static func packableChunks(
        _ vectors: VectorFile, _ held: RowBitmap, from first: Row, below end: Row
    ) -> [(chunk: Int, words: [UInt64])] {
        let wordCount = VectorFile.rowsPerChunk / 64
        var chunks: [(chunk: Int, words: [UInt64])] = []
        let all = held.words
        for chunk in Int(first) / VectorFile.rowsPerChunk..<max(Int(first), Int(end)) / VectorFile.rowsPerChunk {
            guard let bytes = vectors.occupancy(ofChunk: chunk)?.rows, bytes > 0 else { continue }
            var words = [UInt64](repeating: 0, count: wordCount)
            for word in 0..<wordCount where chunk * wordCount + word < all.count {
                words[word] = all[chunk * wordCount + word]
            }
            let live = words.reduce(0) { $0 + $1.nonzeroBitCount }
            if live * 2 <= bytes { chunks.append((chunk, words)) }
        }
        return chunks
    }

    private func packVectors(of number: SpaceNumber, _ report: inout CompactionReport) throws(VexFSError) {
        let (found, end) = state.withLock { ($0.space(number), $0.rows.next) }
        guard let space = found, let vectors = space.vectors else { return }
        var packs: [(chunk: Int, record: PackRecord, map: MappedChunk)] = []
        for (chunk, words) in Self.packableChunks(vectors, space.held, from: space.ownFrom, below: end) {
            let held = vectors.occupancy(ofChunk: chunk)?.rows ?? 0
            let record = try vectors.writePack(chunk: chunk, words: words, space: context.space)
            packs.append((chunk, record, try vectors.openPack(record, chunk: chunk)))
            report.packedChunks += 1
            report.droppedRows += held - record.count
        }
        guard !packs.isEmpty else { return }
        try SystemCall.syncDirectory(context.directory.vectorsPath)
        // Rows that died meanwhile are in the packs for nothing; none can have come to life in a chunk that is full.
        try write(evenRetired: true) { () throws(VexFSError) in
            guard state.withLock({ $0.space(number) != nil }) else {
                throw VexFSError(.notFound, "the vector \"\(space.name)\" was removed while it was compacted")
            }
            let batch = WriteBatch()
            for (chunk, record, _) in packs {
                batch.put(StoreKey.pack(self.number, number, chunk: chunk), record.encoded())
            }
            batch.put(StoreKey.collection(self.number), state.withLock { encodedRecord($0) })
            try database.write(batch)
            for pack in packs { vectors.install(pack.map, chunk: pack.chunk) }
            state.withLock { $0.change(number) { $0.forgetIndex() } }
        }
        inheritAgain()
        // What the packs replace goes only when nothing on the disk names it any more.
        try context.sync()
        for pack in packs { vectors.releaseFormer(chunk: pack.chunk) }
        vectors.codes.forget(packs.map { Row($0.chunk * VectorFile.rowsPerChunk) })
    }

    /// Takes over the packs of a vector file that is loaded; returns the paths of the files that are in use.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    static func loadPacks(_ packs: [PlacedPack], into vectors: VectorFile) throws(VexFSError) -> Set<String> {
        var kept: Set<String> = [vectors.path]
        for (chunk, _, record) in packs {
            vectors.install(try vectors.openPack(record, chunk: chunk), chunk: chunk)
            vectors.releaseFormer(chunk: chunk)
            kept.insert(VectorFile.packPath(vectors.path, chunk: chunk, generation: record.generation))
        }
        return kept
    }
}

/// A pack record and what it is of.
typealias PlacedPack = (chunk: Int, space: SpaceNumber, record: PackRecord)

extension Database {
    /// The pack records of a collection, by chunk.
    func packs(of collection: UInt32) throws(VexFSError) -> [PlacedPack] {
        var packs: [PlacedPack] = []
        try forEach(prefix: StoreKey.prefix(.pack, collection)) { key, value throws(VexFSError) in
            guard let (chunk, space) = StoreKey.pack(of: key) else { return true }
            packs.append((chunk, space, try PackRecord(decoding: value)))
            return true
        }
        return packs
    }

    /// Rewrites a collection's keys without what was deleted.
    func compact(collection: UInt32) throws(VexFSError) {
        for family in StoreKey.Family.ofCollection {
            let prefix = StoreKey.prefix(family, collection)
            try compact(from: prefix, to: prefix + [UInt8](repeating: 0xFF, count: 13))
        }
    }
}

extension StoreContext {
    /// Remembers that a collection was removed, so that its space is given back.
    func noteRemoved(_ collection: UInt32) { removed.withLock { $0.append(collection) } }

    /// Gives back the space of removed collections, and of collections that lost most of their documents. Called by
    /// the store's background thread.
    func giveBackSpace(while isWanted: () -> Bool = { true }) {
        let gone = removed.withLock { removed in
            defer { removed = [] }
            return removed
        }
        do throws(VexFSError) {
            for number in gone where isWanted() { try database.compact(collection: number) }
            if !gone.isEmpty { vexfs_return_memory() }
            for collection in present where isWanted() && collection.isCompactionWorthwhile {
                try collection.compact()
            }
            // What is replaced all the time, such as files without a vector.
            if isWanted(), database.isCompactionWorthwhile {
                for collection in present where isWanted() { try database.compact(collection: collection.number) }
            }
        } catch {
            Log.shared.warn("space of removed documents is not given back yet: \(error)")
        }
    }
}
