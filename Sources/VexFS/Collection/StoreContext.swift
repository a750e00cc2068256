import Synchronization

/// What a store's collections share.
final class StoreContext: Sendable {
    let directory: StoreDirectory
    let database: Database
    let embedder: any Embedder
    let metrics: Metrics
    let space: FreeSpace
    /// When rows are built into segments.
    let indexPolicy: IndexPolicy
    /// When images of trees are written.
    let imagePolicy: TreeImagePolicy

    private let gate = SyncGate()
    private let unsynced = Atomic<Bool>(false)
    private let collections = Mutex<@Sendable () -> [Collection]>({ [] })
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

    /// The collections that there are.
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

    /// Builds the payload indexes that `schema.json` asked for.
    func buildRequestedIndexes() {
        for collection in present { collection.buildRequestedIndexes() }
    }

    /// Embeds documents that were kept while the model was not there.
    func embedPending(while isWanted: () -> Bool = { true }) {
        for collection in present {
            for file in collection.pendingFiles() where isWanted() {
                do throws(VexFSError) {
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

    func buildRequestedIndexes() {
        do throws(VexFSError) {
            guard let text = try database.value(StoreKey.property(number, "schema/indexed")) else { return }
            let schema = PayloadSchema(stored: try JSON.parseControl(text, code: .corruption))
            try payloads.apply(schema, among: state.withLock { $0.rows.live }, load: loadPayloads(_:keeping:_:))
        } catch {
            Log.shared.warn("a requested index was not built: \(error)", [("collection", name.string)])
        }
    }
}
