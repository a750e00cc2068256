import Glibc

/// Names and attributes: everything but content.
extension Collection {
    /// The attributes of a file, or nil where it is gone.
    public func attributes(of file: FileNumber) -> FileAttributes? { state.withLock { $0.tree[file] } }

    /// The file of that name in a directory.
    public func lookup(_ name: ByteString, in parent: FileNumber) -> FileAttributes? {
        state.withLock { $0.tree.lookup(name, in: parent) }
    }

    /// Walks a directory's entries behind a cookie (0: from the start); false ends the walk. "." and ".." are not
    /// among them.
    ///
    /// The walk holds the collection's lock: `body` must be short and must not call back.
    public func list(_ directory: FileNumber, after cookie: UInt64, _ body: (DirectoryEntry) -> Bool) {
        state.withLock { $0.tree.list(directory, after: cookie, body) }
    }

    /// The path below the collection, "" for the collection itself.
    public func path(of file: FileNumber) -> String? { state.withLock { $0.tree.path(of: file) } }

    /// Makes an empty file that exists only in memory until its first commit.
    /// - Throws: `alreadyExists`, `notFound`, `nameTooLong`, `invalidName`.
    public func createFile(
        _ name: ByteString, in parent: FileNumber, mode: UInt16, owner: UInt32, group: UInt32
    ) throws(VexFSError) -> FileAttributes {
        try requireWritable()
        try FileNaming.check(name)
        try reserveFileNumbers()
        let file: Result<FileAttributes, VexFSError> = state.withLock { state in
            if let problem = Self.cannotPlace(name, in: parent, state) { return .failure(problem) }
            let kind = FileNaming.kind(of: name, inScratch: state.tree.isScratchDirectory(parent))
            var file = FileAttributes(
                number: state.nextFile, parent: parent, name: name, kind: kind, mode: mode & 0o7777)
            state.nextFile += 1
            file.owner = owner
            file.group = group
            file.modified = SystemCall.now()
            file.changed = file.modified
            state.tree.insert(file)
            Self.touchDirectory(parent, file.modified, &state)
            return .success(file)
        }
        return try file.get()
    }

    /// Forgets a file that was created and never committed.
    public func discard(_ file: FileNumber) {
        state.withLock { state in
            if state.tree[file]?.version == 0 { state.tree.remove(file) }
        }
    }

    /// Makes a folder.
    /// - Throws: `alreadyExists`, `notFound`, `nameTooLong`, `invalidName`, `storeFull`.
    public func makeDirectory(
        _ name: ByteString, in parent: FileNumber, mode: UInt16, owner: UInt32, group: UInt32
    ) throws(VexFSError) -> FileAttributes {
        try add(name, in: parent, kind: .directory, mode: mode, owner: owner, group: group, content: nil)
    }

    /// Makes a symbolic link with any target.
    /// - Throws: `alreadyExists`, `notFound`, `nameTooLong`, `invalidName`, `storeFull`.
    public func makeSymlink(
        _ name: ByteString, in parent: FileNumber, target: [UInt8], owner: UInt32, group: UInt32
    ) throws(VexFSError) -> FileAttributes {
        try add(name, in: parent, kind: .symlink, mode: 0o777, owner: owner, group: group, content: target)
    }

    private func add(
        _ name: ByteString, in parent: FileNumber, kind: FileKind, mode: UInt16, owner: UInt32, group: UInt32,
        content: [UInt8]?
    ) throws(VexFSError) -> FileAttributes {
        try FileNaming.check(name)
        try context.space.claim(4096)
        try reserveFileNumbers()
        return try write { () throws(VexFSError) in
            let placed: Result<FileAttributes, VexFSError> = state.withLock { state in
                if let problem = Self.cannotPlace(name, in: parent, state) { return .failure(problem) }
                var file = FileAttributes(
                    number: state.nextFile, parent: parent, name: name, kind: kind, mode: mode & 0o7777)
                state.nextFile += 1
                file.owner = owner
                file.group = group
                file.size = Int64(content?.count ?? 0)
                file.modified = SystemCall.now()
                file.changed = file.modified
                file.version = 1
                return .success(file)
            }
            let file = try placed.get()
            let batch = WriteBatch()
            put(FileRecord(attributes: file), batch)
            if let content { batch.put(StoreKey.scratch(number, file.number), content) }
            try database.write(batch)
            state.withLock { state in
                state.tree.insert(file)
                Self.touchDirectory(parent, file.modified, &state)
            }
            return file
        }
    }

