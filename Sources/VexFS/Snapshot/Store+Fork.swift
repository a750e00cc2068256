/// Forks: collections that begin as another one is, or was, and go on by themselves.
extension Store {
    /// Makes a collection that begins as another one is now, or as a snapshot shows it. Nothing is copied: the fork
    /// reads what it did not write where it lies, and both go on independently, whichever is removed first.
    /// - Throws: `alreadyExists`, and what ``createCollection(named:mode:owner:group:)`` throws for names; `storeFull`,
    ///   `inputOutput`.
    /// - Complexity: that of a snapshot; of a snapshot of the past, O(files changed since) more.
    public func fork(_ collection: Collection, as name: ByteString) throws(VexFSError) -> Collection {
        try checkName(name)
        return try context.forks.withLock { count throws(VexFSError) in
            count &+= 1
            guard self.collection(named: name) == nil else {
                throw VexFSError(.alreadyExists, "there is a collection \(name) already")
            }
            let (parent, snapshot) = try base(of: collection)
            do throws(VexFSError) {
                let state = try parent.state(at: snapshot.number)
                return try insertFork(of: snapshot, in: parent, state, named: name)
            } catch {
                try? releaseUnused()
                throw error
            }
        }
    }

    /// The collections that began as a collection, or as a snapshot of it.
    public func forks(of collection: Collection) -> [Collection] {
        let (parent, number) = (
            collection.origin?.isSnapshot == true ? collection.origin?.collection : nil, collection.number
        )
        return collections.filter { fork in
            guard let origin = fork.origin else { return false }
            return parent.map { origin.collection === $0 && origin.snapshot == number }
                ?? (origin.collection === collection)
        }
    }

    /// All forks of the collection that a collection goes back to, forks of forks among them.
    /// - Complexity: O(collections).
    public func forks(ofFamilyOf collection: Collection) -> [Collection] {
        func root(of collection: Collection) -> Collection {
            var root = collection
            while let origin = root.origin { root = origin.collection }
            return root
        }
        let shared = root(of: collection)
        return collections.filter { $0.origin != nil && root(of: $0) === shared }
    }

    /// The snapshot that a fork begins with.
    private func base(of collection: Collection) throws(VexFSError) -> (Collection, Snapshot) {
        guard let origin = collection.origin, origin.isSnapshot else {
            let made = try collection.snapshotLock.withLock { count throws(VexFSError) in
                count &+= 1
                return try collection.addSnapshot(named: nil)
            }
            return (collection, made)
        }
        let parent = origin.collection
        let found = parent.state.withLock { $0.snapshots.first { $0.number == origin.snapshot && !$0.isRemoved } }
        guard let found else { throw .snapshotWasRemoved }
        return (parent, found)
    }

    private func insertFork(
        of snapshot: Snapshot, in parent: Collection, _ base: Collection.State, named name: ByteString
    ) throws(VexFSError) -> Collection {
        let origin = Origin(of: snapshot, in: parent)
        let properties = try context.properties(of: snapshot.number)
        let made = try insert(named: name) { () throws(VexFSError) in
            try context.write(WriteBatch()) { [context] number, batch in
                var state = base
                let now = SystemCall.now()
                state.name = name
                state.tree.renameRoot(to: name)
                state.tree.update(Collection.rootNumber) { ($0.modified, $0.changed) = (now, now) }
                let collection = Collection(number: number, context: context, state: state, origin: origin)
                // Nothing is written of a fork that cannot be used. Its record says that no row of its own is synced.
                do throws(VexFSError) { try collection.openInheritedVectors() } catch { batch.fail(error) }
                batch.put(StoreKey.collection(number), collection.state.withLock { collection.encodedRecord($0) })
                collection.state.withLock { _ = $0.touchedDirectories.insert(Collection.rootNumber) }
                collection.putTouchedDirectories(batch)
                for property in properties { batch.put(StoreKey.property(number, property.key), property.value) }
                return collection
            }
        }
        try made.loadIndexUse()
        context.noteUnsynced()
        try context.database.syncLog()
        return made
    }

    /// Erases snapshots that were kept for forks which are gone, and what was kept of removed collections for them.
    /// The lock of forks is held.
    func releaseUnused() throws(VexFSError) {
        var isDone = false
        while !isDone {
            isDone = true
            for collection in context.present {
                let nameless = collection.state.withLock { state in
                    state.snapshots.filter { $0.name == nil || $0.isRemoved }
                }
                for snapshot in nameless where !collection.isBase(snapshot.number) {
                    try collection.snapshotLock.withLock { count throws(VexFSError) in
                        count &+= 1
                        try collection.erase(snapshot)
                    }
                }
                guard collection.state.withLock({ $0.isRetired }) else { continue }
                guard collection.state.withLock({ $0.snapshots.isEmpty }) else {
                    try collection.removeOwnDocuments()
                    continue
                }
                try dropRetired(collection)
                // Its own origin may be free now.
                isDone = false
            }
        }
    }
}

extension Collection {
    /// Opens the vector files of a fork over the memory of its origin's.
    func openInheritedVectors() throws(VexFSError) {
        guard let origin, !origin.isSnapshot else { return }
        for space in state.withLock({ $0.spaces }) {
            let settings = state.withLock { $0.settings(of: space) }
            var own = VectorSpace(number: space.number, name: space.name)
            own.withVector = space.withVector
            if let shared = origin.vectors(of: space.number) {
                let path = context.directory.vectorFilePath(number, space.number)
                let file = try VectorFile(
                    path: path, dimension: shared.dimension, element: shared.element, metric: settings.metric,
                    isFresh: true)
                file.inherit(from: shared, rowsBelow: origin.rowsBelow)
                own.vectors = file
                own.ownFrom = origin.rowsBelow
                own.segments = own.emptySegments
                own.syncedRows = origin.rowsBelow
            }
            let opened = own
            state.withLock { $0.change(space.number) { $0 = opened } }
        }
        state.withLock { $0.rows.extend(to: Int(origin.rowsBelow)) }
    }

    /// Removes what a removed collection has and no fork needs: contents at once, vectors at the next compaction. A
    /// process that dies meanwhile leaves the rest to the next open.
    fileprivate func removeOwnDocuments() throws(VexFSError) {
        if state.withLock({ $0.trash.count > 0 }) {
            try write(evenRetired: true) { () throws(VexFSError) in try drop(trash) }
        }
        let rows = state.withLock { $0.rows.live.subtracting($0.kept.all) }.rows
        for start in stride(from: 0, to: rows.count, by: 1024) {
            let files = state.withLock { state in
                rows[start..<min(start + 1024, rows.count)].compactMap { row in
                    state.rows.file(of: row).flatMap { state.tree[$0] }
                }
            }
            try write(evenRetired: true) { () throws(VexFSError) in
                let batch = WriteBatch()
                for file in files { deleteRecords(of: file, batch) }
                try database.write(batch)
                state.withLock { state in for file in files { Self.forget(file, &state) } }
            }
        }
    }

    /// Takes over the maps of the origin's vectors after some were packed, here and in forks of this collection.
    func inheritAgain() {
        for fork in context.present {
            guard let origin = fork.origin, origin.collection === self else { continue }
            for space in fork.state.withLock({ $0.spaces }) where space.ownFrom > 0 {
                guard let shared = origin.vectors(of: space.number) else { continue }
                space.vectors?.inherit(from: shared, rowsBelow: origin.rowsBelow)
                fork.state.withLock { $0.change(space.number) { $0.forgetIndex() } }
            }
            fork.inheritAgain()
        }
    }
}
