import CVexKernels
import Glibc
import Synchronization

/// A store: collections in one directory on disk, open in one process.
///
/// Locking: `names` guards which collections there are; each collection guards itself.
public final class Store: Sendable {
    /// Where the store lies.
    public let path: String
    /// Counters and timings of everything that happens in this store.
    public let metrics: Metrics

    let context: StoreContext
    private let lockDescriptor: Int32
    private let names: Mutex<Names>
    private let maintenance: Maintenance
    private let builder = IndexBuilder()
    private let preparation = IndexPreparation()
    private let isClosed = Atomic<Bool>(false)

    private struct Names {
        var byName: [ByteString: Collection] = [:]
        var byNumber: [UInt32: Collection] = [:]
        /// Collections that were removed and stay for their forks' sake.
        var retired: [UInt32: Collection] = [:]

        var all: [Collection] { Array(byNumber.values) + Array(retired.values) }

        mutating func add(_ collection: Collection) {
            guard !collection.state.withLock({ $0.isRetired }) else {
                retired[collection.number] = collection
                return
            }
            byName[collection.name] = collection
            byNumber[collection.number] = collection
        }
    }

    /// Makes an empty store of a missing or empty directory.
    /// - Throws: `alreadyExists`, `storeFull`, `inputOutput`.
    public static func format(at path: String) throws(VexFSError) {
        try StoreDirectory(path: path).format()
    }

    /// Opens a store, which no other process may have open.
    /// - Throws: `notAStore`, `newerFormat`, `busy`, `corruption`, `inputOutput`.
    /// - Complexity: O(files).
    /// - Parameter maintained: whether the store works in the background: syncs, embeds what waits, builds indexes.
    public convenience init(
        opening path: String, embedder: any Embedder, maintained: Bool = true
    ) throws(VexFSError) {
        try self.init(opening: path, embedder: embedder, maintained: maintained, indexPolicy: IndexPolicy())
    }