    /// Removes a file that is not a directory, and returns what it was.
    /// - Parameter keepsInTrash: whether a document stays in the trash, where the settings want one.
    /// - Throws: `notFound`, `isADirectory`.
    public func remove(
        _ name: ByteString, in parent: FileNumber, keepsInTrash: Bool = false
    ) throws(VexFSError) -> FileAttributes {
        try write { () throws(VexFSError) in
            guard let file = lookup(name, in: parent) else { throw VexFSError(.notFound, "there is no \(name)") }
            guard file.kind != .directory else { throw VexFSError(.isADirectory, "\(name) is a folder") }
            let batch = WriteBatch()
            let now = SystemCall.now()
            let removals = removals([file])
            let change = keepsInTrash ? try moveToTrash(file, batch, at: now) : nil
            if change == nil { deleteRecords(of: file, batch) }
            if file.version > 0 { try database.write(batch) }
            state.withLock { state in
                if let change { state.apply(change) }
                Self.forget(file, &state)
                Self.touchDirectory(parent, now, &state)
            }
            changes.publish(removals)
            context.metrics.increment(.documentsRemoved, by: file.row == nil ? 0 : 1)
            return file
        }
    }

    /// Removes an empty folder.
    /// - Throws: `notFound`, `notADirectory`, `notEmpty`.
    public func removeDirectory(_ name: ByteString, in parent: FileNumber) throws(VexFSError) -> FileAttributes {
        try write { () throws(VexFSError) in
            guard let file = lookup(name, in: parent) else { throw VexFSError(.notFound, "there is no \(name)") }
            guard file.kind == .directory else { throw VexFSError(.notADirectory, "\(name) is not a folder") }
            guard state.withLock({ $0.tree.childCount(file.number) }) == 0 else {
                throw VexFSError(.notEmpty, "the folder \(name) is not empty")
            }
            let batch = WriteBatch()
            let now = SystemCall.now()
            deleteRecord(of: file.number, batch)
            try database.write(batch)
            state.withLock { state in
                state.tree.remove(file.number)
                Self.touchDirectory(parent, now, &state)
            }
            return file
        }
    }

    /// Changes permission bits, owner, group or time; nil leaves a value as it is.
    /// - Throws: `notFound`, `storeFull`.
    public func setAttributes(
        of file: FileNumber, mode: UInt16?, owner: UInt32?, group: UInt32?, modified: Int64?
    ) throws(VexFSError) -> FileAttributes {
        try write { () throws(VexFSError) in
            guard var changed = attributes(of: file) else { throw VexFSError(.notFound, "the file is gone") }
            if let mode { changed.mode = mode & 0o7777 }
            if let owner { changed.owner = owner }
            if let group { changed.group = group }
            if let modified { changed.modified = modified }
            changed.changed = SystemCall.now()
            if changed.version > 0 || file == Self.rootNumber {
                var record = try fileRecord(file)
                record.attributes = changed
                let batch = WriteBatch()
                put(record, batch)
                try database.write(batch)
            }
            state.withLock { state in
                state.tree.update(file) { shown in
                    (shown.mode, shown.owner, shown.group) = (changed.mode, changed.owner, changed.group)
                    (shown.modified, shown.changed) = (changed.modified, changed.changed)
                }
            }
            return changed
        }
    }

    // MARK: - Shared steps

