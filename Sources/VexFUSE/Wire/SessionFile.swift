import Glibc
import VexFS

/// `.vexfs/rpc/`: every name is a session, and none is listed.
final class SessionDirectory: VirtualDirectory {
    let key: String
    private let collection: Collection?
    private let tree: VirtualTree

    /// The sessions of a collection, or of the mount.
    init(_ collection: Collection?, key: String, in tree: VirtualTree) {
        self.collection = collection
        self.key = key
        self.tree = tree
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner(of: collection), modified: tree.mounted, isStable: true)
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        guard name.string.utf8.first != UInt8(ascii: ".") else { return nil }
        return SessionFile(collection, key: "\(key)/\(name)", in: tree)
    }

    func entries() -> [VirtualEntry] { [] }
}

/// `.vexfs/rpc/NAME`: what is written is a request, what is read its answer.
final class SessionFile: VirtualFile {
    let key: String
    private let collection: Collection?
    private let tree: VirtualTree

    init(_ collection: Collection?, key: String, in tree: VirtualTree) {
        self.collection = collection
        self.key = key
        self.tree = tree
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFREG | 0o644, owner: tree.owner(of: collection), modified: tree.mounted, isStable: true)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) -> any OpenHandle {
        SessionHandle(collection, path: key, caller: caller, in: operations)
    }
}
