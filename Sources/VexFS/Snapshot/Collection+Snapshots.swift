/// Snapshots: made, named and taken away.
extension Collection {
    /// The snapshots, the oldest first.
    public func snapshots() -> [SnapshotInfo] { state.withLock { $0.snapshots.compactMap(\.info) } }

    /// Makes a snapshot of the collection as it is now. When this returns, loss of power does not lose it.
    /// - Throws: `alreadyExists`, `nameTooLong`, `invalidName`, `notPermitted` for a name that begins with a dot,
    ///   `readOnly`, `storeFull`, `inputOutput`.
    /// - Complexity: O(containers of the live rows' bitmap + pinned and saved searches); what was not synced is.
    public func makeSnapshot(named name: ByteString) throws(VexFSError) {
        try requireWritable()
        try Self.checkSnapshotName(name)
        try snapshotLock.withLock { count throws(VexFSError) in
            count &+= 1
            guard !snapshots().contains(where: { $0.name == name }) else {
                throw VexFSError(.alreadyExists, "there is a snapshot \(name) already")
            }
            _ = try addSnapshot(named: name)
        }
    }

    /// Gives a snapshot another name.
    /// - Throws: `notFound`, and what ``makeSnapshot(named:)`` throws for names.
    public func renameSnapshot(_ name: ByteString, to newName: ByteString) throws(VexFSError) {
        try requireWritable()
        try Self.checkSnapshotName(newName)
        try snapshotLock.withLock { count throws(VexFSError) in
            count &+= 1
            let snapshot = try findSnapshot(name)
            guard name != newName else { return }
            guard !snapshots().contains(where: { $0.name == newName }) else {
                throw VexFSError(.alreadyExists, "there is a snapshot \(newName) already")
            }
            try change(snapshot) { $0.name = newName }
            nameViews()
        }
    }

    /// Takes a snapshot away. What no document, no other snapshot and no fork has goes with it: contents at once,
    /// vectors at the next compaction.
    /// - Throws: `notFound`, `storeFull`, `inputOutput`.
    /// - Complexity: O(files changed since it was made + documents that were its alone).
    public func removeSnapshot(named name: ByteString) throws(VexFSError) {
        try requireWritable()
        try context.forks.withLock { forks throws(VexFSError) in
            forks &+= 1
            try snapshotLock.withLock { count throws(VexFSError) in
                count &+= 1
                let snapshot = try findSnapshot(name)
                forgetView(of: snapshot.number)
                // Its forks need it as long as there is one; it is erased with the last.
                if isBase(snapshot.number) { try change(snapshot) { $0.name = nil } } else { try erase(snapshot) }
            }
        }
    }

    /// The snapshot of that name: a collection that only reads.
    /// - Throws: `corruption`, `inputOutput`.
    /// - Complexity: O(files changed since it was made) where nobody looked at it for a while.
    public func snapshot(named name: ByteString) throws(VexFSError) -> Collection? {
        guard let snapshot = try? findSnapshot(name) else { return nil }
        return try view(ofSnapshot: snapshot.number)
    }

    private static func checkSnapshotName(_ name: ByteString) throws(VexFSError) {
        try FileNaming.check(name)
        guard name.string.utf8.first != UInt8(ascii: ".") else {
            throw VexFSError(.notPermitted, "the name of a snapshot cannot begin with a dot")
        }
    }

    private func findSnapshot(_ name: ByteString) throws(VexFSError) -> Snapshot {
        let found = state.withLock { $0.snapshots.first { $0.name == name && !$0.isRemoved } }
        guard let found else { throw VexFSError(.notFound, "there is no snapshot \(name)") }
        return found
    }

    /// Whether a fork began with a snapshot.
    func isBase(_ snapshot: UInt32) -> Bool {
        context.present.contains { $0.origin?.collection === self && $0.origin?.snapshot == snapshot }
    }

    // MARK: - Making: the snapshots' lock is held

