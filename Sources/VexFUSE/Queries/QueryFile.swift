import Glibc
import Synchronization
import VexFS

/// A search as a file. Looking at it does nothing; the first read runs it.
final class QueryFile: VirtualFile {
    let key: String
    private let scope: SearchScope
    private let request: QueryRequest
    private let tree: VirtualTree

    init(_ scope: SearchScope, request: QueryRequest, key: String, in tree: VirtualTree) {
        self.scope = scope
        self.request = request
        self.key = key
        self.tree = tree
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFREG | 0o444, owner: scope.owner(of: tree), modified: tree.mounted, isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        guard flags & O_ACCMODE == O_RDONLY else {
            throw VexFSError(.accessDenied, "a search can only be read", at: key)
        }
        let request = request
        let scope = scope
        let store = tree.store
        return LiveFileHandle(path: key, in: operations) { () throws(VexFSError) in
            let answer = try scope.search(request, in: store)
            var acrossCollections = false
            if case .store = scope { acrossCollections = true }
            return AnswerRenderer(
                answer: answer, request: request, mountRoot: operations.mountRoot, acrossCollections: acrossCollections
            ).render()
        }
    }
}
