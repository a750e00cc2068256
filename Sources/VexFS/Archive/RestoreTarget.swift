import CVexKernels
import Glibc

/// A collection in the making: its keys and vectors, under a number that the store knows to be unfinished.
struct RestoreTarget: Sendable {
    /// What the names of store values begin with that say which collections are in the making.
    static let unfinished = "restoring/"

    private let number: UInt32
    private let name: ByteString
    private let head: ArchiveHead
    private let context: StoreContext
    private var vectors: [SpaceNumber: VectorFile] = [:]
    private var rows = RowBitmap()
    private var lastFile: FileNumber = 0

    /// - Throws: `alreadyExists`, `storeFull`, `inputOutput`.
    init(_ head: ArchiveHead, as name: ByteString, in store: Store) throws(VexFSError) {
        try store.requireFree(name)
        (self.name, self.head) = (name, head)
        let context = store.context
        self.context = context
        try context.space.claim(4096)
        number = try context.write(WriteBatch()) { number, batch in
            batch.put(StoreKey.meta("\(Self.unfinished)\(number)"), [])
            return number
        }
    }

    /// Writes files.
    /// - Throws: `invalidArgument` where they cannot be what an export has, `storeFull`, `inputOutput`.
    mutating func write(_ files: [ArchiveFile]) throws(VexFSError) {
        let size = files.reduce(0) { size, file in
            size + file.content.count + file.vectors.reduce(512) { $0 + $1.bytes.count }
        }
        try context.space.claim(size * 2)
        let batch = WriteBatch(capacity: size)
        for var file in files {
            try file.check(against: head, behind: lastFile)
            // Programs that make themselves root's have no business here.
            file.record.attributes.mode &= 0o1777
            // The numbers of spaces that were removed will be given again.
            file.record.row.named.removeAll { vector in !head.spaces.contains { $0.number == vector.space } }
            let attributes = file.record.attributes
            lastFile = attributes.number
            if let row = attributes.row {
                guard !rows.contains(row) else {
                    throw .damagedExport("file \(attributes.number) has the row of another")
                }
                rows.insert(row)
                for vector in file.vectors { try write(vector.bytes, to: vector.space, at: row, batch) }
                batch.put(StoreKey.document(number, row), file.content)
            } else if attributes.kind != .directory {
                batch.put(StoreKey.scratch(number, attributes.number), file.content)
            }
            batch.put(StoreKey.file(number, attributes.number), file.record.encoded())
        }
        try context.database.write(batch)
    }

    /// Writes a pinned or saved search, or another property.
    func write(property key: String, _ value: [UInt8]) throws(VexFSError) {
        let batch = WriteBatch()
        batch.put(StoreKey.property(number, key), value)
        try context.database.write(batch)
    }

    private mutating func write(
        _ bytes: [UInt8], to space: SpaceNumber, at row: Row, _ batch: WriteBatch
    ) throws(VexFSError) {
        let known = head.spaces.first { $0.number == space }
        let settings = known.flatMap { head.configuration.settings(of: $0.name) }
        // Which it has: the file was checked.
        guard let settings else { return }
        guard settings.kind == .dense, let dimension = settings.dimension else {
            batch.put(StoreKey.vector(number, space, row), bytes)
            return
        }
        let file: VectorFile
        if let open = vectors[space] {
            file = open
        } else {
            file = try VectorFile(
                path: context.directory.vectorFilePath(number, space), dimension: dimension,
                element: settings.element, metric: settings.metric, isFresh: true)
            vectors[space] = file
        }
        try file.write(settings.element.decoded(bytes, count: dimension), count: 1, at: row)
    }

    // MARK: - The end

    /// Makes the collection of what was written and lets the store have it. Its vectors are on the disk then; the rest
    /// is with the next sync.
    /// - Throws: `alreadyExists`, `invalidArgument` where the files are no tree, `inputOutput`.
    func publish(in store: Store) throws(VexFSError) -> Collection {
        for file in vectors.values { try file.sync() }
        var state = Collection.emptyState(
            name: name, configuration: head.configuration, mode: 0o755, owner: 0, group: 0)
        state.spaces = head.spaces
        for place in state.spaces.indices { state.spaces[place].syncedRows = Row(head.documents) }
        state.nextSpace = (head.spaces.map(\.number).max() ?? 0) + 1
        state.reservedFiles = head.filesBelow
        let described = Collection(number: number, context: context, state: state)
        let record = described.state.withLock { described.encodedRecord($0) }
        let made: Collection
        do throws(VexFSError) {
            made = try Collection.load(number: number, record: record, context: context) { _ in nil }
        } catch {
            throw error.code == .corruption ? .damagedExport(error.message) : error
        }
        guard made.state.withLock({ $0.tree.isSound && $0.rows.live.count == head.documents }) else {
            throw .damagedExport("its files are no tree")
        }
        try store.publish(made, as: name) { () throws(VexFSError) in
            let batch = WriteBatch()
            batch.delete(StoreKey.meta("\(Self.unfinished)\(self.number)"))
            try self.context.database.write(batch)
        }
        context.noteUnsynced()
        return made
    }

    /// Gives everything up.
    func drop() {
        do throws(VexFSError) { try Self.drop(number, context.database, context.directory) } catch {
            Log.shared.warn("what a restore began with is dropped at the next open: \(error)")
        }
    }

    private static func drop(
        _ number: UInt32, _ database: Database, _ directory: StoreDirectory
    ) throws(VexFSError) {
        let batch = WriteBatch()
        batch.delete(StoreKey.collection(number))
        for family in StoreKey.Family.ofCollection { batch.deleteAll(prefix: StoreKey.prefix(family, number)) }
        batch.delete(StoreKey.meta("\(unfinished)\(number)"))
        try database.write(batch)
        try directory.removeVectors(of: number, keeping: [])
    }

    /// Drops what restores left that never finished. Called before the collections are read.
    static func dropUnfinished(_ database: Database, _ directory: StoreDirectory) throws(VexFSError) {
        let prefix = StoreKey.meta(unfinished)
        var numbers: [UInt32] = []
        try database.forEach(prefix: prefix) { key, _ in
            if let number = UInt32(String(decoding: key[prefix.count...], as: UTF8.self)) { numbers.append(number) }
            return true
        }
        for number in numbers { try drop(number, database, directory) }
    }
}

extension FileTree {
    /// Whether every file can be found by its path, and no two by one. O(files × depth of the tree).
    var isSound: Bool {
        var isSound = true
        files.records.forEach(from: Int(Collection.rootNumber) + 1) { number, _ in
            guard let file = self[FileNumber(number)] else { return true }
            isSound = lookup(file.name, in: file.parent)?.number == file.number && reachesRoot(file.parent)
            return isSound
        }
        return isSound
    }

    private func reachesRoot(_ directory: FileNumber) -> Bool {
        var (current, steps) = (directory, 0)
        while current != Collection.rootNumber {
            guard let file = files[current], file.kind == .directory, steps < directories.count else { return false }
            (current, steps) = (FileNumber(file.parent), steps + 1)
        }
        return true
    }
}