    /// Adds a snapshot; one without a name is for a fork.
    func addSnapshot(named name: ByteString?) throws(VexFSError) -> Snapshot {
        try context.space.claim(1 << 20)
        try context.requireFormat(StoreDirectory.formatWithSnapshots)
        let properties = try context.properties(of: number)
        // Most of what is not on the disk yet goes there while writers go on.
        try syncVectors()
        let snapshot = try write { () throws(VexFSError) in
            // Rows of a snapshot are never made anew after a power cut, so their vectors are on the disk first.
            try syncVectorsOfWriter()
            let batch = WriteBatch()
            putTouchedDirectories(batch)
            return try context.write(batch) { [self] number, batch in
                let made = state.withLock { Snapshot(number: number, name: name, of: $0) }
                batch.put(StoreKey.snapshot(self.number, number), made.encoded())
                for property in properties { batch.put(StoreKey.property(number, property.key), property.value) }
                batch.onceWritten { [self] in
                    state.withLock { state in
                        state.snapshots.append(made)
                        state.markedFiles = RowBitmap()
                        _ = state.keep(made.rows, by: .snapshot(number))
                    }
                    snapshotFilesBelow.store(made.filesBelow, ordering: .relaxed)
                }
                return made
            }
        }
        context.snapshotOwners.withLock { $0[snapshot.number] = self }
        try database.syncLog()
        return snapshot
    }

    private func change(_ snapshot: Snapshot, _ body: (inout Snapshot) -> Void) throws(VexFSError) {
        var changed = snapshot
        body(&changed)
        let written = changed
        try write(evenRetired: true) { () throws(VexFSError) in
            let batch = WriteBatch()
            batch.put(StoreKey.snapshot(number, snapshot.number), written.encoded())
            try database.write(batch)
            state.withLock { state in
                guard let place = state.snapshots.firstIndex(where: { $0.number == written.number }) else { return }
                state.snapshots[place] = written
            }
            noteNewestSnapshot()
        }
    }

    /// Remembers which changes need marks. The writer's lock is held, or nothing is written yet.
    func noteNewestSnapshot() {
        let below = state.withLock { state -> FileNumber in
            state.markedFiles = RowBitmap()
            return state.snapshots.last { !$0.isRemoved }?.filesBelow ?? 0
        }
        snapshotFilesBelow.store(below, ordering: .relaxed)
    }

    // MARK: - Taking away

    /// Erases a snapshot that nobody needs. A process that dies meanwhile leaves one that is found no more, and the
    /// next open goes on.
    func erase(_ snapshot: Snapshot) throws(VexFSError) {
        if !snapshot.isRemoved { try change(snapshot) { $0.isRemoved = true } }
        try handOverMarks(of: snapshot)
        let freed = state.withLock { $0.keep(nil, by: .snapshot(snapshot.number)) }
        try deleteRows(freed)
        try write(evenRetired: true) { () throws(VexFSError) in
            let batch = WriteBatch()
            batch.delete(StoreKey.snapshot(number, snapshot.number))
            batch.deleteAll(prefix: StoreKey.snapshotMarks(number, snapshot.number))
            batch.deleteAll(prefix: StoreKey.prefix(.property, snapshot.number))
            try database.write(batch)
            state.withLock { state in state.snapshots.removeAll { $0.number == snapshot.number } }
        }
        context.snapshotOwners.withLock { $0[snapshot.number] = nil }
    }

    /// Gives the marks of a snapshot to the one before, which found them through it: where that one has none of its own
    /// and had the file. Writers mark neither of these files meanwhile.
    private func handOverMarks(of snapshot: Snapshot) throws(VexFSError) {
        let before = state.withLock { state in
            state.snapshots.last { $0.number < snapshot.number && !$0.isRemoved }
        }
        guard let before else { return }
        var batch = WriteBatch()
        var count = 0
        try forEachMark(of: snapshot.number) { file, value throws(VexFSError) in
            let key = StoreKey.snapshotMark(number, before.number, file)
            guard file < before.filesBelow, try database.value(key) == nil else { return }
            batch.put(key, value)
            count += 1
            guard count % 1024 == 0 else { return }
            try database.write(batch)
            batch = WriteBatch()
        }
        try database.write(batch)
    }
}

extension Collection.State {
    /// Reads the snapshots that there are.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    mutating func loadSnapshots(number: UInt32, database: Database) throws(VexFSError) {
        try database.forEach(prefix: StoreKey.prefix(.snapshot, number)) { key, value throws(VexFSError) in
            guard key.count == 9 else { return true }
            let own = UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
            snapshots.append(try Snapshot(number: own, decoding: value))
            return true
        }
        for snapshot in snapshots {
            _ = keep(snapshot.rows, vectors: snapshot.vectors, by: .snapshot(snapshot.number))
            rows.extend(to: Int(snapshot.rowsBelow))
        }
    }
}
