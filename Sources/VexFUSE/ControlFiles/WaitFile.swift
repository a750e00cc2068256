import Glibc
import VexFS

/// `wait`: a read returns when no document waits for its vector any more.
final class WaitFile: VirtualFile {
    let key: String
    private let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, key: String, in tree: VirtualTree) {
        self.collection = collection
        self.key = key
        self.tree = tree
    }

    func attributes() -> VirtualAttributes {
        let owner = FacetAttributes.owner(collection, tree)
        return VirtualAttributes(
            mode: S_IFREG | 0o444, owner: owner.user, group: owner.group, modified: tree.mounted, isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        guard flags & O_ACCMODE == O_RDONLY else {
            throw VexFSError(.accessDenied, "this file can only be read", at: key)
        }
        return WaitHandle(collection, path: key, in: operations)
    }
}

/// `wait`, open.
final class WaitHandle: OpenHandle {
    /// How often an interruption or the end of the mount is looked for.
    static let stepMilliseconds = 50

    let path: String
    private let collection: Collection
    private let operations: Operations

    init(_ collection: Collection, path: String, in operations: Operations) {
        self.collection = collection
        self.path = path
        self.operations = operations
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        if offset > 0 {
            request.reply(slice: [], offset: 0, size: 0)
            return
        }
        try operations.pool.submitWaiting { [self] in
            operations.answer(request, at: { path }) { () throws(VexFSError) in
                try waitUntilIndexed(request)
                request.reply(slice: Array("ready\n".utf8), offset: 0, size: size)
            }
        }
    }

    private func waitUntilIndexed(_ request: Request) throws(VexFSError) {
        while true {
            do throws(VexFSError) {
                return try collection.waitUntilIndexed(timeoutMilliseconds: Self.stepMilliseconds)
            } catch {
                guard error.code == .timedOut else { throw error }
            }
            guard !request.isInterrupted, !operations.pool.isClosed else {
                throw VexFSError(.interrupted, "the wait was interrupted", at: path)
            }
        }
    }
}
