/// Changes that are in the journal and not in the tables yet, as reads see them.
struct PendingChanges {
    /// What is known of a key.
    enum Finding {
        case value([UInt8])
        case deleted
    }

    private struct Place {
        var entry: JournalEntry
        var value: Range<Int>?
    }

    private var places: [[UInt8]: Place] = [:]
    /// Prefixes whose keys in the tables are gone; only where nothing is ever applied.
    private(set) var erased: [[UInt8]] = []
    /// The records that are still to be applied, in order.
    private var entries: [JournalEntry] = []
    /// Bytes of these records.
    private(set) var byteCount = 0
    /// Records up to this one are in the tables.
    private(set) var applied: UInt64
    /// The last record.
    private(set) var last: UInt64
    /// Records up to this one are wanted in the tables at once.
    var wanted: UInt64 = 0
    var isStopping = false
    var isRunning = false
    /// What keeps records out of the tables.
    var failure: VexFSError?

    init(applied: UInt64) {
        self.applied = applied
        last = applied
    }

    /// The pending change of a key, or nil where the tables are right.
    func find(_ key: [UInt8]) -> Finding? {
        guard !places.isEmpty || !erased.isEmpty else { return nil }
        guard let place = places[key] else { return erased.contains { key.starts(with: $0) } ? .deleted : nil }
        return place.value.map { .value(Array(place.entry.bytes[$0])) } ?? .deleted
    }

    /// Adds a record that the journal has.
    mutating func append(_ entry: JournalEntry) {
        entries.append(entry)
        byteCount += entry.bytes.count
        last = entry.number
        for change in entry.changes { places[change.key] = Place(entry: entry, value: change.value) }
    }

    /// Adds a record of a store that is only read.
    mutating func overlay(_ entry: JournalEntry) {
        for prefix in entry.erased {
            erased.append(prefix)
            for key in places.keys.filter({ $0.starts(with: prefix) }) { places[key] = nil }
        }
        append(entry)
    }

    /// The keys with a prefix, ascending, and their changes.
    func changes(prefix: [UInt8]) -> [(key: [UInt8], finding: Finding)] {
        places.keys.filter { $0.starts(with: prefix) }.sorted { $0.lexicographicallyPrecedes($1) }.map { key in
            (key, find(key) ?? .deleted)
        }
    }

    /// The next records to be applied together; one that erases stands alone.
    func next(bytesMax: Int) -> [JournalEntry] {
        var group: [JournalEntry] = []
        var bytes = 0
        for entry in entries {
            if !group.isEmpty, bytes + entry.bytes.count > bytesMax || !entry.erased.isEmpty { break }
            group.append(entry)
            bytes += entry.bytes.count
            if !entry.erased.isEmpty { break }
        }
        return group
    }

    /// Lets go of records that are in the tables.
    mutating func applied(_ group: [JournalEntry]) {
        guard let newest = group.last else { return }
        entries.removeFirst(group.count)
        byteCount -= group.reduce(0) { $0 + $1.bytes.count }
        applied = newest.number
        if entries.isEmpty {
            places.removeAll(keepingCapacity: places.capacity < 1 << 14)
            return
        }
        for entry in group {
            for change in entry.changes where places[change.key]?.entry === entry { places[change.key] = nil }
        }
    }
}
