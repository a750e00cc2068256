import CVexKernels
import Glibc

/// A collection in the making: its keys and vectors, under a number that the store knows to be unfinished.
struct RestoreTarget: Sendable {
    private static let unfinished = "restoring/"

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
        for file in files {
            try check(file)
            let attributes = file.record.attributes
            lastFile = attributes.number
            if let row = attributes.row {
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

    private func check(_ file: ArchiveFile) throws(VexFSError) {
        let attributes = file.record.attributes
        let isRoot = attributes.number == Collection.rootNumber
        guard attributes.number > lastFile, attributes.number < head.filesBelow,
            attributes.number < FileTree.numberEnd, attributes.version > 0 || isRoot,
            isRoot == (lastFile == 0), !isRoot || attributes.kind == .directory,
            attributes.kind == .document || attributes.row == nil
        else { throw .damagedExport("file \(attributes.number) cannot stand where it stands") }
        if let row = attributes.row {
            guard Int(row) < head.documents, !rows.contains(row) else {
                throw .damagedExport("file \(attributes.number) has the row of another")
            }
        }
        let named = head.spaces.map(\.number).filter { file.record.row.checksum(in: $0) != nil }
        guard named == file.vectors.map(\.space) else {
            throw .damagedExport("file \(attributes.number) has not the vectors that it names")
        }
        for (space, bytes) in file.vectors
        where vexfs_crc32c(0, bytes, bytes.count) != file.record.row.checksum(in: space) {
            throw .damagedExport("file \(attributes.number) has another vector than its record says")
        }
        if !isRoot {
            do throws(VexFSError) { try FileNaming.check(attributes.name) } catch {
                throw .damagedExport("file \(attributes.number): \(error.message)")
            }
        }
    }

    private mutating func write(
        _ bytes: [UInt8], to space: SpaceNumber, at row: Row, _ batch: WriteBatch
    ) throws(VexFSError) {
        let known = head.spaces.first { $0.number == space }
        let settings = known.flatMap { head.configuration.settings(of: $0.name) }
        if let settings, settings.kind != .dense {
            guard settings.describes(stored: bytes) else { throw .undescribedVector(of: row) }
            batch.put(StoreKey.vector(number, space, row), bytes)
            return
        }
        guard let settings, let dimension = settings.dimension, bytes.count == dimension * settings.element.byteCount
        else { throw .undescribedVector(of: row) }
        let file: VectorFile
        if let open = vectors[space] {
            file = open
        } else {
            file = try VectorFile(
                path: context.directory.vectorFilePath(number, space), dimension: dimension,
                element: settings.element, metric: settings.metric, isFresh: true)
            vectors[space] = file
        }
        let vector = [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
            buffer.initialize(repeating: 0)
            bytes.withUnsafeBytes { bytes in
                // As many components as the vector has: checked above.
                if let start = bytes.baseAddress {
                    settings.element.decode(start, into: UnsafeMutableBufferPointer(rebasing: buffer[..<dimension]))
                }
            }
            count = dimension
        }
        try file.write(vector, count: 1, at: row)
    }

    // MARK: - The end

    /// Makes the collection of what was written and lets the store have it, on the disk.
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
        let made = try Collection.load(number: number, record: record, context: context) { _ in nil }
        guard made.state.withLock({ $0.tree.isSound && $0.rows.live.count == head.documents }) else {
            throw .damagedExport("its files are no tree")
        }
        try store.publish(made, as: name) { () throws(VexFSError) in
            let batch = WriteBatch()
            batch.delete(StoreKey.meta("\(Self.unfinished)\(self.number)"))
            try self.context.database.write(batch)
        }
        context.noteUnsynced()
        try context.sync()
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

extension VectorSettings {
    /// Whether bytes are the stored value of such a vector.
    fileprivate func describes(stored bytes: [UInt8]) -> Bool {
        guard let vector = try? bytes.withUnsafeBytes({ try StoredVector.decoded($0) }) else { return false }
        guard case .multiple(let values, let count) = vector, kind == .multiple else { return kind == vector.kind }
        return dimension == vector.dimension && bytes == StoredVector.encoded(values, count: count, element)
    }
}

extension DocumentVector {
    fileprivate var kind: VectorSettings.Kind {
        switch self {
        case .dense: .dense
        case .sparse: .sparse
        case .multiple: .multiple
        }
    }
}

extension VexFSError {
    fileprivate static func undescribedVector(of row: Row) -> VexFSError {
        .damagedExport("row \(row) has a vector that its settings do not describe")
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
