import Synchronization

/// What a store's collections share.
final class StoreContext: Sendable {
    let directory: StoreDirectory
    let database: Database
    let embedder: any Embedder
    let metrics: Metrics
    let space: FreeSpace
    /// What answers show of rows that are asked for again.
    let records = RecordCache()
    /// When rows are built into segments.
    let indexPolicy: IndexPolicy
    /// When images of trees are written.
    let imagePolicy: TreeImagePolicy

    private let gate = SyncGate()
    private let unsynced = Atomic<Bool>(false)
    private let collections = Mutex<@Sendable () -> [Collection]>({ [] })
    /// Which collection has a snapshot, by the snapshot's number.
    let snapshotOwners = Mutex<[UInt32: Collection]>([:])
    /// Held while a fork is made, and while what forks may need is taken away. Taken before the locks of collections.
    let forks = Monitor<UInt64>(0)
    /// The number of the next collection or snapshot.
    private let nextNumber = Monitor<UInt32>(1)
    /// The format that the store's marker names.
    private let format = Monitor<Int64>(StoreDirectory.formatVersion)
    /// Collections that were removed and whose space is not given back yet.
    let removed = Mutex<[UInt32]>([])

    init(
        directory: StoreDirectory, database: Database, embedder: any Embedder, metrics: Metrics, space: FreeSpace,
        indexPolicy: IndexPolicy = IndexPolicy(), imagePolicy: TreeImagePolicy = TreeImagePolicy()
    ) {
        self.directory = directory
        self.database = database
        self.embedder = embedder
        self.metrics = metrics
        self.space = space
        self.indexPolicy = indexPolicy
        self.imagePolicy = imagePolicy
    }

    /// Tells how to list the collections; they need the context before the store that has them is complete.
    func install(collections list: @escaping @Sendable () -> [Collection]) {
        collections.withLock { $0 = list }
    }

    /// Tells which format the store has, and which number is the next to be given.
    func install(format current: Int64, nextNumber number: UInt32) {
        format.withLock { $0 = current }
        nextNumber.withLock { $0 = number }
    }

    /// Lets no program have the store any more that knows only formats before this one.
    func requireFormat(_ wanted: Int64) throws(VexFSError) {
        try format.withLock { current throws(VexFSError) in
            guard current < wanted else { return }
            try directory.raiseFormat(to: wanted)
            current = wanted
        }
    }

    /// Writes a batch that `body` adds to, with a number for a collection or a snapshot that none had before.
    func write<R>(_ batch: WriteBatch, _ body: (UInt32, WriteBatch) -> R) throws(VexFSError) -> R {
        try nextNumber.withLock { next throws(VexFSError) in
            // What the mount's inode numbers have room for.
            guard next < 1 << 23 else {
                throw VexFSError(.storeFull, "this store has made 8 million collections and snapshots, the most it can")
            }
            let result = body(next, batch)
            batch.put(StoreKey.meta("next_collection"), Array(String(next + 1).utf8))
            try database.write(batch)
            next += 1
            return result
        }
    }

    /// The pinned and saved searches of a collection and its other properties.
    func properties(of owner: UInt32) throws(VexFSError) -> [Store.Property] {
        let prefix = StoreKey.prefix(.property, owner)
        var found: [Store.Property] = []
        try database.forEach(prefix: prefix) { key, value in
            found.append(
                .init(key: String(decoding: key[prefix.count...], as: UTF8.self), value: [UInt8](value)))
            return true
        }
        return found
    }

    /// The collections that there are, with those that stay for their forks' sake.
    var present: [Collection] { collections.withLock { $0 }() }

    /// Whether something was written since the last sync.
    var hasUnsynced: Bool { unsynced.load(ordering: .relaxed) }
    func noteUnsynced() { unsynced.store(true, ordering: .relaxed) }

    /// Brings everything to the disk: first the vectors, then the log whose records name them.
    func sync() throws(VexFSError) {
        try gate.pass { () throws(VexFSError) in
            let start = SystemCall.monotonicMicroseconds()
            unsynced.store(false, ordering: .relaxed)
            do throws(VexFSError) {
                for collection in present {
                    try collection.saveTouchedDirectories()
                    try collection.syncVectors()
                }
                let change = database.latestChange
                try database.syncLog()
                try directory.noteSynced(change: change)
            } catch {
                noteUnsynced()
                throw error
            }
            metrics.increment(.storeSyncs)
            metrics.observe(.syncSeconds, SystemCall.monotonicMicroseconds() - start)
        }
    }

    /// Embeds documents that were kept while the model was not there.
    func embedPending(while isWanted: () -> Bool = { true }) {
        for collection in present {
            for file in collection.pendingFiles() where isWanted() {
                do throws(VexFSError) {
                    try space.claim(2 * Int(collection.attributes(of: file)?.size ?? 0) + 4096)
                    try collection.commitAgain(file)
                } catch {
                    Log.shared.warn("a document still waits for its vector: \(error)")
                    continue
                }
                // Still pending: the embedder is not there, and the others would fail alike.
                if collection.attributes(of: file)?.state == .pending { return }
            }
        }
    }
}

extension Collection {
    /// Writes the records of directories whose times have changed.
    func saveTouchedDirectories() throws(VexFSError) {
        guard state.withLock({ !$0.touchedDirectories.isEmpty }) else { return }
        try writer.withLock { _ throws(VexFSError) in
            guard !state.withLock({ $0.isRemoved }) else { return }
            let batch = WriteBatch()
            putTouchedDirectories(batch)
            try database.write(batch)
        }
    }
}
