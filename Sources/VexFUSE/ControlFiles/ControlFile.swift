import Glibc
import VexFS

/// One of the files by which a mount, a collection or a store is described and configured.
final class ControlFile: VirtualFile {
    let key: String
    private let content: ControlFileContent
    private let tree: VirtualTree

    init(_ content: ControlFileContent, key: String, in tree: VirtualTree) {
        self.content = content
        self.key = key
        self.tree = tree
    }

    func attributes() throws(VexFSError) -> VirtualAttributes {
        let size =
            content.hasExactSize
            ? try content.bytes(in: tree, for: Caller(user: 0, group: 0, process: 0)).count : 0
        return VirtualAttributes(
            mode: S_IFREG | (content.isWritable ? 0o644 : 0o444), size: Int64(size),
            owner: tree.owner(of: content.collection), modified: tree.mounted,
            isStable: !content.isWritable && content.hasExactSize)
    }

    func truncate() throws(VexFSError) {
        // truncate(2) alone would leave no configuration; only the list of errors can be empty.
        if case .errors = content { try content.replace(with: []) }
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        let content = content
        let tree = tree
        if flags & O_ACCMODE == O_RDONLY {
            return LiveFileHandle(path: key, in: operations) { () throws(VexFSError) in
                try content.bytes(in: tree, for: caller)
            }
        }
        guard content.isWritable else { throw VexFSError(.accessDenied, "this file can only be read", at: key) }
        if case .fork = content {} else { try content.collection?.requireWritable() }
        return ControlDraftHandle(content, path: key, flags: flags, caller: caller, tree: tree, in: operations)
    }
}
