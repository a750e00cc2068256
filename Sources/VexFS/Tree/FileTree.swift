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

/// The names and attributes of a collection's files, in memory, in about 100 bytes a file and its name.
///
/// A directory's entries stand in the order in which they came, each with an ascending cookie, so a listing can be
/// continued from any cookie, and no entry that stays is skipped or shown twice. Everything lies in chunks that copies
/// of the tree share: a copy costs nothing until one of the two changes, and then what changes.
struct FileTree: Sendable {
    /// Numbers are below this: they are kept in 32 bits.
    static let numberEnd: FileNumber = 1 << 32

    private(set) var files: TreeFiles
    private(set) var directories: [FileNumber: TreeDirectory] = [:]
    /// Files that were never committed.
    private var uncommitted: Set<FileNumber> = []
    let hash: NameHash

    /// Starts with the collection's own directory.
    init(root: FileAttributes) {
        hash = NameHash(key: .random(in: .min ... .max))
        files = TreeFiles()
        directories[root.number] = TreeDirectory()
        root.name.withBytes { files.insert(root.number, PackedFile(root), name: $0) }
    }

    /// Takes over what an image has.
    init(files: TreeFiles, directories: [FileNumber: TreeDirectory], hash: NameHash) {
        self.files = files
        self.directories = directories
        self.hash = hash
    }

    /// This tree's root over the files of another tree.
    func replacingFiles(with other: FileTree) -> FileTree {
        var copy = other
        if let root = self[Collection.rootNumber] {
            copy.update(Collection.rootNumber) { $0 = root }
            copy.renameRoot(to: root.name)
        }
        return copy
    }

    /// Every file but the root.
    var count: Int { files.records.count - 1 }

    /// This tree without the files that were never committed.
    var committed: FileTree {
        var copy = self
        for number in uncommitted { copy.remove(number) }
        return copy
    }

    subscript(number: FileNumber) -> FileAttributes? {
        files.attributes(number).map { withSubdirectories($0) }
    }

    func lookup(_ name: ByteString, in parent: FileNumber) -> FileAttributes? {
        find(name, in: parent).map { withSubdirectories($0.file.attributes($0.number, name: name)) }
    }

    func childCount(_ directory: FileNumber) -> Int { directories[directory]?.count ?? 0 }

    /// How many files have that number or a higher one, up to a few hundred. O(files / 256).
    func count(from number: FileNumber) -> Int { files.records.count(from: Int(truncatingIfNeeded: number)) }

    /// Adds a file under its parent.
    mutating func insert(_ attributes: FileAttributes) {
        if directories[attributes.parent] != nil { load(attributes) } else { add(attributes) }
    }

    /// Puts an entry back whose attributes are already known; used while loading, when parents may come later.
    mutating func load(_ attributes: FileAttributes) {
        add(attributes)
        attach(attributes.number, kind: attributes.kind, to: attributes.parent)
    }

    private mutating func add(_ attributes: FileAttributes) {
        precondition(attributes.number < Self.numberEnd && attributes.parent < Self.numberEnd)
        var file = PackedFile(attributes)
        attributes.name.withBytes { name in
            file.nameHash = hash(name)
            files.insert(attributes.number, file, name: name)
        }
        if attributes.version == 0 { uncommitted.insert(attributes.number) }
        if attributes.kind == .directory && directories[attributes.number] == nil {
            directories[attributes.number] = TreeDirectory()
        }
    }

    /// Changes attributes other than name and parent.
    mutating func update(_ number: FileNumber, _ change: (inout FileAttributes) -> Void) {
        guard let packed = files[number] else { return }
        var attributes = packed.attributes(number, name: "")
        change(&attributes)
        files.update(number) { $0.take(attributes) }
        if packed.version == 0, attributes.version > 0 { uncommitted.remove(number) }
    }

