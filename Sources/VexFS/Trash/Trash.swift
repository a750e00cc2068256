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
    }

    mutating func remove(_ entry: TrashEntry) {
        guard entries.removeValue(forKey: entry.sequence) != nil else { return }
        sequences[entry.name] = nil
        bytes -= Int(entry.attributes.size)
        while first < next, entries[first] == nil { first += 1 }
    }

    mutating func apply(_ change: Change) {
        for entry in change.dropped { remove(entry) }
        if let added = change.added { insert(added) }
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

    /// The rows that have a vector in a space.
    func rows(in space: SpaceNumber) -> [Row] {
        entries.values.compactMap { $0.spaces.contains(space) ? $0.attributes.row : nil }
    }

    /// Whether the trash has a row.
    func holds(_ row: Row) -> Bool { entries.values.contains { $0.attributes.row == row } }

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

    /// The rows of a space whose vectors stay: those that searches find, and those of documents that can be brought
    /// back. Whoever else comes to hold rows adds them here.
    func heldRows(of space: VectorSpace) -> RowBitmap {
        var rows = space.withVector
        for row in trash.rows(in: space.number) { rows.insert(row) }
        return rows
    }
}
