/// An entry of a directory, as a listing shows it.
public struct DirectoryEntry: Sendable {
    /// Its name.
    public let name: ByteString
    /// The file's number.
    public let number: FileNumber
    /// What it holds.
    public let kind: FileKind
    /// The place in the listing; valid while the directory lives, whatever else comes and goes.
    public let cookie: UInt64
}

/// The names and attributes of a collection's files, in memory.
///
/// A directory's entries stand in an array in the order in which they came, each with an ascending cookie; a removed
/// entry leaves a hole that is closed when holes outnumber entries. So a listing can be continued from any cookie by
/// binary search, and no entry that stays is skipped or shown twice.
struct FileTree {
    private struct Directory {
        var entries: [DirectoryEntry?] = []
        var cookies: [UInt64] = []
        var index: [ByteString: UInt64] = [:]
        var nextCookie: UInt64 = 1
        var count: Int { index.count }

        func position(_ cookie: UInt64) -> Int? {
            let place = cookies.partitionPoint { $0 >= cookie }
            return place < cookies.count && cookies[place] == cookie ? place : nil
        }

        func entry(_ name: ByteString) -> DirectoryEntry? {
            index[name].flatMap(position).flatMap { entries[$0] }
        }

        mutating func insert(_ name: ByteString, _ number: FileNumber, _ kind: FileKind) {
            entries.append(DirectoryEntry(name: name, number: number, kind: kind, cookie: nextCookie))
            cookies.append(nextCookie)
            index[name] = nextCookie
            nextCookie += 1
        }

        mutating func remove(_ name: ByteString) {
            guard let cookie = index.removeValue(forKey: name), let place = position(cookie) else { return }
            entries[place] = nil
            if entries.count > 64 && entries.count > index.count * 2 {
                close()
            }
        }

        private mutating func close() {
            let kept = entries.compactMap { $0 }
            entries = kept
            cookies = kept.map(\.cookie)
        }

        mutating func giveBackMemory() {
            if entries.capacity > 64 + count * 3 { close() }
            if index.capacity > 64 + count * 3 { index = index.rebuilt }
        }
    }

    private var files: [FileNumber: FileAttributes] = [:]
    private var directories: [FileNumber: Directory] = [:]

    /// Starts with the collection's own directory.
    init(root: FileAttributes) {
        files[root.number] = root
        directories[root.number] = Directory()
    }

    mutating func reserve(_ count: Int) { files.reserveCapacity(count) }

    /// Every file but the root.
    var count: Int { files.count - 1 }

    var all: Dictionary<FileNumber, FileAttributes>.Values { files.values }

    subscript(number: FileNumber) -> FileAttributes? { files[number] }

    func lookup(_ name: ByteString, in parent: FileNumber) -> FileAttributes? {
        directories[parent]?.entry(name).flatMap { files[$0.number] }
    }

    func childCount(_ directory: FileNumber) -> Int { directories[directory]?.count ?? 0 }

    /// Adds a file under its parent.
    mutating func insert(_ attributes: FileAttributes) {
        files[attributes.number] = attributes
        directories[attributes.parent]?.insert(attributes.name, attributes.number, attributes.kind)
        if attributes.kind == .directory {
            if directories[attributes.number] == nil { directories[attributes.number] = Directory() }
            files[attributes.parent]?.subdirectories += 1
        }
    }

    /// Puts an entry back whose attributes are already known; used while loading, when parents may come later.
    mutating func load(_ attributes: FileAttributes) {
        files[attributes.number] = attributes
        if attributes.kind == .directory && directories[attributes.number] == nil {
            directories[attributes.number] = Directory()
        }
        directories[attributes.parent, default: Directory()]
            .insert(attributes.name, attributes.number, attributes.kind)
    }

    /// Counts subdirectories after ``load(_:)`` of everything.
    mutating func finishLoading() {
        for file in files.values where file.kind == .directory && file.number != Collection.rootNumber {
            files[file.parent]?.subdirectories += 1
        }
    }