    @discardableResult
    mutating func remove(_ number: FileNumber) -> FileAttributes? {
        guard let attributes = self[number] else { return nil }
        detach(number)
        files.remove(number)
        uncommitted.remove(number)
        if attributes.kind == .directory { directories[number] = nil }
        return attributes
    }

    /// Gives a file a new place and name, which must be free.
    mutating func move(_ number: FileNumber, to name: ByteString, in parent: FileNumber, kind: FileKind) {
        guard files[number] != nil else { return }
        detach(number)
        name.withBytes { bytes in
            files.rename(number, to: bytes)
            let hash = hash(bytes)
            files.update(number) { file in
                file.nameHash = hash
                file.parent = UInt32(truncatingIfNeeded: parent)
                file.kindCode = kind.rawValue
            }
        }
        attach(number, kind: kind, to: parent)
    }

    /// Gives the collection's own directory a name, which no listing shows.
    mutating func renameRoot(to name: ByteString) { name.withBytes { files.rename(Collection.rootNumber, to: $0) } }

    /// Gives back the memory of what was removed.
    mutating func giveBackMemory() {
        for number in directories.keys { directories[number]?.giveBackMemory() }
        if directories.capacity > 64 + directories.count * 3 { directories = directories.rebuilt }
    }

    /// Uses what an image has of the files and of the large directories, as far as nothing changed since it was
    /// written. O(chunks + directories).
    ///
    /// `written` is what the image was written from, still there: whatever this tree shares with it nobody changed, for
    /// what is shared is copied before it changes. So what is the same object has the same bytes in the image.
    /// - Parameter smallest: directories with fewer files keep their memory: there may be very many of them, and
    ///   searches wait meanwhile.
    mutating func adopt(_ image: FileTree, writtenFrom written: FileTree, smallest: Int = TreeFiles.span) {
        files.adopt(image.files, writtenFrom: written.files)
        for (number, directory) in written.directories where directory.count >= smallest {
            guard let mapped = image.directories[number] else { continue }
            directories[number]?.adopt(mapped, writtenFrom: directory)
        }
    }

    private mutating func attach(_ number: FileNumber, kind: FileKind, to parent: FileNumber) {
        guard let file = files[number] else { return }
        let cookie = directories[parent, default: TreeDirectory()].insert(
            UInt32(truncatingIfNeeded: number), file.nameHash, isDirectory: kind == .directory)
        files.update(number) { $0.cookie = cookie }
    }

    private mutating func detach(_ number: FileNumber) {
        guard let file = files[number] else { return }
        directories[FileNumber(file.parent)]?.remove(UInt32(truncatingIfNeeded: number), file)
    }

    private func withSubdirectories(_ attributes: FileAttributes) -> FileAttributes {
        guard attributes.kind == .directory else { return attributes }
        var result = attributes
        result.subdirectories = directories[attributes.number]?.subdirectories ?? 0
        return result
    }

    /// The file of that name as it is packed: without a copy of its name.
    func find(_ name: ByteString, in parent: FileNumber) -> (number: FileNumber, file: PackedFile)? {
        guard let directory = directories[parent] else { return nil }
        return name.withBytes { bytes in
            var candidates = directory.index.candidates(hash(bytes))
            while let number = candidates.next().map(FileNumber.init) {
                if let file = files[number], files.hasName(file, number, bytes) { return (number, file) }
            }
            return nil
        }
    }
}

// MARK: - Walking

extension FileTree {
    /// Walks the entries behind a cookie in the order of their cookies; false ends the walk.
    func list(_ directory: FileNumber, after cookie: UInt64, _ body: (DirectoryEntry) -> Bool) {
        guard let directory = directories[directory], cookie < directory.nextCookie else { return }
        directory.entries.forEach(from: Int(cookie) + 1) { cookie, number in
            guard let file = files[FileNumber(number)] else { return true }
            let name = files.name(of: file, FileNumber(number))
            return body(
                DirectoryEntry(name: name, number: FileNumber(number), kind: file.kind, cookie: UInt64(cookie)))
        }
    }

