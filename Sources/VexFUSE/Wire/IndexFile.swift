import Glibc
import VexFS

/// A collection's `.vexfs/index`, also known as `vectors/vectors.vexfs`: what ioctls are made on. Read, it says what
/// the collection is.
final class IndexFile: VirtualFile {
    let key: String
    let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, key: String, in tree: VirtualTree) {
        self.collection = collection
        self.key = key
        self.tree = tree
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFREG | 0o644, owner: tree.owner(of: collection), modified: tree.mounted, isStable: true)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) -> any OpenHandle {
        LiveFileHandle(path: key, in: operations) { [collection] in collection.infoText() }
    }
}

/// A collection's `vectors/`, for paths of the original layout: it holds the index and lists nothing.
final class VectorsDirectory: VirtualDirectory {
    static let name: ByteString = "vectors"

    let key: String
    private let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, in tree: VirtualTree) {
        self.collection = collection
        self.tree = tree
        key = "c\(collection.number)/vectors"
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner(of: collection), modified: tree.mounted, isStable: false)
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        name == "vectors.vexfs" ? IndexFile(collection, key: "\(key)/\(name)", in: tree) : nil
    }

    func entries() -> [VirtualEntry] { [] }
}
