import Glibc
import VexFS

/// `.vexfs/snapshots/`: mkdir makes a snapshot of the collection, rmdir takes one away, mv gives it another name. What
/// is inside is the collection as it was.
final class SnapshotDirectory: VirtualDirectory {
    let key: String
    private let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, in tree: VirtualTree) {
        self.collection = collection
        self.tree = tree
        key = "c\(collection.number)/.vexfs/snapshots"
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | (collection.isReadOnly ? 0o555 : 0o755), owner: tree.owner(of: collection),
            modified: collection.snapshots().map(\.created).max() ?? tree.mounted, isStable: false)
    }

    /// The export of a snapshot. The snapshots themselves are directories of collections: see ``root(of:)``.
    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        guard let wanted = SnapshotExportFile.snapshotName(name), let snapshot = try collection.snapshot(named: wanted)
        else { return nil }
        return SnapshotExportFile(
            snapshot, key: "\(key)/\(name)", owner: tree.owner(of: collection),
            modified: snapshot.attributes(of: Collection.rootNumber)?.modified ?? tree.mounted)
    }

    /// The directory of a snapshot, or nil.
    func root(of name: ByteString) throws(VexFSError) -> CollectionFile? {
        try collection.snapshot(named: name).map { CollectionFile(collection: $0, number: Collection.rootNumber) }
    }

    /// Makes a snapshot.
    func make(_ name: ByteString) throws(VexFSError) -> CollectionFile {
        try collection.makeSnapshot(named: name)
        guard let made = try root(of: name) else { throw Operations.gone }
        return made
    }

    func entries() -> [VirtualEntry] {
        // As in the root: a collection's key is its inode number.
        collection.snapshots().map { VirtualEntry(name: $0.name, type: S_IFDIR, key: "#\($0.number)") }
    }

    func removeDirectory(_ name: ByteString) throws(VexFSError) { try collection.removeSnapshot(named: name) }

    func rename(_ name: ByteString, to newName: ByteString, mode: RenameMode) throws(VexFSError) {
        guard mode != .exchange else { throw VexFSError(.invalidArgument, "snapshots cannot be exchanged") }
        try collection.renameSnapshot(name, to: newName)
    }
}

extension VirtualTree {
    /// `C@NAME` in the root: a link to a snapshot, or nil.
    func snapshotLink(_ name: ByteString) -> (any VirtualNode)? {
        let text = name.string
        for place in text.indices where text[place] == "@" {
            let past = ByteString(String(text[text.index(after: place)...]))
            guard let collection = store.collection(named: ByteString(String(text[..<place]))),
                let snapshot = collection.snapshots().first(where: { $0.name == past })
            else { continue }
            return VirtualLink(
                key: "s/\(name)", target: "\(collection.name)/.vexfs/snapshots/\(past)", owner: owner,
                modified: snapshot.created, isStable: false)
        }
        return nil
    }
}
