import Glibc
import VexFS

/// A control file of a collection that is worked on while it is read or written: `bulk`, `export.jsonl`, `wait`,
/// `settle`.
final class StreamFile: VirtualFile {
    /// Makes the handle of an open file; `isWriter` only where the file may be written.
    typealias MakeHandle = @Sendable (_ isWriter: Bool, _ operations: Operations) -> any OpenHandle

    let key: String
    private let collection: Collection
    private let tree: VirtualTree
    private let isWritable: Bool
    private let makeHandle: MakeHandle

    init(
        _ collection: Collection, key: String, in tree: VirtualTree, isWritable: Bool = false,
        makeHandle: @escaping MakeHandle
    ) {
        self.collection = collection
        self.key = key
        self.tree = tree
        self.isWritable = isWritable
        self.makeHandle = makeHandle
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFREG | (isWritable ? 0o644 : 0o444), owner: tree.owner(of: collection),
            modified: tree.mounted, isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        let isWriter = flags & O_ACCMODE != O_RDONLY
        guard isWritable || !isWriter else {
            throw VexFSError(.accessDenied, "this file can only be read", at: key)
        }
        if isWriter { try collection.requireWritable() }
        return makeHandle(isWriter, operations)
    }
}