    /// Changes attributes other than name and parent.
    mutating func update(_ number: FileNumber, _ change: (inout FileAttributes) -> Void) {
        if files[number] != nil { change(&files[number]!) }  // looked up on the same line
    }

    @discardableResult
    mutating func remove(_ number: FileNumber) -> FileAttributes? {
        guard let file = files.removeValue(forKey: number) else { return nil }
        directories[file.parent]?.remove(file.name)
        if file.kind == .directory {
            directories[number] = nil
            files[file.parent]?.subdirectories -= 1
        }
        return file
    }

    /// Gives a file a new place and name, which must be free.
    mutating func move(_ number: FileNumber, to name: ByteString, in parent: FileNumber, kind: FileKind) {
        guard var file = files[number] else { return }
        directories[file.parent]?.remove(file.name)
        if file.kind == .directory { files[file.parent]?.subdirectories -= 1 }
        file.name = name
        file.parent = parent
        file.kind = kind
        files[number] = file
        directories[parent]?.insert(name, number, kind)
        if kind == .directory { files[parent]?.subdirectories += 1 }
    }

    /// Rebuilds tables that are much larger than what they hold; removals leave them as large as they ever were.
    mutating func giveBackMemory() {
        for number in directories.keys { directories[number]?.giveBackMemory() }
        if files.capacity > 64 + files.count * 3 { files = files.rebuilt }
        if directories.capacity > 64 + directories.count * 3 { directories = directories.rebuilt }
    }

    /// Walks the entries behind a cookie in the order of their cookies; false ends the walk.
    func list(_ directory: FileNumber, after cookie: UInt64, _ body: (DirectoryEntry) -> Bool) {
        guard let directory = directories[directory] else { return }
        var place = directory.cookies.partitionPoint { $0 > cookie }
        while place < directory.entries.count {
            if let entry = directory.entries[place], !body(entry) { return }
            place += 1
        }
    }

    /// The path below the collection, "" for the collection itself.
    func path(of number: FileNumber) -> String? {
        var parts: [String] = []
        var current = number
        while current != Collection.rootNumber {
            guard let file = files[current] else { return nil }
            parts.append(file.name.string)
            current = file.parent
        }
        return parts.reversed().joined(separator: "/")
    }

    /// The file at a path below the collection.
    func number(atPath path: String) -> FileNumber? {
        var current = Collection.rootNumber
        for part in path.split(separator: "/") {
            guard let file = lookup(ByteString(String(part)), in: current) else { return nil }
            current = file.number
        }
        return current
    }

    /// Whether a directory or one above it has a dot name: everything below is scratch.
    func isScratchDirectory(_ number: FileNumber) -> Bool {
        var current = number
        while current != Collection.rootNumber, let file = files[current] {
            if file.name.string.utf8.first == UInt8(ascii: ".") { return true }
            current = file.parent
        }
        return false
    }

    /// Whether `number` is `ancestor` or lies below it.
    func isInside(_ number: FileNumber, _ ancestor: FileNumber) -> Bool {
        var current = number
        while true {
            if current == ancestor { return true }
            guard current != Collection.rootNumber, let file = files[current] else { return false }
            current = file.parent
        }
    }

    /// Calls `body` with every file below a directory.
    func forEachBelow(_ directory: FileNumber, _ body: (FileAttributes) -> Void) {
        var pending = [directory]
        while let next = pending.popLast() {
            list(next, after: 0) { entry in
                if let file = files[entry.number] { body(file) }
                if entry.kind == .directory { pending.append(entry.number) }
                return true
            }
        }
    }
}

extension Dictionary {
    /// A table of the same content that is no larger than it needs.
    fileprivate var rebuilt: Self {
        var copy = Self(minimumCapacity: count)
        for (key, value) in self { copy[key] = value }
        return copy
    }
}

extension Array {
    /// The first position whose element satisfies `predicate`, where all that satisfy it stand behind all that don't.
    func partitionPoint(_ predicate: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
