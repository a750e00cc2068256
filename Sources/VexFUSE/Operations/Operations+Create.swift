import CFuseShim
import Glibc
import VexFS
import VexService

extension Operations {
    // MARK: MKDIR, SYMLINK, LINK

    func mkdir(
        _ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>, mode: mode_t
    ) throws(VexFSError) {
        let caller = request.caller
        let bits = UInt16(mode & 0o7777)
        switch try node(raw) {
        case .root:
            let name = try Self.name(pointer)
            work(request, at: { name.string }) { () throws(VexFSError) in
                let made = try self.store.createCollection(
                    named: name, mode: bits, owner: caller.user, group: caller.group)
                try self.reply(request, entry: CollectionFile(collection: made, number: Collection.rootNumber))
            }
        case .file(let parent):
            let name = try Self.name(pointer)
            work(request, at: { "\(parent.path)/\(name)" }) { () throws(VexFSError) in
                let made = try parent.collection.makeDirectory(
                    name, in: parent.number, mode: bits, owner: caller.user, group: caller.group)
                try self.reply(request, entry: CollectionFile(collection: parent.collection, number: made.number))
            }
        case .virtual(let node):
            let directory = try virtualDirectory(node)
            let name = try Self.name(pointer, isQuery: true)
            work(request, at: { "\(directory.key)/\(name)" }) { () throws(VexFSError) in
                if let snapshots = directory as? SnapshotDirectory {
                    return try self.reply(request, entry: try snapshots.make(name))
                }
                try self.reply(request, entry: try directory.makeDirectory(name))
            }
        }
    }

    func symlink(
        _ request: Request, target: UnsafePointer<CChar>, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>
    ) throws(VexFSError) {
        let name = try Self.name(pointer)
        let target = Array(UnsafeRawBufferPointer(start: target, count: strlen(target)))
        if case .virtual(let node) = try node(raw) {
            let directory = try virtualDirectory(node)
            work(request, at: { "\(directory.key)/\(name)" }) { () throws(VexFSError) in
                try self.reply(request, entry: try directory.makeSymlink(name, target: target))
            }
            return
        }
        let parent = try directory(raw, forCreating: "a symbolic link")
        let caller = request.caller
        work(request, at: { "\(parent.path)/\(name)" }) { () throws(VexFSError) in
            let made = try parent.collection.makeSymlink(
                name, in: parent.number, target: target, owner: caller.user, group: caller.group)
            try self.reply(request, entry: CollectionFile(collection: parent.collection, number: made.number))
        }
    }

    func link() throws(VexFSError) {
        throw VexFSError(.notPermitted, "a document has one name: use a symbolic link, or copy it")
    }

    private func virtualDirectory(_ node: any VirtualNode) throws(VexFSError) -> any VirtualDirectory {
        guard let directory = node as? any VirtualDirectory else { throw Self.notADirectory }
        return directory
    }

    // MARK: UNLINK, RMDIR

    func unlink(_ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>) throws(VexFSError) {
        switch try node(raw) {
        case .root:
            throw VexFSError(.notPermitted, "the files here are made by VexFS; rmdir removes an empty collection")
        case .file(let parent):
            let name = try Self.name(pointer)
            work(request, at: { "\(parent.path)/\(name)" }) { () throws(VexFSError) in
                try self.removing(name, in: parent) { () throws(VexFSError) in
                    try parent.collection.remove(name, in: parent.number, keepsInTrash: true)
                }
                request.reply(errno: 0)
            }
        case .virtual(let node):
            let directory = try virtualDirectory(node)
            let name = try Self.name(pointer, isQuery: true)
            work(request, at: { "\(directory.key)/\(name)" }) { () throws(VexFSError) in
                try directory.remove(name)
                request.reply(errno: 0)
            }
        }
    }

    /// Removes or replaces a file in such a way that its open handles keep what they had.
    private func removing(
        _ name: ByteString, in parent: CollectionFile, _ remove: () throws(VexFSError) -> FileAttributes?
    ) throws(VexFSError) {
        let victim = parent.collection.lookup(name, in: parent.number)
        let open = victim.flatMap {
            openFiles.find(CollectionFile(collection: parent.collection, number: $0.number).id)
        }
        if let victim, victim.kind != .directory { try open?.pin() }
        do throws(VexFSError) {
            if let removed = try remove() { open?.removed(removed) } else { open?.unpin() }
        } catch {
            open?.unpin()
            throw error
        }
    }

    func rmdir(_ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>) throws(VexFSError) {
        switch try node(raw) {
        case .root:
            let name = try Self.name(pointer)
            work(request, at: { name.string }) { () throws(VexFSError) in
                guard let collection = self.store.collection(named: name) else {
                    throw VexFSError(.notPermitted, "this directory belongs to VexFS", at: name.string)
                }
                try self.store.removeCollection(collection)
                try self.store.forgetAliases(of: name)
                request.reply(errno: 0)
            }
        case .file(let parent):
            let name = try Self.name(pointer)
            work(request, at: { "\(parent.path)/\(name)" }) { () throws(VexFSError) in
                _ = try parent.collection.removeDirectory(name, in: parent.number)
                request.reply(errno: 0)
            }
        case .virtual(let node):
            let directory = try virtualDirectory(node)
            let name = try Self.name(pointer, isQuery: true)
            work(request, at: { "\(directory.key)/\(name)" }) { () throws(VexFSError) in
                try directory.removeDirectory(name)
                request.reply(errno: 0)
            }
        }
    }

