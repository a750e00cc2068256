import CVexKernels
import Glibc

/// What `fsck` found.
public struct StoreCheckReport: Sendable {
    /// Something that is not as it was written.
    public struct Problem: Sendable {
        /// The document or file, "collection/path", or the part of the store.
        public var place: String
        /// What is wrong and what to do.
        public var message: String
    }

    /// Collections looked at.
    public var collections = 0
    /// Files of any kind looked at.
    public var files = 0
    /// Vectors whose checksum was compared.
    public var vectors = 0
    /// Bytes of content whose checksum was compared.
    public var contentBytes = 0
    /// What is wrong.
    public var problems: [Problem] = []
    /// Damaged parts of indexes: nothing is lost with them, they are built anew when the store is mounted.
    public var rebuilt: [Problem] = []
    /// What belongs to nothing and takes space: nothing is wrong with what is there.
    public var leftovers: [Problem] = []
}

extension Store {
    /// Reads every byte of a store that is not mounted and compares it with its checksum; changes nothing.
    /// - Parameter progress: called now and then with the number of files looked at.
    /// - Throws: `notAStore`, `newerFormat`, `busy`, and `corruption` where the database cannot be opened at all.
    /// - Complexity: O(bytes in the store).
    public static func check(
        at path: String, progress: (Int) -> Void = { _ in }
    ) throws(VexFSError) -> StoreCheckReport {
        let directory = StoreDirectory(path: path)
        try directory.checkMarker()
        let lock = try directory.lock()
        defer { Glibc.close(lock) }
        var tuning = RocksDB.Tuning()
        tuning.isReadOnly = true
        let database = try Database(of: directory, tuning: tuning)
        defer { database.close() }
        var check = StoreCheck(directory: directory, database: database)
        do throws(VexFSError) { try directory.checkSynced(database.latestChange) } catch {
            check.note("the log", error.message)
        }
        check.run(progress)
        return check.report
    }
}

extension Store {
    /// Lets a store whose log is damaged be opened with what is left of it.
    /// - Throws: `notAStore`, `newerFormat`, `busy`, `corruption`, `inputOutput`.
    public static func acceptLoss(at path: String) throws(VexFSError) {
        let directory = StoreDirectory(path: path)
        try directory.checkMarker()
        let lock = try directory.lock()
        defer { Glibc.close(lock) }
        let database = try Database(of: directory, tuning: RocksDB.Tuning(), acceptsLoss: true)
        defer { database.close() }
        try directory.noteSynced(change: database.latestChange)
    }
}

/// One run of `fsck`.
struct StoreCheck {
    let directory: StoreDirectory
    let database: Database
    var report = StoreCheckReport()
    /// What is known of the collections looked at: those that forks began with come before the forks.
    var known: [UInt32: Known] = [:]

    /// A collection that was looked at.
    struct Known {
        /// The collection that a fork began with, and the row from which on rows are the fork's.
        var base: ForkBase?
        var snapshots: [UInt32] = []
        var vectors: [SpaceNumber: Vectors] = [:]
        /// Rows that a file, a mark or a removed document names.
        var rows = RowBitmap()
    }

    /// What a fork began with.
    struct ForkBase {
        var number: UInt32
        /// Rows from it on are the fork's.
        var rowsBelow: Row
        /// The rows of the documents that it began with.
        var rows: RowBitmap
    }

    init(directory: StoreDirectory, database: Database) {
        self.directory = directory
        self.database = database
    }

