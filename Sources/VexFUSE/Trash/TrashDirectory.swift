import Glibc
import VexFS

/// A collection's `.vexfs/trash/`: what `rm` removed, until it is moved back, removed for good, or too old.
final class TrashDirectory: VirtualDirectory {
    let key: String
    let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, in tree: VirtualTree) {
        self.collection = collection
        self.tree = tree
        key = "c\(collection.number)/.vexfs/trash"
    }

    func attributes() -> VirtualAttributes {
        // Whoever may remove documents from the collection may remove them from here.
        let root = collection.attributes(of: Collection.rootNumber)
        return VirtualAttributes(
            mode: S_IFDIR | UInt32(root?.mode ?? 0o755), owner: tree.owner(of: collection),
            modified: collection.trash.last?.removed ?? tree.mounted, isStable: false)
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        collection.trashed(name).map { TrashFile($0, of: collection, in: self) }
    }

    func entries() -> [VirtualEntry] {
        collection.trash.map { VirtualEntry(name: $0.name, type: S_IFREG, key: entryKey($0)) }
    }

    func remove(_ name: ByteString) throws(VexFSError) { try collection.removeFromTrash(name) }

    fileprivate func entryKey(_ entry: TrashEntry) -> String { "\(key)/\(entry.sequence)" }
}

/// A document in the trash. It can be read, moved back and removed.
final class TrashFile: VirtualFile, AttributedNode {
    let key: String
    private let collection: Collection
    private let entry: TrashEntry

    init(_ entry: TrashEntry, of collection: Collection, in directory: TrashDirectory) {
        self.collection = collection
        self.entry = entry
        key = directory.entryKey(entry)
    }

    func attributes() -> VirtualAttributes {
        let file = entry.attributes
        // Names come and go, and a name that was moved back is another node's.
        return VirtualAttributes(
            mode: S_IFREG | UInt32(file.mode), size: file.size,
            owner: VirtualOwner(user: file.owner, group: file.group),
            modified: file.modified, isStable: false)
    }

    func truncate() throws(VexFSError) { throw Self.readOnly(key) }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        guard flags & O_ACCMODE == O_RDONLY else { throw Self.readOnly(key) }
        let (collection, entry) = (collection, entry)
        return LiveFileHandle(path: key, in: operations) { () throws(VexFSError) in
            try collection.content(of: entry).bytes
        }
    }

    func extendedAttributes() throws(VexFSError) -> [(name: String, value: [UInt8])] {
        let facts = [
            ("user.vexfs.original", Array(entry.origin.utf8)),
            ("user.vexfs.removed", Array(Timestamp.text(entry.removed).utf8)),
            ("user.vexfs.state", Array(entry.attributes.state.word.utf8)),
            ("user.vexfs.version", Array(String(entry.attributes.version).utf8)),
        ]
        return facts + Operations.metadataAttributes(try collection.metadata(of: entry))
    }

    private static func readOnly(_ key: String) -> VexFSError {
        VexFSError(.accessDenied, "a document in the trash can only be read: move it back to change it", at: key)
    }
}
