import CFuseShim
import Glibc
import Synchronization
import VexFS
import VexService

/// What the mount does for each request of the kernel; one file per group of requests.
///
/// Functions named after a request run on the reader thread and either answer at once or hand the rest to a worker with
/// ``work(_:at:_:)``.
final class Operations: Sendable {
    let store: Store
    let options: MountOptions
    let pool: WorkerPool
    let relay = ReaderRelay()
    let kernel: KernelCache
    let inodes = InodeTable()
    let virtualNodes = VirtualNodeTable()
    let openFiles = OpenFileTable()
    let handles = HandleTable<any OpenHandle>()
    let directories = HandleTable<DirectoryListing>()
    let budget = DraftBudget()
    let answerBudget = DraftBudget(holding: "the answers that sessions have not read")
    let errors = LastErrors()
    let tree: VirtualTree
    let identity = StoreIdentity()

    /// Where the mount is, an absolute path.
    let mountRoot: String
    private let owners = Atomic<UInt64>(0)

    init(store: Store, mountpoint: String, options: MountOptions) throws(VexFSError) {
        self.store = store
        mountRoot = mountpoint
        self.options = options
        kernel = try KernelCache()
        pool = try WorkerPool(threads: options.workerThreads)
        tree = VirtualTree(store: store, errors: errors)
        let metrics = store.metrics
        metrics.setGauge(.knownInodes) { [inodes, virtualNodes] in Double(inodes.count + virtualNodes.count) }
        metrics.setGauge(.openHandles) { [handles, directories] in Double(handles.count + directories.count) }
        metrics.setGauge(.draftBytes) { [budget] in Double(budget.usedBytes) }
        metrics.setGauge(.workerQueueDepth) { [pool] in Double(pool.queueDepth) }
    }

    // MARK: Nodes

    /// What an inode number stands for.
    /// - Throws: `notFound` when the collection is gone or the virtual node was forgotten.
    func node(_ raw: fuse_ino_t) throws(VexFSError) -> Node {
        let id = NodeID(raw: raw)
        if id == .root { return .root }
        if id.isVirtual {
            guard let node = virtualNodes.node(id) else { throw Self.gone }
            return .virtual(node)
        }
        return .file(try file(id))
    }

    /// The collection's file behind an inode number.
    func file(_ id: NodeID) throws(VexFSError) -> CollectionFile {
        guard let collection = store.collection(numbered: id.collection) else { throw Self.gone }
        return CollectionFile(collection: collection, number: id.file)
    }

    /// An inode whose file is no more.
    static let gone = VexFSError(.notFound, "the file was removed")

    /// A name as the engine takes it.
    /// - Throws: `invalidName` where it is not UTF-8, `nameTooLong` above 255 bytes.
    static func name(_ pointer: UnsafePointer<CChar>, isQuery: Bool = false) throws(VexFSError) -> ByteString {
        let bytes = UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))
        guard isQuery || bytes.count <= 255 else {
            throw VexFSError(.nameTooLong, "a name has at the most 255 bytes")
        }
        guard let name = ByteString(validating: bytes) else {
            throw VexFSError(.invalidName, "a name must be UTF-8")
        }
        return name
    }

    /// Notes that a file's content changed, and drops the pages of an older version that the kernel may hold.
    func contentChanged(_ file: NodeID) {
        if inodes.contentChanged(file) { kernel.forgetContent(of: file) }
    }

    /// Ends the threads: first the workers, which still may have something to tell the kernel.
    func close() {
        pool.close()
        kernel.close()
    }

    /// A number for a handle, by which its draft is told from others of the same file.
    func nextOwner() -> UInt64 { owners.add(1, ordering: .relaxed).newValue }

    // MARK: Running and failing

    /// Runs what answers at once, and answers with its error where it throws one.
    func answer(_ request: Request, at path: () -> String, _ body: () throws(VexFSError) -> Void) {
        do throws(VexFSError) { try body() } catch { fail(request, error, at: path()) }
    }

    /// Has a worker run what may take longer, and answer with its error where it throws one.
    func work(
        _ request: Request, at path: @escaping @Sendable () -> String,
        _ body: @escaping @Sendable () throws(VexFSError) -> Void
    ) {
        let queued = Clock.monotonic()
        pool.submit { [self] in
            store.metrics.observe(.queueWaitSeconds, Double(Clock.monotonic() - queued) / 1000)
            answer(request, at: path, body)
        }
    }

    /// Has the reader thread itself run what takes a few dozen microseconds when all goes well; another thread reads
    /// meanwhile where it takes longer. Only for functions named after a request.
    func workQuickly(
        _ request: Request, at path: @escaping @Sendable () -> String,
        _ body: @escaping @Sendable () throws(VexFSError) -> Void
    ) {
        let began = relay.run { answer(request, at: path, body) }
        if !began { work(request, at: path, body) }
    }

    /// Runs what a release has left to commit, before the next request where that is quick; another thread reads
    /// meanwhile where it takes longer. Nobody is left to whom an error could be told.
    func releasing(at path: () -> String, _ body: () throws(VexFSError) -> Void) {
        func run() {
            do throws(VexFSError) { try body() } catch { report(error, at: path(), caller: nil) }
        }
        if !relay.run(run) { run() }
    }

    /// Answers with an error.
    func fail(_ request: Request, _ error: VexFSError, at path: String) {
        report(error, at: path, caller: request.caller)
        request.reply(errno: error.errno)
    }

    /// Keeps an error for `.vexfs/lasterr` and the log. What programs ask for as a matter of course is not worth a
    /// line.
    func report(_ error: VexFSError, at path: String, caller: Caller?) {
        switch error.code {
        case .attributeNotFound, .rangeTooSmall: return
        case .notFound where error.message == Self.gone.message: return
        default: break
        }
        if let caller { errors.record(error, at: path, by: caller) }
        Log.shared.debug("request refused", [("path", path), ("code", error.code.rawValue), ("error", "\(error)")])
        if error.code == .corruption || error.code == .inputOutput {
            store.metrics.increment(.logicalErrors)
            Log.shared.error("request failed", [("path", path), ("error", "\(error)")])
        }
    }
}
