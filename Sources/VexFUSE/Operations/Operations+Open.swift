import CFuseShim
import Glibc
import VexFS

extension Operations {
    // MARK: OPEN, RELEASE

    func open(_ request: Request, _ raw: fuse_ino_t, _ info: fuse_file_info) throws(VexFSError) {
        var info = info
        let handle: any OpenHandle
        switch try node(raw) {
        case .root: throw VexFSError(.isADirectory, "this is a directory")
        case .file(let file):
            guard let attributes = file.collection.attributes(of: file.number) ?? removed(file) else { throw Self.gone }
            handle = try openFile(file, attributes, isNew: false, &info)
        case .virtual(let node):
            guard let file = node as? any VirtualFile else {
                throw VexFSError(.isADirectory, "this is not a file", at: node.key)
            }
            handle = try file.open(flags: info.flags, caller: request.caller, in: self)
            info.direct_io = 1
        }
        info.fh = handles.insert(handle)
        if !request.reply(open: info) { release(info.fh) }
    }

    private func removed(_ file: CollectionFile) -> FileAttributes? { openFiles.find(file.id)?.removedAttributes }

    /// Makes the handle for a file of a collection and says how the kernel may cache it.
    ///
    /// Handles that write get direct I/O, so that every write arrives at once and its error reaches the writer; so do
    /// handles on a file that is being written, whose size in the page cache is the draft's.
    func openFile(
        _ file: CollectionFile, _ attributes: FileAttributes, isNew: Bool, _ info: inout fuse_file_info
    ) throws(VexFSError) -> any OpenHandle {
        guard attributes.kind == .document || attributes.kind == .scratch else {
            throw VexFSError(.isADirectory, "this is not a file", at: file.path)
        }
        let isWritable = info.flags & O_ACCMODE != O_RDONLY
        if isWritable { try file.collection.requireWritable() }
        let open = openFiles.acquire(file, isScratch: attributes.kind == .scratch, budget: budget)
        if isWritable || open.shownDraft != nil || open.scratch?.uncommitted != nil {
            info.direct_io = 1
            // Readers of a scratch file see every write: their pages go now, and new ones come from the buffer.
            if isWritable, open.scratch != nil { contentChanged(file.id) }
        } else {
            info.keep_cache = inodes.openedForReading(file.id, version: attributes.version) ? 1 : 0
        }
        if let buffer = open.scratch {
            return ScratchHandle(open, buffer, flags: info.flags, fillsPages: info.direct_io == 0, in: self)
        }
        return DocumentHandle(
            open, attributes: attributes, flags: info.flags, isNew: isNew, fillsPages: info.direct_io == 0,
            owner: nextOwner(), in: self)
    }

    func release(_ handle: UInt64) { handles.remove(handle)?.release() }

    /// Notes that a handle is gone. A file that was made and whose first commit failed goes with its last handle: its
    /// name stands for nothing that is kept.
    func closed(_ open: OpenFile) {
        let file = open.file
        guard openFiles.release(open), open.removedAttributes == nil,
            let attributes = file.collection.attributes(of: file.number), attributes.version == 0
        else { return }
        file.collection.discard(file.number)
        kernel.forgetEntry(attributes.name, in: NodeID(collection: file.collection.number, file: attributes.parent))
    }

    // MARK: CREATE, MKNOD

    func create(
        _ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>, mode: mode_t,
        _ info: fuse_file_info
    ) throws(VexFSError) {
        let directory = try self.directory(raw, forCreating: "a file")
        let name = try Self.name(pointer)
        let caller = request.caller
        var info = info
        var attributes: FileAttributes
        var isNew = true
        do throws(VexFSError) {
            attributes = try directory.collection.createFile(
                name, in: directory.number, mode: UInt16(mode & 0o7777), owner: caller.user, group: caller.group)
        } catch {
            // Someone else made it since the kernel looked.
            guard error.code == .alreadyExists, info.flags & O_EXCL == 0,
                let existing = directory.collection.lookup(name, in: directory.number)
            else { throw error }
            attributes = existing
            isNew = false
        }
        let file = CollectionFile(collection: directory.collection, number: attributes.number)
        let entry = try entry(file)
        let handle: any OpenHandle
        do throws(VexFSError) {
            handle = try openFile(file, attributes, isNew: isNew, &info)
        } catch {
            // The kernel is not told of this lookup.
            inodes.forget(file.id, 1)
            if isNew { file.collection.discard(file.number) }
            throw error
        }
        info.fh = handles.insert(handle)
        if !request.reply(created: entry, open: info) {
            release(info.fh)
            inodes.forget(file.id, 1)
        }
    }

    func mknod(
        _ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>, mode: mode_t
    ) throws(VexFSError) {
        guard mode & S_IFMT == S_IFREG || mode & S_IFMT == 0 else {
            throw VexFSError(.notPermitted, "only ordinary files, directories and symbolic links can be made here")
        }
        let directory = try self.directory(raw, forCreating: "a file")
        let name = try Self.name(pointer)
        let caller = request.caller
        work(request, at: { "\(directory.path)/\(name)" }) { () throws(VexFSError) in
            let made = try directory.collection.createFile(
                name, in: directory.number, mode: UInt16(mode & 0o7777), owner: caller.user, group: caller.group)
            // No handle will flush it: it is kept as an empty file right away.
            do throws(VexFSError) {
                _ = try directory.collection.commit(
                    [], to: made.number, parsed: nil, modified: Clock.now())
            } catch {
                directory.collection.discard(made.number)
                throw error
            }
            try self.reply(request, entry: CollectionFile(collection: directory.collection, number: made.number))
        }
    }

    /// The directory of a collection in which something is to be made.
    func directory(_ raw: fuse_ino_t, forCreating what: String) throws(VexFSError) -> CollectionFile {
        switch try node(raw) {
        case .file(let file): return file
        case .root:
            throw VexFSError(.notPermitted, "\(what) cannot be here: mkdir makes a collection, and files go into it")
        case .virtual(let node):
            throw VexFSError(.notPermitted, "\(what) cannot be made here", at: node.key)
        }
    }

    // MARK: READ, WRITE, FLUSH, FSYNC

    /// The open file with a number.
    func handle(_ number: UInt64) throws(VexFSError) -> any OpenHandle {
        guard let handle = handles.find(number) else {
            throw VexFSError(.inputOutput, "the kernel named a file that is not open")
        }
        return handle
    }

    /// Stores what changed in an open scratch file. Blocks; not for the reader thread, except at a release.
    func commit(_ open: OpenFile, _ buffer: ScratchBuffer) throws(VexFSError) {
        try buffer.committing.withLock { (_) throws(VexFSError) in
            guard open.removedAttributes == nil else { return }
            let file = open.file
            if let changes = buffer.changes() {
                _ = try file.collection.commit(
                    changes.bytes, to: file.number, parsed: nil, modified: changes.modified)
                buffer.committed(generation: changes.generation)
                contentChanged(file.id)
            } else if let attributes = file.collection.attributes(of: file.number), attributes.version == 0 {
                _ = try file.collection.commit(
                    [], to: file.number, parsed: nil, modified: attributes.modified)
            }
        }
    }
}
