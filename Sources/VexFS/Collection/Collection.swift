import Glibc
import Synchronization

/// A collection: a tree of files, the rows of its documents, and the vectors of the rows.
///
/// Readers take `state` for a moment and never wait for a writer's I/O. Writers queue at `writer`, write to the vector
/// file and the database, and then show the change in `state`. Lock order: `writer`, then `state`.
public final class Collection: Sendable {
    /// The number of a collection's own directory.
    public static let rootNumber: FileNumber = 1

    /// The collection's number: stable for its life, never used again.
    public let number: UInt32

    let context: StoreContext
    let state: Mutex<State>
    /// Counts the changes begun. The lock is the point; the count gives ThreadSanitizer a value to watch.
    let writer = Monitor<UInt64>(0)
    /// The thread that makes a change, 0 for none.
    private let writingThread = Atomic<UInt>(0)
    /// The metadata and texts of the rows that the collection wrote itself.
    let payloads = PayloadIndex()
    let slices = SliceIndex()
    /// Tells of changes.
    public let changes = ChangeFeed()
    /// The words of the documents that the collection wrote itself, once a search asked for them.
    let textIndex = Mutex<TextIndex?>(nil)
    /// Those of documents that its origin wrote and has no index of.
    let inheritedTexts = Mutex<TextIndex?>(nil)
    /// Which indexes searches used before the store was opened, and how far their preparation is.
    let usedIndexes = Mutex(UsedIndexes())
    let preparation = Monitor(PreparationFigures())
    let identifierOrder = IdentifierOrder()
    let insertionOrder = InsertionOrder()
    let recall = RecallSampler()
    /// Held while the collection is compacted; counts the compactions. Taken before the writer's lock.
    let compaction = Monitor<UInt64>(0)
    /// Counts commits, so that waiters for pending documents can look again.
    let progress = Monitor<UInt64>(0)
    /// One build of new rows, one of larger lists and one merge at a time. The locks are the point, the counts are for
    /// ThreadSanitizer.
    let freshLock = Monitor<UInt64>(0)
    let gatheringLock = Monitor<UInt64>(0)
    let mergeLock = Monitor<UInt64>(0)
    /// The rows that are being built into segments. Taken after these locks, before the state's.
    let claims = Mutex<[IndexClaim]>([])
    /// One image of the tree at a time.
    let imageLock = Monitor<UInt64>(0)
    /// Where the files and rows are that it did not write: a snapshot and a fork have one.
    let origin: Origin?
    /// One snapshot is made, removed or looked at for the first time at a time.
    let snapshotLock = Monitor<UInt64>(0)
    /// The snapshots that someone looks at.
    let views = Mutex<[UInt32: SnapshotView]>([:])
    /// Files below it may be in a snapshot that has no mark for them. Written under the writer's lock.
    let snapshotFilesBelow = Atomic<FileNumber>(0)
    /// Files below it are in an image of the tree, as they were when it was made. Written under the writer's lock.
    let imagedBelow = Atomic<FileNumber>(0)

    /// What readers see.
    struct State {
        var name: ByteString
        @Shared var configuration: CollectionConfiguration
        var tree: FileTree
        var rows = RowTable()
        var image = TreeImageState()
        /// What was removed and can be brought back.
        var trash = Trash()
        /// The snapshots there are, the oldest first.
        var snapshots: [Snapshot] = []
        /// Files that are known to have a mark of the newest snapshot.
        var markedFiles = RowBitmap()
        /// Files of a fork's origin that it has records of its own for; some may count twice.
        var ownRecords = 0
        /// The rows that stay although no document has them.
        var kept = KeptRows()
        /// The vectors that documents can have, the one without a name first.
        var spaces = [VectorSpace(number: VectorSpace.unnamed, name: "")]
        /// The number of the next vector that is added; none is given twice.
        var nextSpace: SpaceNumber = VectorSpace.unnamed + 1
        var nextFile: FileNumber = Collection.rootNumber + 1
        /// File numbers below this are reserved in the database; none of them is given twice, whatever happens.
        var reservedFiles: FileNumber = Collection.rootNumber + 1
        var nextError: UInt64 = 1
        var errorCount = 0
        var scratchBytes = 0
        var pendingCount = 0
        var isRemoved = false
        /// Whether it was removed and stays for its forks' sake.
        var isRetired = false
        /// Counts the renames that gave a row another id.
        var renames: UInt64 = 0
        /// Directories whose times are newer than their records.
        var touchedDirectories: Set<FileNumber> = []
        let created: Int64
    }

    init(number: UInt32, context: StoreContext, state: consuming sending State, origin: Origin? = nil) {
        self.number = number
        self.origin = origin
        self.context = context
        self.state = Mutex(state)
    }

    /// The collection's name.
    public var name: ByteString { state.withLock { $0.name } }
    /// Its settings.
    public var configuration: CollectionConfiguration { state.withLock { $0.configuration } }
    /// Its settings, for whoever does not keep them.
    var settings: Shared<CollectionConfiguration>.Box { state.withLock { $0.$configuration } }
    /// The largest document, in bytes.
    public var documentLimitBytes: Int { settings.value.documentLimitBytes }
    /// How many documents it has, searchable or not.
    public var documentCount: Int { state.withLock { $0.rows.live.count } }
    /// How many documents wait for a vector.
    public var pendingCount: Int { state.withLock { $0.pendingCount } }

    var database: Database { context.database }
    var createdTime: Int64 { state.withLock { $0.created } }

    /// Runs a change: one writer at a time, and none of a snapshot or after the collection was removed.
    /// - Parameter evenRetired: whether it is no change that programs ask for, so that it is also made for forks' sake.
    func write<R>(evenRetired: Bool = false, _ body: () throws(VexFSError) -> R) throws(VexFSError) -> R {
        try requireWritable()
        return try writer.withLock { changes throws(VexFSError) in
            changes &+= 1
            writingThread.store(UInt(pthread_self()), ordering: .relaxed)
            defer { writingThread.store(0, ordering: .relaxed) }
            if state.withLock({ $0.isRemoved || $0.isRetired && !evenRetired }) {
                throw VexFSError(.notFound, "the collection was removed")
            }
            let result = try body()
            context.noteUnsynced()
            return result
        }
    }

    /// Returns when the change that is being made now has ended; at once where this thread makes it.
    func waitForWriter() {
        guard writingThread.load(ordering: .relaxed) != UInt(pthread_self()) else { return }
        writer.withLock { _ in }
    }

    /// The record kept under the collection's key; with what the batch changes of it.
    func encodedRecord(_ state: State, changedBy batch: WriteBatch? = nil) -> [UInt8] {
        JSON.object([
            .init("name", .string(state.name.string)),
            .init("created", .integer(state.created)),
            .init("reserved_files", .integer(Int64(bitPattern: batch?.reservedFiles ?? state.reservedFiles))),
            .init("synced_rows", .integer(Int64(state.unnamed.syncedRows))),
            .init("next_space", .integer(Int64(batch?.nextSpace ?? state.nextSpace))),
            .init("spaces", .array((batch?.spaces ?? state.spaces).dropFirst().map(\.record))),
            .init("configuration", (batch?.configuration ?? state.configuration).json),
            .init("tree_image", state.image.current?.json ?? .null),
            .init("base", origin?.json ?? .null),
            .init("retired", .bool(state.isRetired)),
        ]).compact
    }

    /// Writes the collection's record as `state` has it now.
    func saveRecord() throws(VexFSError) {
        let batch = WriteBatch()
        batch.put(StoreKey.collection(number), state.withLock { encodedRecord($0) })
        try database.write(batch)
    }
}
