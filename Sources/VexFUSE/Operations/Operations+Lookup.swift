import CFuseShim
import Glibc
import VexFS

extension Operations {
    // MARK: LOOKUP, FORGET

    func lookup(_ request: Request, parent raw: fuse_ino_t, name pointer: UnsafePointer<CChar>) throws(VexFSError) {
        switch try node(raw) {
        case .root:
            let name = try Self.name(pointer)
            if let collection = store.collection(named: name) {
                try reply(request, entry: CollectionFile(collection: collection, number: Collection.rootNumber))
            } else {
                reply(request, virtual: try tree.rootChild(name))
            }
        case .file(let directory):
            let name = try Self.name(pointer)
            if let virtual = tree.reservedChild(name, of: directory) {
                try reply(request, entry: virtual)
            } else if let found = directory.collection.lookup(name, in: directory.number) {
                try reply(request, entry: CollectionFile(collection: directory.collection, number: found.number))
            } else {
                reply(request, virtual: tree.aliasChild(name, of: directory, for: request.caller))
            }
        case .virtual(let node):
            guard let directory = node as? any VirtualDirectory else { throw Self.notADirectory }
            let name = try Self.name(pointer, isQuery: directory is QueryDirectory)
            let caller = request.caller
            if let snapshots = directory as? SnapshotDirectory {
                work(request, at: { "\(snapshots.key)/\(name)" }) { () throws(VexFSError) in
                    guard let root = try snapshots.root(of: name) else {
                        return self.reply(request, virtual: try snapshots.child(name, for: caller))
                    }
                    try self.reply(request, entry: root)
                }
            } else if directory.looksUpSlowly {
                work(request, at: { directory.key }) { () throws(VexFSError) in
                    self.reply(request, virtual: try directory.child(name, for: caller))
                }
            } else {
                reply(request, virtual: try directory.child(name, for: caller))
            }
        }
    }

    func forget(_ raw: fuse_ino_t, _ lookups: UInt64) {
        let id = NodeID(raw: raw)
        if id.isVirtual { virtualNodes.forget(id, lookups) } else { inodes.forget(id, lookups) }
    }

    static let notADirectory = VexFSError(.notADirectory, "this is not a directory")

    // MARK: Entries

    /// Answers with a virtual node, or ENOENT for nil, which is no error worth a sentence.
    func reply(_ request: Request, virtual node: (any VirtualNode)?) {
        guard let node else {
            request.reply(errno: ENOENT)
            return
        }
        answer(request, at: { node.key }) { () throws(VexFSError) in try reply(request, entry: node) }
    }

    /// Answers with a virtual node.
    func reply(_ request: Request, entry node: any VirtualNode) throws(VexFSError) {
        request.reply(entry: try entry(node))
    }

    /// Answers with a collection's file.
    func reply(_ request: Request, entry file: CollectionFile) throws(VexFSError) {
        request.reply(entry: try entry(file))
    }

    /// A directory entry for a virtual node; counts as a lookup.
    func entry(_ node: any VirtualNode) throws(VexFSError) -> fuse_entry_param {
        let attributes = try node.attributes()
        let id = virtualNodes.looked(up: node)
        var entry = fuse_entry_param()
        entry.ino = id.raw
        entry.generation = 1
        entry.attr = Attributes.status(attributes, id: id)
        entry.entry_timeout = attributes.isStable ? options.entryTimeoutSeconds : 0
        entry.attr_timeout = attributes.isStable ? options.attributeTimeoutSeconds : 0
        return entry
    }

    /// A directory entry for a collection's file; counts as a lookup.
    func entry(_ file: CollectionFile) throws(VexFSError) -> fuse_entry_param {
        let (status, version, isPassing) = try status(of: file)
        inodes.looked(up: file.id, version: version)
        var entry = fuse_entry_param()
        entry.ino = file.id.raw
        entry.generation = 1
        entry.attr = status
        entry.entry_timeout = options.entryTimeoutSeconds
        entry.attr_timeout = isPassing ? 0 : options.attributeTimeoutSeconds
        return entry
    }
}