    // MARK: RENAME

    func rename(
        _ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>, newParent newRaw: fuse_ino_t,
        newName newPointer: UnsafePointer<CChar>, flags: UInt32
    ) throws(VexFSError) {
        let name = try Self.name(pointer)
        let newName = try Self.name(newPointer)
        let mode: RenameMode
        switch Int(flags) {
        case 0: mode = .replace
        case Int(VEXFS_RENAME_NOREPLACE): mode = .noReplace
        case Int(VEXFS_RENAME_EXCHANGE): mode = .exchange
        default: throw VexFSError(.invalidArgument, "this kind of rename is not supported")
        }
        switch (try node(raw), try node(newRaw)) {
        case (.root, .root):
            work(request, at: { name.string }) { () throws(VexFSError) in
                try self.renameCollection(name, to: newName, mode)
                request.reply(errno: 0)
            }
        case (.file(let from), .file(let to)) where from.collection.number == to.collection.number:
            work(request, at: { "\(from.path)/\(name)" }) { () throws(VexFSError) in
                try self.rename(name, in: from, to: newName, in: to, mode)
                request.reply(errno: 0)
            }
        case (.virtual(let from), .virtual(let to)) where from.key == to.key:
            let directory = try virtualDirectory(from)
            work(request, at: { "\(from.key)/\(name)" }) { () throws(VexFSError) in
                try directory.rename(name, to: newName, mode: mode)
                request.reply(errno: 0)
            }
        case (.virtual(let from as TrashDirectory), .file(let to)) where from.collection.number == to.collection.number:
            work(request, at: { "\(from.key)/\(name)" }) { () throws(VexFSError) in
                try self.removing(newName, in: to) { () throws(VexFSError) in
                    try to.collection.restore(name, to: newName, in: to.number, mode: mode).replaced
                }
                request.reply(errno: 0)
            }
        case (.virtual(is TrashDirectory), .file):
            throw VexFSError(.crossesCollections, "a rename cannot lead into another collection", at: name.string)
        case (.file, .virtual(is TrashDirectory)):
            throw VexFSError(.notPermitted, "rm moves a document to the trash, not mv", at: name.string)
        case (.file, .file):
            // mv copies and removes when it sees this.
            throw VexFSError(.crossesCollections, "a rename cannot lead into another collection", at: name.string)
        case (.file, .root), (.root, .file):
            throw VexFSError(.crossesCollections, "a collection and a folder are different things", at: name.string)
        default:
            throw VexFSError(.notPermitted, "the files here are made by VexFS and cannot be moved", at: name.string)
        }
    }

    private func renameCollection(_ name: ByteString, to newName: ByteString, _ mode: RenameMode) throws(VexFSError) {
        guard let collection = store.collection(named: name) else {
            throw VexFSError(.notPermitted, "this name belongs to VexFS", at: name.string)
        }
        guard mode != .exchange else { throw VexFSError(.invalidArgument, "collections cannot be exchanged") }
        if mode == .noReplace, store.collection(named: newName) != nil {
            throw VexFSError(.alreadyExists, "a collection of this name exists", at: newName.string)
        }
        try store.renameCollection(collection, to: newName)
    }

    private func rename(
        _ name: ByteString, in from: CollectionFile, to newName: ByteString, in to: CollectionFile, _ mode: RenameMode
    ) throws(VexFSError) {
        // A scratch file that is still open has bytes that only the mount knows: they are what the new name will hold.
        if let moved = from.collection.lookup(name, in: from.number),
            let open = openFiles.find(CollectionFile(collection: from.collection, number: moved.number).id),
            let buffer = open.scratch
        {
            try commit(open, buffer)
        }
        if mode == .exchange {
            // Both files live on: nothing is removed, and open handles stay with the file that they opened.
            _ = try from.collection.rename(name, in: from.number, to: newName, in: to.number, mode: mode)
            return
        }
        try removing(newName, in: to) { () throws(VexFSError) in
            try from.collection.rename(name, in: from.number, to: newName, in: to.number, mode: mode).replaced
        }
    }

    /// After documents changed by another way than a system call: drops what the kernel remembers of them, soon.
    /// - Parameter ids: the documents that may have changed; nil for any, which looks at every inode.
    func documentsChanged(in collection: Collection, _ ids: [ByteString]? = nil) {
        let directory = NodeID(collection: collection.number, file: Collection.rootNumber)
        let version = { (file: FileNumber) in collection.attributes(of: file)?.version }
        let outdated =
            if let ids, ids.count < inodes.count {
                inodes.outdated(
                    collection: collection.number, among: ids.compactMap { collection.file(withID: $0) },
                    version: version)
            } else {
                inodes.outdated(collection: collection.number, version: version)
            }
        for node in outdated {
            _ = inodes.contentChanged(node)
            kernel.forgetContent(of: node)
        }
        // Last: who waits for the directory's turn waits for all.
        kernel.forgetAttributes(of: directory)
    }
}
