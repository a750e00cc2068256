import CFuseShim
import Glibc
import VexFS

extension Operations {
    // MARK: GETATTR

    func getattr(_ request: Request, _ raw: fuse_ino_t) throws(VexFSError) {
        switch try node(raw) {
        case .root:
            request.reply(attributes: rootStatus(), timeoutSeconds: options.attributeTimeoutSeconds)
        case .file(let file):
            let (status, version, isPassing) = try status(of: file)
            inodes.shown(file.id, version: version)
            request.reply(attributes: status, timeoutSeconds: isPassing ? 0 : options.attributeTimeoutSeconds)
        case .virtual(let node):
            try reply(request, attributesOf: node, NodeID(raw: raw))
        }
    }

    private func reply(_ request: Request, attributesOf node: any VirtualNode, _ id: NodeID) throws(VexFSError) {
        let attributes = try node.attributes()
        request.reply(
            attributes: Attributes.status(attributes, id: id),
            timeoutSeconds: attributes.isStable ? options.attributeTimeoutSeconds : 0)
    }

    /// The attributes of a file, with those of an unfinished write where there is one; such attributes must not be
    /// cached (`isPassing`).
    func status(of file: CollectionFile) throws(VexFSError) -> (status: stat, version: UInt64, isPassing: Bool) {
        let open = openFiles.find(file.id)
        var isRemoved = false
        guard
            var attributes = file.collection.attributes(of: file.number)
                ?? {
                    isRemoved = true
                    return open?.removedAttributes
                }()
        else { throw Self.gone }
        var isPassing = isRemoved
        if let draft = open?.shownDraft {
            attributes.size = draft.size
            attributes.modified = draft.modified
            isPassing = true
        } else if let draft = open?.scratch?.uncommitted {
            attributes.size = Int64(draft.size)
            attributes.modified = draft.modified
            isPassing = true
        }
        let links: Int? = isRemoved ? 0 : nil
        return (Attributes.status(attributes, id: file.id, links: links), attributes.version, isPassing)
    }

    private func rootStatus() -> stat {
        let attributes = VirtualAttributes(
            mode: S_IFDIR | 0o755, owner: tree.owner, modified: tree.mounted,
            isStable: true)
        var status = Attributes.status(attributes, id: .root)
        status.st_nlink = UInt(2 + store.collections.count)
        return status
    }

    // MARK: SETATTR

