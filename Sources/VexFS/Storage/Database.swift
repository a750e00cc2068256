import Glibc
import Synchronization

/// The store's key-value database: documents, file records and metadata.
///
/// A change goes to the journal with one system call, and to a map in memory that reads ask first; a thread of its own
/// brings it to the tables, many at a time ([decision 0009](docs/decisions/0009-own-journal.md)). So it is in the
/// operating system's hands when ``write(_:)`` returns (it survives the death of the process) and on the disk after
/// ``syncLog()``. Lock order: `journal`, then `pending`.
final class Database: Sendable {
    /// Bytes of records that may wait for the tables; more make a writer wait.
    private static let waitingBytesMax = 32 << 20
    /// Bytes of waiting records for which the thread is woken.
    private static let waitingBytesWanted = 256 << 10
    /// Bytes of records that go to the tables together.
    private static let groupBytesMax = 4 << 20
    /// Bytes of changes that may stay in memory when nobody writes.
    static let restingBytesMax = 4 << 20
    /// Bytes of deleted values that may lie about.
    private static let toleratedGarbageBytes = 64 << 20

    private let tables: RocksDB
    private let journal: Mutex<Journal>
    private let journalPath: String
    private let pending: Monitor<PendingChanges>
    /// Counts the runs that bring tables to the disk; one at a time.
    private let flushes = Monitor<(isRunning: Bool, count: UInt64)>((false, 0))
    private let isClosed = Atomic<Bool>(false)
    private let isReadOnly: Bool
    /// The failure after which nothing is written any more.
    private let failure = Mutex<VexFSError?>(nil)

    /// Opens the database of a store and applies what its journal has beyond the tables.
    /// - Parameter acceptsLoss: whether the end of the log may be missing.
    /// - Throws: `corruption` also where changes are missing that were on the disk; `storeFull`, `inputOutput`.
    init(of directory: StoreDirectory, tuning: RocksDB.Tuning, acceptsLoss: Bool = false) throws(VexFSError) {
        isReadOnly = tuning.isReadOnly
        journalPath = directory.journalPath
        let tables = try RocksDB(path: directory.databasePath, tuning: tuning)
        self.tables = tables
        // Stores of format 1 have no journal: RocksDB's own log was theirs, and its count of changes goes on.
        let applied = try tables.value(Self.positionKey).flatMap(Self.position) ?? tables.latestSequence
        var changes = PendingChanges(applied: applied)
        var group: [JournalEntry] = []
        var groupBytes = 0
        let isReadOnly = tuning.isReadOnly
        do throws(VexFSError) {
            let last = try Journal.replay(journalPath, after: applied) { entry throws(VexFSError) in
                if isReadOnly { return changes.overlay(entry) }
                if !entry.erased.isEmpty { try Self.apply(&group, to: tables) }
                groupBytes = group.isEmpty ? entry.bytes.count : groupBytes + entry.bytes.count
                group.append(entry)
                if groupBytes > Self.groupBytesMax || !entry.erased.isEmpty { try Self.apply(&group, to: tables) }
            }
            try Self.apply(&group, to: tables)
            journal = Mutex(Journal(path: journalPath, fileBytesMax: tuning.writeBufferBytes, after: last))
            if !isReadOnly {
                if !acceptsLoss { try directory.checkSynced(last) }
                changes = PendingChanges(applied: last)
                if try !Journal.files(in: journalPath).isEmpty {
                    try tables.flush()
                    try Journal.removeAll(journalPath)
                }
            }
        } catch {
            tables.close()
            throw error
        }
        pending = Monitor(changes)
        if !isReadOnly { try start() }
    }

    deinit { close() }

    // MARK: Writing

