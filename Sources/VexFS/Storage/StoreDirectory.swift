import Glibc

/// The directory of a store: its marker file, its lock and where everything lies. Layout: `docs/format.md`.
struct StoreDirectory {
    /// The format that this program gives to new stores.
    static let formatVersion: Int64 = 2
    /// The format of a store that has, or had, snapshots or forks: a program that does not know them would delete what
    /// they keep.
    static let formatWithSnapshots: Int64 = 3
    /// The latest format that this program reads; it reads all before.
    static let readableVersion = formatWithSnapshots

    /// The directory's path.
    let path: String

    var databasePath: String { path + "/documents" }
    var journalPath: String { path + "/journal" }
    var vectorsPath: String { path + "/vectors" }
    var segmentsPath: String { path + "/segments" }
    var treesPath: String { path + "/trees" }
    var markerPath: String { path + "/VEXFS" }
    var lockPath: String { path + "/LOCK" }
    var syncedPath: String { path + "/SYNCED" }

    func vectorFilePath(_ collection: UInt32, _ space: SpaceNumber = VectorSpace.unnamed) -> String {
        "\(vectorsPath)/\(Self.fileStem(collection, space)).vec"
    }

    /// How the names of a space's files begin.
    static func fileStem(_ collection: UInt32, _ space: SpaceNumber) -> String {
        space == VectorSpace.unnamed ? "\(collection)" : "\(collection).\(space)"
    }

    func treePath(_ file: String) -> String { "\(treesPath)/\(file)" }

    func segmentPath(_ file: String) -> String { "\(segmentsPath)/\(file)" }

    /// Makes an empty store: a missing or empty directory becomes one.
    /// - Throws: `alreadyExists` where the directory holds anything, `inputOutput`, `storeFull`.
    func format() throws(VexFSError) {
        try SystemCall.makeDirectory(path)
        guard try isEmpty() else {
            throw VexFSError(.alreadyExists, "the directory is not empty; give a new or an empty one", at: path)
        }
        try SystemCall.makeDirectory(vectorsPath)
        var tuning = RocksDB.Tuning()
        tuning.createIfMissing = true
        try RocksDB(path: databasePath, tuning: tuning).close()
        try writeMarker(Self.formatVersion, created: SystemCall.now() / 1_000_000_000)
    }

    private func writeMarker(_ format: Int64, created: Int64) throws(VexFSError) {
        let marker = "{\"format\":\(format),\"created\":\(created)}\n"
        let temporary = markerPath + ".new"
        let descriptor = try SystemCall.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        try Array(marker.utf8).withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(descriptor, bytes, at: 0)
        }
        try SystemCall.syncData(descriptor)
        // The marker comes last: a directory without it is not a store, whatever else a cut-off format left in it.
        guard rename(temporary, markerPath) == 0 else { throw SystemCall.error("name the marker", errno) }
        try SystemCall.syncDirectory(path)
    }

    /// Lets no program that knows only an earlier format have the store any more.
    func raiseFormat(to format: Int64) throws(VexFSError) {
        let marker = try JSON.parseControl(try SystemCall.readAll(markerPath), code: .notAStore)
        try writeMarker(format, created: marker["created"]?.integerValue ?? 0)
    }

    /// Checks the marker; returns the format that the store has.
    /// - Throws: `notAStore`, or `newerFormat` where a later VexFS made the store.
    @discardableResult
    func checkMarker() throws(VexFSError) -> Int64 {
        var status = stat()
        guard stat(markerPath, &status) == 0 else {
            throw VexFSError(
                .notAStore, "this is not a VexFS store; make one with: vexfs-fuse format \(path)", at: path)
        }
        let marker = try JSON.parseControl(try SystemCall.readAll(markerPath), code: .notAStore)
        guard case .integer(let version)? = marker["format"], version >= 1 else {
            throw VexFSError(.notAStore, "the marker names no format version", at: markerPath)
        }
        guard version <= Self.readableVersion else {
            throw VexFSError(
                .newerFormat,
                "the store has format \(version) and this program reads up to \(Self.readableVersion); "
                    + "use a newer VexFS",
                at: path)
        }
        return version
    }

    /// Takes the store for this process; the lock goes with the descriptor or the process.
    /// - Throws: `busy` where another process has it.
    func lock() throws(VexFSError) -> Int32 {
        let descriptor = try SystemCall.open(lockPath, O_RDWR | O_CREAT)
        // A program that the last holder started keeps a copy of its descriptor for the moment before exec.
        for _ in 0..<20 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            usleep(10_000)
        }
        close(descriptor)
        throw VexFSError(.busy, "the store is in use by another process: mounted, or under fsck", at: path)
    }

    /// Notes that every change up to this one is on the disk. Not synced itself: an older note only proves less.
    func noteSynced(change: UInt64) throws(VexFSError) {
        let descriptor = try SystemCall.open(syncedPath, O_WRONLY | O_CREAT)
        defer { close(descriptor) }
        var writer = ByteWriter(capacity: 8)
        writer.append(change)
        try writer.bytes.withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(descriptor, bytes, at: 0)
        }
    }

    /// Checks that a log that ends at `last` holds every change that was noted as synced; a damaged one ends before its
    /// end without a word.
    /// - Throws: `corruption` with what is missing.
    func checkSynced(_ last: UInt64) throws(VexFSError) {
        var status = stat()
        guard stat(syncedPath, &status) == 0 else { return }
        let bytes = try SystemCall.readAll(syncedPath)
        guard bytes.count == 8 else { return }
        let synced = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard last < synced else { return }
        throw VexFSError(
            .corruption,
            "the log is damaged: it ends at change \(last), and \(synced) changes were on the disk; "
                + "restore a backup, or go on without them: vexfs-fuse fsck --accept-loss \(path)",
            at: path)
    }

    /// Makes the directories of derived data where there are none, and removes files that nothing names: what a
    /// process left that died while it wrote them.
    func prepareDerived(segments: Set<String>, trees: Set<String>) throws(VexFSError) {
        for (path, named) in [(segmentsPath, segments), (treesPath, trees)] {
            try SystemCall.makeDirectory(path)
            for name in try names(in: path) where !named.contains(name) { unlink("\(path)/\(name)") }
        }
    }

    /// Removes the vector files and the packs of a collection but for those that `kept` names.
    func removeVectors(of collection: UInt32, keeping kept: Set<String>) throws(VexFSError) {
        for name in try names(in: vectorsPath) where name.hasPrefix("\(collection).") {
            let file = "\(vectorsPath)/\(name)"
            guard !kept.contains(file), unlink(file) != 0, errno != ENOENT else { continue }
            throw SystemCall.error("remove \(file)", errno)
        }
    }

    private func isEmpty() throws(VexFSError) -> Bool {
        // "lost+found" is what a freshly made ext4 holds.
        try names(in: path).allSatisfy { $0 == "lost+found" }
    }

    private func names(in path: String) throws(VexFSError) -> [String] {
        guard let directory = opendir(path) else { throw SystemCall.error("open \(path)", errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
