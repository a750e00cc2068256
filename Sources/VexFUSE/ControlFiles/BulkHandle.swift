import Glibc
import Synchronization
import VexFS

/// The reports of the last bulk ingest of each collection.
final class BulkReports: Sendable {
    private let reports = Mutex<[UInt32: [UInt8]]>([:])

    func set(_ report: [UInt8], of collection: UInt32) { reports.withLock { $0[collection] = report } }
    func report(of collection: UInt32) -> [UInt8] { reports.withLock { $0[collection] ?? [] } }
}

/// `bulk`, open for writing. Data is taken in order; offsets mean nothing.
final class BulkHandle: OpenHandle {
    let path: String
    private let collection: Collection
    private let tree: VirtualTree
    private let operations: Operations
    /// The ingest under way. Held by workers only, one write at a time.
    private let ingest = Mutex<BulkIngest?>(nil)

    private var directory: NodeID { NodeID(collection: collection.number, file: Collection.rootNumber) }

    init(_ collection: Collection, path: String, tree: VirtualTree, in operations: Operations) {
        self.collection = collection
        self.path = path
        self.tree = tree
        self.operations = operations
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        request.reply(slice: tree.bulkReports.report(of: collection.number), offset: offset, size: size)
    }

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        let copy = [UInt8](bytes)
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.ingest.withLock { (ingest) throws(VexFSError) in
                let current = ingest ?? self.collection.makeBulkIngest()
                ingest = current
                var failure: VexFSError?
                copy.withUnsafeBytes { bytes in
                    do throws(VexFSError) {
                        try current.append(bytes, isInterrupted: { request.isInterrupted })
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
            }
            request.reply(written: copy.count)
        }
    }

    func resize(to count: Int64) {}

    func flush(_ request: Request) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.finish(request)
            self.operations.kernel.whenForgotten(self.directory) { request.reply(errno: 0) }
        }
    }

    func sync(_ request: Request) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.finish(request)
            try self.tree.store.sync()
            self.operations.kernel.whenForgotten(self.directory) { request.reply(errno: 0) }
        }
    }

    /// What an interrupted flush has left is dropped; the batch that is being committed may take its time.
    func release() {
        guard let current = ingest.withLock({ $0 }) else { return }
        operations.pool.submit { [self] in
            if current.abandon() { show(current) }
        }
    }

    func abandon() { ingest.withLock { $0 }?.abandon() }

    private func show(_ ingest: BulkIngest) {
        tree.bulkReports.set(ingest.report, of: collection.number)
        operations.documentsChanged(in: collection)
    }

    /// Ends the ingest as far as it has come: what was good is kept and searchable, what was not is in the report.
    /// - Throws: `malformedDocument` when lines were refused, so that a script notices; `interrupted` when the caller
    ///   was, who must not have to wait.
    private func finish(_ request: Request) throws(VexFSError) {
        try ingest.withLock { (ingest) throws(VexFSError) in
            guard let current = ingest else { return }
            defer { show(current) }
            try current.finish(isInterrupted: { request.isInterrupted })
            let refused = Self.refusedLines(current.report)
            guard refused == 0 else {
                throw VexFSError(
                    .malformedDocument,
                    "\(refused) lines were refused, the others are kept: read this file for the reasons",
                    at: path)
            }
        }
    }

    private static func refusedLines(_ report: [UInt8]) -> Int64 {
        guard let json = try? JSON.parse(report) else { return 0 }
        return json["refused"]?.integerValue ?? 0
    }
}
