/// The removed documents of a collection, in the order of their removals, in memory.
struct Trash: Sendable {
    /// What a change of the trash takes in and lets go.
    struct Change {
        var added: TrashEntry?
        var dropped: [TrashEntry] = []
    }

    private var entries: [UInt64: TrashEntry] = [:]
    private var sequences: [ByteString: UInt64] = [:]
    /// No entry stands before it.
    private var first: UInt64 = 1
    /// The place of the next removal.
    private(set) var next: UInt64 = 1
    /// Bytes of the documents' contents.
    private(set) var bytes = 0

    var count: Int { entries.count }

    /// Oldest first. O(entries × log entries).
    var all: [TrashEntry] { entries.values.sorted { $0.sequence < $1.sequence } }

    subscript(name: ByteString) -> TrashEntry? { sequences[name].flatMap { entries[$0] } }

    func contains(_ entry: TrashEntry) -> Bool { entries[entry.sequence] != nil }

    mutating func insert(_ entry: TrashEntry) {
        if entries.isEmpty || entry.sequence < first { first = entry.sequence }
        entries[entry.sequence] = entry
        sequences[entry.name] = entry.sequence
        next = max(next, entry.sequence + 1)
        bytes += Int(entry.attributes.size)
        noteTime(entry.removed, before: entry.sequence)
    }

    /// Notes that it is not later than this: nothing that is there, or stands before a place, was removed after it.
    /// Otherwise what was removed while the clock was ahead would stay until that time, with all that came after.
    mutating func noteTime(_ now: Int64, before end: UInt64 = .max) {
        var sequence = min(end, next)
        while sequence > first {
            sequence -= 1
            guard let entry = entries[sequence] else { continue }
            guard entry.removed > now else { break }
            entries[sequence]?.removed = now
        }
    }

    mutating func remove(_ entry: TrashEntry) {
        guard entries.removeValue(forKey: entry.sequence) != nil else { return }
        sequences[entry.name] = nil
        bytes -= Int(entry.attributes.size)
        while first < next, entries[first] == nil { first += 1 }
    }

    /// What has to go, oldest first: what is older than `time`, and what is too much where a document of so many bytes
    /// comes.
    func surplus(_ settings: TrashSettings, before time: Int64, adding size: Int? = nil) -> [TrashEntry] {
        guard settings.isOn else { return all }
        var (count, bytes) = (count + (size == nil ? 0 : 1), bytes + (size ?? 0))
        var dropped: [TrashEntry] = []
        var sequence = first
        while sequence < next {
            defer { sequence += 1 }
            guard let entry = entries[sequence] else { continue }
            guard entry.removed < time || count > settings.documents || bytes > settings.bytes else { break }
            dropped.append(entry)
            count -= 1
            bytes -= Int(entry.attributes.size)
        }
        return dropped
    }

    /// The name of a document from that path: the path with `%2F` for `/`, and `~N` before its ending where the trash
    /// has one of that name, N growing with every removal.
    func name(for origin: String) -> ByteString {
        let parts = origin.split(separator: "/")
        let path = parts.joined(separator: "%2F")
        let name = path.utf8.count <= FileNaming.maximumNameBytes ? path : String(parts.last ?? "")
        guard self[ByteString(name)] != nil else { return ByteString(name) }
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        for number in next... {
            let tail = "~\(number)" + name[dot...]
            var stem = name[..<dot].unicodeScalars
            while stem.count > 1, String(stem).utf8.count + tail.utf8.count > FileNaming.maximumNameBytes {
                stem.removeLast()
            }
            let candidate = ByteString(String(stem) + tail)
            if self[candidate] == nil { return candidate }
        }
        return ByteString(name)
    }
}

extension Collection.State {
    /// What has to leave the trash by its settings.
    func surplusTrash(at now: Int64) -> [TrashEntry] {
        trash.surplus(configuration.trash, before: configuration.trash.oldest(at: now))
    }

    /// Shows a change of the trash; what it takes in is still live.
    mutating func apply(_ change: Trash.Change) {
        for entry in change.dropped {
            trash.remove(entry)
            if let row = entry.attributes.row { letGo(of: row, by: .trash) }
        }
        guard let added = change.added else { return }
        trash.insert(added)
        if let row = added.attributes.row { keep(row, by: .trash) }
    }

    /// Reads what the database has of the trash. The rows' vectors are opened later.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    mutating func loadTrash(number: UInt32, database: Database) throws(VexFSError) {
        var rows = RowBitmap()
        var vectors: [SpaceNumber: RowBitmap] = [:]
        var found: [(TrashEntry, [SpaceNumber])] = []
        try database.forEach(prefix: StoreKey.prefix(.trash, number)) { key, value throws(VexFSError) in
            guard let sequence = StoreKey.number(of: key) else { return true }
            let (entry, file) = try TrashEntry.decode(value, sequence: sequence, withMetadata: false)
            found.append((entry, (file.row.hasVector ? [VectorSpace.unnamed] : []) + file.row.named.map(\.space)))
            return true
        }
        for (entry, spaces) in found {
            trash.insert(entry)
            guard let row = entry.attributes.row else { continue }
            rows.insert(row)
            self.rows.extend(to: Int(row) + 1)
            for space in spaces { vectors[space, default: RowBitmap()].insert(row) }
        }
        if !found.isEmpty { _ = keep(rows, vectors: vectors, by: .trash) }
    }
}