    /// Applies a batch atomically; in the operating system's hands on return.
    /// - Throws: `storeFull`, `inputOutput`; nothing is changed then.
    func write(_ batch: WriteBatch) throws(VexFSError) {
        try requireOpen()
        if let failure = batch.failure { throw failure }
        if !batch.isEmpty {
            // The length of a record has 32 bits.
            guard batch.byteCount <= JournalEntry.lengthMax else {
                throw VexFSError(
                    .quotaExceeded, "a change of \(batch.byteCount) bytes is too large to be made at once; make several"
                )
            }
            let entry = batch.seal()
            try writing { () throws(VexFSError) in
                try waitForRoom()
                try journal.withLock { journal throws(VexFSError) in
                    try journal.append(entry)
                    let isEnough = pending.withLock { pending in
                        pending.append(entry)
                        return pending.byteCount >= Self.waitingBytesWanted
                    }
                    if isEnough { pending.update { _ in } }
                }
                // Reads know nothing of what a pending record erases.
                if !entry.erased.isEmpty { try drain() }
            }
        }
        for completion in batch.completions { completion() }
    }

    /// Runs a write. A full disk is said and may pass; after any other failure nothing more is tried: reads go on, and
    /// what was acknowledged is in the journal for the next open.
    private func writing(_ body: () throws(VexFSError) -> Void) throws(VexFSError) {
        if let earlier = failure.withLock({ $0 }) {
            throw VexFSError(
                earlier.code,
                "the store takes no more writes after a disk error; unmount it, see to the disk, mount it again",
                cause: earlier.description)
        }
        do throws(VexFSError) {
            try body()
        } catch {
            guard error.code != .storeFull || pending.withLock({ $0.failure != nil }) else {
                throw VexFSError(
                    .storeFull, "the disk that holds the store is full; free some space", cause: error.description)
            }
            failure.withLock { $0 = $0 ?? error }
            Log.shared.error("the store takes no more writes: \(error)")
            throw error
        }
    }

    private func waitForRoom() throws(VexFSError) {
        if pending.withLock({ $0.byteCount < Self.waitingBytesMax && $0.failure == nil }) { return }
        let failure: VexFSError? = pending.wait { pending -> VexFSError?? in
            if let failure = pending.failure { return .some(failure) }
            return pending.byteCount < Self.waitingBytesMax ? .some(nil) : nil
        }
        if let failure { throw failure }
    }

    private func requireOpen() throws(VexFSError) {
        if isClosed.load(ordering: .relaxed) { throw VexFSError(.inputOutput, "the store is closed") }
    }

    /// The number of the newest change; it only grows.
    var latestChange: UInt64 { journal.withLock { $0.last } }

    /// Brings every earlier ``write(_:)`` to the disk.
    /// - Throws: `storeFull`, `inputOutput`; no later sync is believed then.
    func syncLog() throws(VexFSError) {
        try requireOpen()
        let (files, whole) = journal.withLock { ($0.unsynced, $0.unsyncedWhole) }
        try writing { () throws(VexFSError) in
            do throws(VexFSError) {
                for file in files {
                    try SystemCall.syncData(file.descriptor)
                    guard !file.isNamed.load(ordering: .relaxed) else { continue }
                    try SystemCall.syncDirectory(journalPath)
                    try SystemCall.syncDirectory(journalPath + "/..")
                    file.isNamed.store(true, ordering: .relaxed)
                }
            } catch {
                // The system forgets the pages that it could not write.
                failure.withLock { $0 = $0 ?? error }
                throw error
            }
        }
        journal.withLock { $0.noteSynced(whole) }
    }

    // MARK: Reading

    /// Copies out a value, or returns nil where there is none.
    func value(_ key: [UInt8]) throws(VexFSError) -> [UInt8]? {
        switch pending.withLock({ $0.find(key) }) {
        case .value(let bytes): bytes
        case .deleted: nil
        case nil: try tables.value(key)
        }
    }

    /// Lends the values of several keys in the order of the keys, nil where there is none; together they cost less than
    /// one by one.
    ///
    /// The buffers are valid only during the call.
    func values(
        _ keys: [[UInt8]], _ body: (_ place: Int, _ value: UnsafeRawBufferPointer?) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        let waiting = pending.withLock { pending in keys.map { pending.find($0) } }
        guard waiting.contains(where: { $0 != nil }) else { return try tables.values(keys, body) }
        for (place, finding) in waiting.enumerated() {
            let value: [UInt8]?
            switch finding {
            case .value(let bytes): value = bytes
            case .deleted: value = nil
            case nil: value = try tables.value(keys[place])
            }
            guard let value else {
                try body(place, nil)
                continue
            }
            try value.withSystemBytes { bytes throws(VexFSError) in try body(place, bytes) }
        }
    }