    mutating func run(_ progress: (Int) -> Void) {
        var collections: [(UInt32, [UInt8])] = []
        walk(StoreKey.prefix(.collection), "the list of collections") { key, value in
            if key.count == 5 {
                collections.append(
                    (UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 1, as: UInt32.self)), [UInt8](value)))
            }
        }
        for (number, record) in collections {
            report.collections += 1
            check(collection: number, record, progress)
        }
        checkOwners()
    }

    private mutating func check(collection number: UInt32, _ record: [UInt8], _ progress: (Int) -> Void) {
        guard let json = try? JSON.parseControl(record, code: .corruption), case .string(let name)? = json["name"]
        else {
            note("collection \(number)", "its record cannot be read")
            return
        }
        var files: [FileRecord] = []
        var problems: [StoreCheckReport.Problem] = []
        walk(StoreKey.prefix(.file, number), "the files of \(name)") { key, value in
            guard let file = StoreKey.number(of: key), file != Collection.rootNumber, value.count > 0 else { return }
            do throws(VexFSError) {
                files.append(try FileRecord(number: file, decoding: value, withMetadata: false))
            } catch {
                problems.append(.init(place: "\(name), file \(file)", message: error.description))
            }
        }
        report.problems += problems
        known[number] = Known(base: base(of: number, json, name))
        let snapshots = snapshots(of: number, name)
        known[number]?.snapshots = snapshots.map(\.number)
        let isFork = known[number]?.base != nil
        var tree = FileTree(
            root: FileAttributes(
                number: Collection.rootNumber, parent: 0, name: ByteString(name), kind: .directory, mode: 0o755))
        for file in files {
            if file.attributes.number < FileTree.numberEnd, file.attributes.parent < FileTree.numberEnd {
                tree.load(file.attributes)
            } else {
                note("\(name), file \(file.attributes.number)", "its number, or its folder's, is beyond all numbers")
            }
        }
        let noteDerived = { (place: String, message: String, isRebuilt: Bool) in
            if isRebuilt { report.rebuilt.append(.init(place: place, message: message)) } else { note(place, message) }
        }
        var configuration = CollectionConfiguration()
        if let stored = json["configuration"] { try? configuration.merge(stored) }
        let trash = trash(of: number, name)
        for space in spaces(json, name) {
            guard configuration.settings(of: space.name)?.kind ?? .dense == .dense else {
                known[number]?.vectors[space.number] = .stored
                continue
            }
            let place = space.name.isEmpty ? name : "\(name), vectors \"\(space.name)\""
            Store.checkSegments(of: number, space, named: place, in: directory, database, noteDerived)
            let records = (files + trash.map(\.file)).filter { $0.row.checksum(in: space.number) != nil }
            var rows = records.compactMap(\.attributes.row)
            rows += snapshots.compactMap { $0.vectors[space.number]?.last }
            let last = rows.filter { owner(of: $0, in: number) == number }.max()
            let file = openVectors(number, space, place, json, rows: last.map { Int($0) + 1 } ?? 0)
            known[number]?.vectors[space.number] = .file(file)
        }
        if !isFork {
            Store.checkTreeImage(of: number, named: name, json, files: files, in: directory, database, noteDerived)
        }
        for file in files {
            report.files += 1
            if report.files % 1000 == 0 { progress(report.files) }
            let path = tree.path(of: file.attributes.number)
            // A fork's folder may be one that it began with.
            guard path != nil || isFork else {
                note("\(name), file \(file.attributes.number)", "its folder is missing from the store")
                continue
            }
            if let row = file.attributes.row { known[number]?.rows.insert(row) }
            check(file, "\(name)/\(path ?? file.attributes.name.string)", number)
        }
        for snapshot in snapshots.reversed() { check(snapshot, number, name) }
        check(trash, number, name)
        checkVersions(of: number, name)
    }

    private mutating func check(
        _ trash: [(entry: TrashEntry, file: FileRecord)], _ number: UInt32, _ name: String
    ) {
        for (entry, file) in trash {
            report.files += 1
            if let row = file.attributes.row { known[number]?.rows.insert(row) }
            check(file, "\(name)/.vexfs/trash/\(entry.name)", number)
        }
    }

    /// The documents in a collection's trash.
    private mutating func trash(of number: UInt32, _ name: String) -> [(entry: TrashEntry, file: FileRecord)] {
        var trash: [(entry: TrashEntry, file: FileRecord)] = []
        var problems: [StoreCheckReport.Problem] = []
        walk(StoreKey.prefix(.trash, number), "the trash of \(name)") { key, value in
            guard let sequence = StoreKey.number(of: key) else { return }
            do throws(VexFSError) {
                trash.append(try TrashEntry.decode(value, sequence: sequence, withMetadata: false))
            } catch {
                problems.append(.init(place: "\(name), removed document \(sequence)", message: error.description))
            }
        }
        report.problems += problems
        return trash
    }

    /// The vectors that the collection's documents can have.
    private mutating func spaces(_ json: JSON, _ name: String) -> [VectorSpace] {
        var spaces = [VectorSpace(number: VectorSpace.unnamed, name: "")]
        for record in json["spaces"]?.arrayValue ?? [] {
            do throws(VexFSError) { spaces.append(try VectorSpace(record: record)) } catch { note(name, error.message) }
        }
        return spaces
    }

    private mutating func openVectors(
        _ number: UInt32, _ space: VectorSpace, _ place: String, _ json: JSON, rows: Int
    ) -> VectorFile? {
        let path = directory.vectorFilePath(number, space.number)
        var status = stat()
        do throws(VexFSError) {
            var configuration = CollectionConfiguration()
            if let stored = json["configuration"] { try configuration.merge(stored) }
            guard stat(path, &status) == 0, let settings = configuration.settings(of: space.name),
                let dimension = settings.dimension
            else { return nil }
            let file = try VectorFile(
                path: path, dimension: dimension, element: settings.element, metric: settings.metric, isReadOnly: true)
            let present = max(0, Int(status.st_size) - VectorFile.headerBytes) / file.storedStride
            if present < rows { note("\(place), vector file", "it ends before row \(present) of \(rows)") }
            let packs = try database.packs(of: number).filter { $0.space == space.number }
            let packed = packs.map { ($0.chunk + 1) * VectorFile.rowsPerChunk }.max() ?? 0
            try file.map(through: max(rows, packed))
            for (chunk, _, record) in packs {
                do throws(VexFSError) {
                    file.install(try file.openPack(record, chunk: chunk), chunk: chunk)
                } catch {
                    note("\(place), pack of rows \(chunk * VectorFile.rowsPerChunk) on", error.description)
                }
            }
            return file
        } catch {
            note("\(place), vector file", error.description)
            return nil
        }
    }

    /// - Parameter kept: the content of a file that is no document, where it stands elsewhere than the file's.
    mutating func check(_ file: FileRecord, _ place: String, _ number: UInt32, kept: [UInt8]? = nil) {
        guard file.attributes.kind != .directory else { return }
        let row = file.attributes.row
        let owner = row.map { self.owner(of: $0, in: number) } ?? number
        let vectors = known[owner]?.vectors ?? [:]
        let key = row.map { StoreKey.document(owner, $0) } ?? StoreKey.scratch(number, file.attributes.number)
        do throws(VexFSError) {
            let stored = row == nil && kept != nil ? kept : try database.value(key)
            guard let bytes = stored else {
                // A fork's own record of a file whose content it did not write.
                if row == nil, known[number]?.base != nil { return }
                note(place, "its content is missing; write the file again")
                return
            }
            report.contentBytes += bytes.count
            let checksum = bytes.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
            if file.attributes.kind != .symlink && checksum != file.contentChecksum {
                note(place, "its content is not what was written; write the file again")
            }
            guard let row else { return }
            for space in vectors.keys.sorted() {
                guard let checksum = file.row.checksum(in: space) else { continue }
                report.vectors += 1
                guard try found(vectors[space] ?? .stored, owner, space, row) == checksum else {
                    note(place, "its vector is not what was written; write the file again to make it anew")
                    continue
                }
            }
        } catch {
            note(place, error.description)
        }
    }

    /// Where the vectors of a space are.
    enum Vectors {
        /// In a file; nil where it cannot be read.
        case file(VectorFile?)
        /// In the database.
        case stored
    }

    /// The checksum of a row's vector as it is; nil where there is none.
    private func found(
        _ vectors: Vectors, _ number: UInt32, _ space: SpaceNumber, _ row: Row
    ) throws(VexFSError) -> UInt32? {
        switch vectors {
        case .file(let file): return file.flatMap { file in file.vector(row).map { file.checksum($0) } }
        case .stored:
            let bytes = try database.value(StoreKey.vector(number, space, row))
            return bytes.map { $0.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) } }
        }
    }

    mutating func walk(
        _ prefix: [UInt8], _ what: String, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        do throws(VexFSError) {
            try database.forEach(prefix: prefix) { key, value in
                body(key, value)
                return true
            }
        } catch {
            note(what, "cannot be read to its end: \(error)")
        }
    }

    mutating func note(_ place: String, _ message: String) {
        report.problems.append(.init(place: place, message: message))
    }
}