    func setattr(
        _ request: Request, _ raw: fuse_ino_t, _ wanted: stat, _ mask: Int32, handle: UInt64?
    ) throws(VexFSError) {
        switch try node(raw) {
        case .root:
            throw VexFSError(.notPermitted, "the attributes of the mount's root are those of the store's directory")
        case .file(let file):
            let handle = handle.flatMap { handles.find($0) }
            work(request, at: { file.path }) { () throws(VexFSError) in
                if mask & FUSE_SET_ATTR_SIZE != 0 {
                    if let handle {
                        try handle.resize(to: Int64(wanted.st_size))
                    } else {
                        try self.truncate(file, to: Int64(wanted.st_size))
                    }
                }
                try self.change(file, wanted, mask)
                let (status, version, isPassing) = try self.status(of: file)
                self.inodes.shown(file.id, version: version)
                let timeout = isPassing ? 0 : self.options.attributeTimeoutSeconds
                self.kernel.whenForgotten(file.id) { request.reply(attributes: status, timeoutSeconds: timeout) }
            }
        case .virtual(let node):
            let id = NodeID(raw: raw)
            work(request, at: { node.key }) { () throws(VexFSError) in
                if mask & FUSE_SET_ATTR_SIZE != 0, let handle = handle.flatMap({ self.handles.find($0) }) {
                    try handle.resize(to: Int64(wanted.st_size))
                } else if mask & FUSE_SET_ATTR_SIZE != 0, wanted.st_size == 0, let file = node as? any VirtualFile {
                    try file.truncate()
                } else if mask & FUSE_SET_ATTR_MTIME != 0, let directory = node as? any VirtualDirectory {
                    try directory.touch()
                } else if mask & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID) != 0 {
                    throw VexFSError(.notPermitted, "the attributes of this file are fixed", at: node.key)
                }
                try self.reply(request, attributesOf: node, id)
            }
        }
    }

    private func change(_ file: CollectionFile, _ wanted: stat, _ mask: Int32) throws(VexFSError) {
        let modified: Int64? =
            if mask & FUSE_SET_ATTR_MTIME_NOW != 0 {
                Clock.now()
            } else if mask & FUSE_SET_ATTR_MTIME != 0 {
                Clock.nanoseconds(wanted.st_mtim)
            } else {
                nil
            }
        let mode = mask & FUSE_SET_ATTR_MODE != 0 ? UInt16(wanted.st_mode & 0o7777) : nil
        let owner = mask & FUSE_SET_ATTR_UID != 0 ? wanted.st_uid : nil
        let group = mask & FUSE_SET_ATTR_GID != 0 ? wanted.st_gid : nil
        let open = openFiles.find(file.id)
        if let modified {
            open?.setModified(modified)
            if open?.scratch?.uncommitted != nil { open?.scratch?.setModified(modified) }
        }
        guard mode != nil || owner != nil || group != nil || modified != nil else { return }
        if open?.removedAttributes != nil { return }
        _ = try file.collection.setAttributes(
            of: file.number, mode: mode, owner: owner, group: group, modified: modified)
    }

    /// truncate(2) by path: there is no handle whose flush could commit it, so it is committed at once.
    private func truncate(_ file: CollectionFile, to size: Int64) throws(VexFSError) {
        try checkSize(size, of: file)
        if let open = openFiles.find(file.id), let buffer = open.scratch {
            if size > 0 { try buffer.load(open.content().bytes) }
            if size == 0 { buffer.truncate() } else { try buffer.resize(to: Int(size)) }
            try commit(open, buffer)
            return
        }
        var bytes = size == 0 ? [] : try file.collection.content(of: file.number).bytes
        if bytes.count > size {
            bytes.removeSubrange(Int(size)...)
        } else {
            bytes.append(contentsOf: repeatElement(0, count: Int(size) - bytes.count))
        }
        do throws(VexFSError) {
            _ = try file.collection.commit(
                bytes, to: file.number, parsed: nil, modified: Clock.now())
        } catch {
            file.collection.recordFailure(error, for: file.number, draft: bytes)
            throw error
        }
        contentChanged(file.id)
    }

    /// Refuses a size before memory is filled up to it.
    /// - Throws: `documentTooLarge`.
    func checkSize(_ size: Int64, of file: CollectionFile) throws(VexFSError) {
        let configuration = file.collection.configuration
        let isDocument = file.collection.attributes(of: file.number)?.kind == .document
        let limit =
            isDocument
            ? configuration.documentLimitBytes
            : min(configuration.scratchFileLimitBytes, DraftBudget.scratchBytesMax)
        guard size <= limit else {
            throw VexFSError(.documentTooLarge, "this file holds at the most \(limit) bytes", at: file.path)
        }
    }

    // MARK: STATFS, READLINK

    func statfs(_ request: Request) throws(VexFSError) {
        var figures = statvfs()
        guard statvfs(store.path, &figures) == 0 else {
            throw VexFSError(
                .inputOutput, "the store's file system does not answer", cause: String(cString: strerror(errno)))
        }
        figures.f_namemax = 255
        request.reply(figures: figures)
    }

    func readlink(_ request: Request, _ raw: fuse_ino_t) throws(VexFSError) {
        switch try node(raw) {
        case .file(let file): request.reply(target: try file.collection.content(of: file.number).bytes)
        case .virtual(let node as VirtualLink): request.reply(target: node.target)
        default: throw VexFSError(.invalidArgument, "this is not a symbolic link")
        }
    }
}