    /// Calls `body` with every key that starts with `prefix`, ascending, beginning at `start`; false ends the walk.
    ///
    /// The buffers are valid only during the call.
    func forEach(
        prefix: [UInt8], from start: [UInt8]? = nil,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(VexFSError) -> Bool
    ) throws(VexFSError) {
        if isReadOnly { return try mergedForEach(prefix: prefix, from: start, body) }
        try drain()
        try tables.forEach(prefix: prefix, from: start, body)
    }

    /// The number at the end of the last key with this prefix, or nil where there is none.
    func lastNumber(prefix: [UInt8]) throws(VexFSError) -> UInt64? {
        try drain()
        return try tables.lastNumber(prefix: prefix)
    }

    /// A property of RocksDB such as "rocksdb.estimate-num-keys" as text.
    func property(_ name: String) -> String? { tables.property(name) }

    /// Rewrites the keys of a range without what was deleted (see ``RocksDB/compact(from:to:)``).
    func compact(from start: [UInt8], to end: [UInt8]) throws(VexFSError) {
        try drain()
        try tables.compact(from: start, to: end)
    }

    /// Whether giving back the space of values that were deleted or replaced is worth rewriting the others.
    var isCompactionWorthwhile: Bool {
        let values = tables.largeValues
        return values.garbage > max(Self.toleratedGarbageBytes, values.bytes / 2)
    }

    /// The walk over tables and journal where the one cannot get what the other has.
    private func mergedForEach(
        prefix: [UInt8], from start: [UInt8]?,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(VexFSError) -> Bool
    ) throws(VexFSError) {
        let (all, erased) = pending.withLock { ($0.changes(prefix: prefix), $0.erased) }
        var changes = all[...]
        if let start { changes = changes.drop { $0.key.lexicographicallyPrecedes(start) } }
        func yield(_ change: (key: [UInt8], finding: PendingChanges.Finding)) throws(VexFSError) -> Bool {
            guard case .value(let bytes) = change.finding else { return true }
            return try change.key.withSystemBytes { key throws(VexFSError) in
                try bytes.withSystemBytes { value throws(VexFSError) in try body(key, value) }
            }
        }
        var isWanted = true
        try tables.forEach(prefix: prefix, from: start) { key, value throws(VexFSError) in
            while let change = changes.first, change.key.lexicographicallyPrecedes(key) {
                changes.removeFirst()
                isWanted = try yield(change)
                guard isWanted else { return false }
            }
            if let change = changes.first, change.key.elementsEqual(key) {
                changes.removeFirst()
                isWanted = try yield(change)
            } else if !erased.contains(where: { key.starts(with: $0) }) {
                isWanted = try body(key, value)
            }
            return isWanted
        }
        while isWanted, let change = changes.popFirst() { isWanted = try yield(change) }
    }

    // MARK: The tables

    /// Where the number of the last applied record stands in the tables; in one batch with the record's changes.
    private static let positionKey = StoreKey.meta("journal")

