import Glibc
import VexFS

/// `wait` or `settle`, open.
final class WaitHandle: OpenHandle {
    /// How often an interruption or the end of the mount is looked for.
    static let stepMilliseconds = 50

    let path: String
    private let collection: Collection
    private let operations: Operations

    /// Whether the index is waited for too.
    private let includesIndex: Bool

    init(_ collection: Collection, path: String, includesIndex: Bool, in operations: Operations) {
        self.includesIndex = includesIndex
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
                try waitUntilReady(request)
                request.reply(slice: Array("ready\n".utf8), offset: 0, size: size)
            }
        }
    }

    private func waitUntilReady(_ request: Request) throws(VexFSError) {
        while true {
            do throws(VexFSError) {
                return try collection.waitUntilReady(
                    includingIndex: includesIndex, timeoutMilliseconds: Self.stepMilliseconds)
            } catch {
                guard error.code == .timedOut else { throw error }
            }
            guard !request.isInterrupted, !operations.pool.isClosed else {
                throw VexFSError(.interrupted, "the wait was interrupted", at: path)
            }
        }
    }
}