    init(
        opening path: String, embedder: any Embedder, maintained: Bool, indexPolicy: IndexPolicy,
        imagePolicy: TreeImagePolicy = TreeImagePolicy()
    ) throws(VexFSError) {
        let directory = StoreDirectory(path: path)
        let format = try directory.checkMarker()
        lockDescriptor = try directory.lock()
        vexfs_keep_large_memory_apart()
        let space = FreeSpace(path: path)
        var tuning = RocksDB.Tuning()
        tuning.writeBufferBytes = space.writeBufferBytes
        var opened: Database?
        var loaded = Names()
        do throws(VexFSError) {
            if format < 2 { try Self.checkLog(of: directory) }
            let database = try Database(of: directory, tuning: tuning)
            opened = database
            if format < StoreDirectory.formatVersion {
                try directory.raiseFormat(to: StoreDirectory.formatVersion)
            }
            self.path = path
            metrics = Metrics()
            context = StoreContext(
                directory: directory, database: database, embedder: embedder, metrics: metrics, space: space,
                indexPolicy: indexPolicy, imagePolicy: imagePolicy)
            try RestoreTarget.dropUnfinished(database, directory)
            var records: [(UInt32, [UInt8])] = []
            try database.forEach(prefix: StoreKey.prefix(.collection)) { key, value in
                if key.count == 5 {
                    records.append(
                        (UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 1, as: UInt32.self)), [UInt8](value)))
                }
                return true
            }
            for (number, record) in records {
                let collection = try Collection.load(number: number, record: record, context: context) {
                    loaded.byNumber[$0] ?? loaded.retired[$0]
                }
                loaded.add(collection)
            }
            try directory.prepareDerived(
                segments: Set(loaded.all.flatMap(\.segmentFiles)),
                trees: Set(loaded.all.compactMap(\.treeImageFile)))
            let snapshots = context.snapshotOwners.withLock { $0.keys.max() ?? 0 }
            let last = max(snapshots, records.map(\.0).max() ?? 0)
            context.install(
                format: max(format, StoreDirectory.formatVersion),
                nextNumber: try Self.nextNumber(database, atLeast: last + 1))
        } catch {
            opened?.close()
            Glibc.close(lockDescriptor)
            throw error
        }
        names = Mutex(loaded)
        maintenance = Maintenance()
        context.install(collections: { [weak self] in self?.allCollections ?? [] })
        installGauges()
        context.noteUnsynced()
        // What a process left that died while it took snapshots or collections away.
        try context.forks.withLock { _ throws(VexFSError) in try releaseUnused() }
        guard maintained else { return }
        maintenance.start(context)
        builder.start(context)
        preparation.start(context)
    }

    private func installGauges() {
        metrics.setGauge(.collections) { [weak self] in Double(self?.collections.count ?? 0) }
        let sums: [(Metrics.Gauge, @Sendable (Collection) -> Int)] = [
            (.documents, { $0.documentCount }), (.documentsPending, { $0.pendingCount }),
        ]
        for (gauge, count) in sums {
            metrics.setGauge(gauge) { [weak self] in Double(self?.collections.reduce(0) { $0 + count($1) } ?? 0) }
        }
        let gauges: [(Metrics.Gauge, @Sendable (IndexFigures) -> Int)] = [
            (.indexSegments, { $0.segments }), (.indexScannedRows, { $0.scannedRows }),
            (.indexMappedBytes, { $0.mappedBytes }), (.indexMemoryBytes, { $0.allocatedBytes }),
        ]
        for (gauge, value) in gauges {
            metrics.setGauge(gauge) { [weak self] in
                Double(self?.collections.reduce(0) { $0 + value($1.indexFigures) } ?? 0)
            }
        }
        metrics.setGauge(.searchRecall) { [weak self] in
            let figures = self?.collections.compactMap { $0.recall.figure?.recall } ?? []
            return figures.isEmpty ? 0 : figures.reduce(0, +) / Double(figures.count)
        }
    }

    /// Looks for damage to the log that RocksDB itself kept in format 1, before an open for writing throws away what
    /// stands behind it.
    private static func checkLog(of directory: StoreDirectory) throws(VexFSError) {
        var tuning = RocksDB.Tuning()
        tuning.isReadOnly = true
        let tables = try RocksDB(path: directory.databasePath, tuning: tuning)
        defer { tables.close() }
        try directory.checkSynced(tables.latestSequence)
    }

    deinit { close() }

    /// Brings everything to the disk and ends the background work. The store must not be used afterwards.
    public func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        preparation.stop()
        builder.stop()
        maintenance.stop()
        for collection in allCollections {
            collection.forgetViews(all: true)
            collection.saveIndexUse()
        }
        do throws(VexFSError) { try sync() } catch { Log.shared.error("the last sync failed: \(error)") }
        context.saveTreeImages(isWritten: false)
        context.database.close()
        Glibc.close(lockDescriptor)
    }

    /// Brings everything to the disk.
    /// - Throws: `storeFull`, `inputOutput`.
    public func sync() throws(VexFSError) { try context.sync() }

    /// Gives back the memory that only changes need. The store does so by itself a few seconds after the last change.
    public func rest() { context.rest() }

    // MARK: - Collections

    /// The collections by name.
    public var collections: [Collection] {
        names.withLock { names in names.byName.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// The collection of that name.
    public func collection(named name: ByteString) -> Collection? { names.withLock { $0.byName[name] } }

    /// The collections with those that stay for their forks' sake.
    private var allCollections: [Collection] { names.withLock { $0.all } }

    /// The collection with that number, or the snapshot.
    public func collection(numbered number: UInt32) -> Collection? {
        if let collection = names.withLock({ $0.byNumber[number] }) { return collection }
        guard let owner = context.snapshotOwners.withLock({ $0[number] }) else { return nil }
        do throws(VexFSError) { return try owner.view(ofSnapshot: number) } catch {
            Log.shared.error("a snapshot cannot be read: \(error)", [("collection", owner.name.string)])
            return nil
        }
    }

    /// Makes a collection.
    /// - Throws: `alreadyExists`, `nameTooLong`, `invalidName`, `notPermitted` for a reserved name, `storeFull`.
    public func createCollection(
        named name: ByteString, mode: UInt16 = 0o755, owner: UInt32 = 0, group: UInt32 = 0
    ) throws(VexFSError) -> Collection {
        try checkName(name)
        try context.space.claim(4096)
        return try changingNames { names throws(VexFSError) in
            guard names.byName[name] == nil else {
                throw VexFSError(.alreadyExists, "there is a collection \(name) already")
            }
            let state = Collection.emptyState(
                name: name, configuration: CollectionConfiguration(), mode: mode, owner: owner, group: group)
            let collection = try context.write(WriteBatch()) { [context] number, batch in
                let collection = Collection(number: number, context: context, state: state)
                batch.put(StoreKey.collection(number), collection.state.withLock { collection.encodedRecord($0) })
                collection.state.withLock { _ = $0.touchedDirectories.insert(Collection.rootNumber) }
                collection.putTouchedDirectories(batch)
                return collection
            }
            names.add(collection)
            context.noteUnsynced()
            return collection
        }
    }

    /// Removes an empty collection and what belongs to it: pins, saved searches, refusals, the vector file.
    /// - Parameter withDocuments: whether one that is not empty goes too.
    /// - Throws: `notEmpty` also where it has snapshots, `inputOutput`.
    public func removeCollection(_ collection: Collection, withDocuments: Bool = false) throws(VexFSError) {
        try context.forks.withLock { count throws(VexFSError) in
            count &+= 1
            try changingNames { names throws(VexFSError) in
                try remove(collection, &names, withDocuments: withDocuments)
            }
            try releaseUnused()
        }
    }

    /// Adds a collection that `make` makes, where the name is free.
    func insert(
        named name: ByteString, _ make: () throws(VexFSError) -> Collection
    ) throws(VexFSError) -> Collection {
        try changingNames { names throws(VexFSError) in
            guard names.byName[name] == nil else {
                throw VexFSError(.alreadyExists, "there is a collection \(name) already")
            }
            let made = try make()
            names.add(made)
            return made
        }
    }

    /// Adds a collection that was made under a name that is still free; `body` is what makes it last.
    func publish(
        _ collection: Collection, as name: ByteString, _ body: () throws(VexFSError) -> Void
    ) throws(VexFSError) {
        _ = try insert(named: name) { () throws(VexFSError) in
            try body()
            return collection
        }
    }

    /// Removes what was kept of a collection for its forks.
    func dropRetired(_ collection: Collection) throws(VexFSError) {
        try changingNames { names throws(VexFSError) in
            try drop(collection, withDocuments: true)
            names.retired[collection.number] = nil
        }
    }

    private func remove(
        _ collection: Collection, _ names: inout Names, withDocuments: Bool = false
    ) throws(VexFSError) {
        try collection.write { () throws(VexFSError) in
            guard withDocuments || collection.state.withLock({ $0.tree.count }) == 0 else {
                throw VexFSError(.notEmpty, "the collection \(collection.name) is not empty")
            }
            try requireNoSnapshots(of: collection)
        }
        names.byName[collection.name] = nil
        names.byNumber[collection.number] = nil
        do throws(VexFSError) {
            if collection.state.withLock({ $0.snapshots.isEmpty }) {
                try drop(collection, withDocuments: withDocuments)
            } else {
                try retire(collection)
                names.retired[collection.number] = collection
            }
        } catch {
            names.add(collection)
            throw error
        }
    }

    /// Refuses to remove a collection that has snapshots. The collection's writer's lock is held: no more come.
    private func requireNoSnapshots(of collection: Collection) throws(VexFSError) {
        guard let snapshot = collection.snapshots().first else { return }
        throw VexFSError(
            .notEmpty,
            "the collection \(collection.name) has snapshots; remove them first: rmdir "
                + "\(collection.name)/.vexfs/snapshots/\(snapshot.name)")
    }

    /// Keeps what forks need of a collection that is found no more.
    private func retire(_ collection: Collection) throws(VexFSError) {
        try collection.write { () throws(VexFSError) in
            try requireNoSnapshots(of: collection)
            collection.state.withLock { $0.isRetired = true }
            do throws(VexFSError) { try collection.saveRecord() } catch {
                collection.state.withLock { $0.isRetired = false }
                throw error
            }
        }
    }

    private func drop(_ collection: Collection, withDocuments: Bool) throws(VexFSError) {
        let isDurable = try collection.write(evenRetired: true) { () throws(VexFSError) in
            guard withDocuments || collection.state.withLock({ $0.tree.count }) == 0 else {
                throw VexFSError(.notEmpty, "the collection \(collection.name) is not empty")
            }
            try requireNoSnapshots(of: collection)
            let batch = WriteBatch()
            batch.delete(StoreKey.collection(collection.number))
            for family in StoreKey.Family.ofCollection {
                batch.deleteAll(prefix: StoreKey.prefix(family, collection.number))
            }
            try context.database.write(batch)
            let (segments, image) = collection.state.withLock {
                ($0.spaces.flatMap(\.segments.entries), $0.image.current)
            }
            collection.state.withLock { state in
                state.isRemoved = true
                state.spaces = [VectorSpace(number: VectorSpace.unnamed, name: "")]
            }
            do throws(VexFSError) {
                // After a loss of power the collection must not be there again without its files.
                try context.database.syncLog()
            } catch {
                Log.shared.warn("the files of a removed collection stay: \(error)")
                return false
            }
            for segment in segments { unlink(context.directory.segmentPath(segment.file)) }
            if let image { unlink(context.directory.treePath(image.file)) }
            return true
        }
        context.noteRemoved(collection.number)
        guard isDurable else { return }
        // A vector file that stays behind is harmless: the number is never used again.
        do throws(VexFSError) {
            try context.directory.removeVectors(of: collection.number, keeping: [])
        } catch {
            Log.shared.warn("the vector file of a removed collection stays: \(error)")
        }
    }

    /// Renames a collection; an empty collection that has the name is replaced.
    /// - Throws: `notEmpty`, `nameTooLong`, `invalidName`, `notPermitted` for a reserved name.
    public func renameCollection(_ collection: Collection, to name: ByteString) throws(VexFSError) {
        try checkName(name)
        try context.forks.withLock { count throws(VexFSError) in
            count &+= 1
            try changeName(of: collection, to: name)
            try releaseUnused()
        }
    }

    private func changeName(of collection: Collection, to name: ByteString) throws(VexFSError) {
        try changingNames { names throws(VexFSError) in
            let old = collection.name
            guard old != name else { return }
            if let target = names.byName[name] { try remove(target, &names) }
            try collection.write { () throws(VexFSError) in
                collection.state.withLock { $0.name = name }
                do throws(VexFSError) {
                    try collection.saveRecord()
                } catch {
                    collection.state.withLock { $0.name = old }
                    throw error
                }
            }
            names.byName[old] = nil
            names.byName[name] = collection
            collection.nameViews()
            context.noteUnsynced()
        }
    }

    func checkName(_ name: ByteString) throws(VexFSError) {
        try FileNaming.check(name)
        guard name.string.utf8.first != UInt8(ascii: "."), name != "query", name != "AGENTS.md" else {
            throw VexFSError(.notPermitted, "a collection cannot be named \(name): dot names and query are reserved")
        }
    }

    private func changingNames<R>(_ body: (inout Names) throws(VexFSError) -> R) throws(VexFSError) -> R {
        let result: Result<R, VexFSError> = names.withLock { names in
            do throws(VexFSError) { return .success(try body(&names)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func nextNumber(_ database: Database, atLeast least: UInt32) throws(VexFSError) -> UInt32 {
        let stored = try database.value(StoreKey.meta("next_collection")).flatMap {
            UInt32(String(decoding: $0, as: UTF8.self))
        }
        return max(stored ?? 1, least)
    }
}