    /// The stored record of a file; a fresh one for a file that was never committed.
    func fileRecord(_ file: FileNumber) throws(VexFSError) -> FileRecord {
        if let record = try storedRecord(file) { return record }
        guard let attributes = attributes(of: file) else { throw VexFSError(.notFound, "the file is gone") }
        return FileRecord(attributes: attributes)
    }

    /// The stored record of a file with its attributes as they are now.
    /// - Throws: `notFound` where the file is gone.
    func currentRecord(_ file: FileNumber) throws(VexFSError) -> FileRecord {
        guard let attributes = attributes(of: file) else { throw VexFSError(.notFound, "the file is gone") }
        var record = attributes.version > 0 ? try fileRecord(file) : FileRecord(attributes: attributes)
        record.attributes = attributes
        return record
    }

    /// Adds the deletion of a file's record and content to a batch.
    func deleteRecords(of file: FileAttributes, _ batch: WriteBatch) {
        deleteRecord(of: file.number, batch)
        deleteContent(of: file, batch)
    }

    /// Adds the deletion of a file's committed content to a batch.
    func deleteContent(of file: FileAttributes, _ batch: WriteBatch) {
        guard file.version > 0 else { return }
        if let row = file.row {
            deleteRow(row, batch)
        } else if file.kind != .directory {
            batch.delete(StoreKey.scratch(number, file.number))
        }
    }

    /// Takes a file and its row out of what readers see.
    static func forget(_ file: FileAttributes, _ state: inout State) {
        state.tree.remove(file.number)
        if let row = file.row { state.remove(row) }
        if file.state == .pending { state.pendingCount -= 1 }
        if file.kind == .scratch { state.scratchBytes -= Int(file.size) }
    }

    /// Shows a directory's new time at once; on the disk it is with the next sync, so that a new document costs no
    /// third record.
    static func touchDirectory(_ directory: FileNumber, _ time: Int64, _ state: inout State) {
        state.tree.update(directory) { attributes in
            attributes.modified = time
            attributes.changed = time
        }
        state.touchedDirectories.insert(directory)
    }

    /// Adds the records of the directories whose times changed since they were written last. The writer's lock is held.
    func putTouchedDirectories(_ batch: WriteBatch) {
        let touched: [FileAttributes] = state.withLock { state in
            defer { state.touchedDirectories = [] }
            return state.touchedDirectories.compactMap { state.tree[$0] }
        }
        for directory in touched where directory.version > 0 || directory.number == Self.rootNumber {
            put(FileRecord(attributes: directory), batch)
        }
    }

    static func cannotPlace(_ name: ByteString, in parent: FileNumber, _ state: borrowing State) -> VexFSError? {
        if state.nextFile >= FileTree.numberEnd { return .noFileNumbers }
        guard state.tree.files[parent]?.kind == .directory else {
            return VexFSError(.notFound, "the folder is gone")
        }
        if state.tree.lookup(name, in: parent) != nil {
            return VexFSError(.alreadyExists, "there is a \(name) already")
        }
        return nil
    }

    /// Keeps file numbers ahead of what the database has promised never to give again.
    private func reserveFileNumbers() throws(VexFSError) {
        guard state.withLock({ $0.nextFile >= $0.reservedFiles }) else { return }
        try write { () throws(VexFSError) in
            let batch = WriteBatch()
            reserveFileNumbers(batch)
            try database.write(batch)
        }
    }

    /// Adds the promise of more file numbers to a batch, where they run out. The writer's lock is held.
    func reserveFileNumbers(_ batch: WriteBatch, count: FileNumber = 0) {
        state.withLock { state in
            guard state.nextFile + count >= state.reservedFiles else { return }
            let reserved = state.nextFile + count + 4096
            batch.reservedFiles = reserved
            batch.put(StoreKey.collection(number), encodedRecord(state, changedBy: batch))
            batch.onceWritten { [self] in self.state.withLock { $0.reservedFiles = reserved } }
        }
    }
}