    /// Every file in that state.
    func numbers(in state: DocumentState) -> [FileNumber] {
        var result: [FileNumber] = []
        files.records.forEach(from: 0) { number, file in
            if file.stateCode == state.rawValue { result.append(FileNumber(number)) }
            return true
        }
        return result
    }

    /// The path below the collection, "" for the collection itself.
    func path(of number: FileNumber) -> String? {
        var parts: [String] = []
        var current = number
        while current != Collection.rootNumber {
            guard let file = files[current] else { return nil }
            parts.append(files.name(of: file, current).string)
            current = FileNumber(file.parent)
        }
        return parts.count == 1 ? parts[0] : parts.reversed().joined(separator: "/")
    }

    /// The file at a path below the collection.
    func number(atPath path: String) -> FileNumber? {
        var current = Collection.rootNumber
        for part in path.split(separator: "/") {
            guard let found = find(ByteString(String(part)), in: current) else { return nil }
            current = found.number
        }
        return current
    }

    /// Whether a directory or one above it has a dot name: everything below is scratch.
    func isScratchDirectory(_ number: FileNumber) -> Bool {
        var current = number
        while current != Collection.rootNumber, let file = files[current] {
            if files.withName(of: file, current, { $0.first == UInt8(ascii: ".") }) { return true }
            current = FileNumber(file.parent)
        }
        return false
    }

    /// Whether `number` is `ancestor` or lies below it.
    func isInside(_ number: FileNumber, _ ancestor: FileNumber) -> Bool {
        var current = number
        while true {
            if current == ancestor { return true }
            guard current != Collection.rootNumber, let file = files[current] else { return false }
            current = FileNumber(file.parent)
        }
    }

    /// Calls `body` with every file below a directory.
    func forEachBelow(_ directory: FileNumber, _ body: (FileAttributes) -> Void) {
        var pending = [directory]
        while let next = pending.popLast() {
            directories[next]?.entries.forEach(from: 0) { _, entry in
                guard let file = self[FileNumber(entry)] else { return true }
                body(file)
                if file.kind == .directory { pending.append(file.number) }
                return true
            }
        }
    }
}

/// What a directory has: its entries by cookie, and by the hashes of their names.
struct TreeDirectory: Sendable {
    private(set) var entries = SparseTable<UInt32>()
    private(set) var index = NameIndex()
    private(set) var nextCookie: UInt64 = 1
    /// How many of the entries are directories.
    private(set) var subdirectories: UInt32 = 0

    init() {}

    init(entries: SparseTable<UInt32>, index: NameIndex, nextCookie: UInt64, subdirectories: UInt32) {
        self.entries = entries
        self.index = index
        self.nextCookie = nextCookie
        self.subdirectories = subdirectories
    }

    var count: Int { entries.count }

    /// Adds an entry; returns its cookie.
    mutating func insert(_ number: UInt32, _ nameHash: UInt32, isDirectory: Bool) -> UInt64 {
        defer { nextCookie += 1 }
        entries.set(Int(nextCookie), number)
        index.insert(nameHash, number)
        subdirectories += isDirectory ? 1 : 0
        return nextCookie
    }

    mutating func remove(_ number: UInt32, _ file: PackedFile) {
        guard entries[Int(truncatingIfNeeded: file.cookie)] == number else { return }
        entries.remove(Int(file.cookie))
        index.remove(file.nameHash, number)
        subdirectories -= file.kind == .directory ? 1 : 0
    }

    mutating func giveBackMemory() { index.giveBackMemory() }

    /// Uses an image's chunks and parts in place of those that it was written from.
    mutating func adopt(_ image: TreeDirectory, writtenFrom written: TreeDirectory) {
        entries.adopt(image.entries, writtenFrom: written.entries)
        index.adopt(image.index, writtenFrom: written.index)
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