    private static func position(_ bytes: [UInt8]) -> UInt64? {
        bytes.count == 8 ? bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) } : nil
    }

    /// Applies records that stand in order, and their position, atomically.
    private static func apply(
        _ group: [JournalEntry], to tables: RocksDB, with batch: RocksDB.Batch
    ) throws(VexFSError) {
        guard let newest = group.last else { return }
        batch.clear()
        batch.add(group)
        withUnsafeBytes(of: newest.number.littleEndian) { batch.put(positionKey, $0) }
        try tables.apply(batch)
    }

    private static func apply(_ group: inout [JournalEntry], to tables: RocksDB) throws(VexFSError) {
        try apply(group, to: tables, with: RocksDB.Batch())
        group = []
    }

    private func start() throws(VexFSError) {
        pending.withLock { $0.isRunning = true }
        guard BackgroundThread.start({ [self] in applyAll() }) else {
            pending.withLock { $0.isRunning = false }
            tables.close()
            throw VexFSError(.inputOutput, "the system gives no thread for the database")
        }
    }

    /// Brings records to the tables until the database is closed.
    private func applyAll() {
        let batch = RocksDB.Batch()
        while true {
            let group = pending.wait { pending -> [JournalEntry]? in
                if pending.isStopping || pending.failure != nil { return [] }
                guard pending.byteCount >= Self.waitingBytesWanted || pending.applied < pending.wanted else {
                    return nil
                }
                let group = pending.next(bytesMax: Self.groupBytesMax)
                return group.isEmpty ? nil : group
            }
            if group.isEmpty { break }
            do throws(VexFSError) {
                try Self.apply(group, to: tables, with: batch)
            } catch {
                Log.shared.error("the tables take no more changes: \(error)")
                pending.update { $0.failure = error }
                break
            }
            pending.update { $0.applied(group) }
            flushIfDue()
        }
        pending.update { $0.isRunning = false }
    }

    /// Returns once every earlier ``write(_:)`` is in the tables.
    private func drain() throws(VexFSError) {
        try requireOpen()
        guard !isReadOnly else { return }
        let target: UInt64? = pending.withLock { $0.applied < $0.last ? $0.last : nil }
        guard let target else { return }
        pending.update { $0.wanted = max($0.wanted, target) }
        let failure: VexFSError? = pending.wait { pending -> VexFSError?? in
            if pending.applied >= target { return .some(nil) }
            return pending.failure.map { .some($0) }
        }
        if let failure { throw failure }
    }

    /// Has a thread bring the tables to the disk and remove the files of the journal that are no longer needed, once
    /// all records of one are in the tables.
    private func flushIfDue() {
        let applied = pending.withLock { $0.applied }
        guard journal.withLock({ $0.closed.contains { $0.last <= applied } }) else { return }
        let mayRun = flushes.withLock { flushes in
            defer { flushes.isRunning = true }
            return !flushes.isRunning
        }
        guard mayRun else { return }
        let isStarted = BackgroundThread.start { [self] in
            flush()
            flushes.update { flushes in
                flushes.isRunning = false
                flushes.count += 1
            }
        }
        if !isStarted { flushes.update { $0.isRunning = false } }
    }

    private func flush() {
        let applied = pending.withLock { $0.applied }
        do throws(VexFSError) {
            try tables.flush()
            let files = journal.withLock { $0.takeFiles(through: applied) }
            for file in files { unlink(file.path) }
        } catch {
            // The journal keeps what the tables did not take.
            Log.shared.error("the tables are not brought to the disk: \(error)")
            pending.update { $0.failure = $0.failure ?? error }
        }
    }

    /// Brings changes that tables hold in memory to the disk, where they take much of it, and removes the journal of
    /// them: for when nobody writes. So many bytes may stay.
    /// - Throws: `storeFull`, `inputOutput`.
    func giveBackMemory(above bytesMax: Int = restingBytesMax) throws(VexFSError) {
        try drain()
        guard tables.memoryTableBytes > bytesMax else { return }
        journal.withLock { $0.closeFile() }
        flushIfDue()
        flushes.wait { $0.isRunning ? nil : () }
    }

    /// Closes the database; whoever still asks it something gets an error. No other call may be under way.
    ///
    /// What the journal holds goes to table files first, whose blocks all have checksums: damage to a closed store is
    /// found.
    func close() {
        guard !isClosed.load(ordering: .acquiring) else { return }
        if !isReadOnly {
            do throws(VexFSError) { try drain() } catch { Log.shared.warn("the journal stays as it is: \(error)") }
            pending.update { $0.isStopping = true }
            pending.wait { $0.isRunning ? nil : () }
            flushes.wait { $0.isRunning ? nil : () }
        }
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        if !isReadOnly, failure.withLock({ $0 == nil }), pending.withLock({ $0.failure == nil }) {
            journal.withLock { $0.closeFile() }
            flush()
        }
        tables.close()
    }
}
