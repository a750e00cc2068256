import VexFS
import VexWire

/// What the wire asks of a store: reads a request, calls the engine, writes the answer. docs/wire.md is the
/// specification.
///
/// It knows nothing of files and threads. Every call blocks for as long as the work takes, and any number may be made
/// at once.
public final class Service: Sendable {
    let store: Store
    let observer: any ServiceObserver
    /// Where the store is mounted, an absolute path.
    let mountRoot: String
    let identity: StoreIdentity

    /// Serves a store; `identity` is shared by all services of one open store.
    public init(
        _ store: Store, mountRoot: String, observer: any ServiceObserver, identity: StoreIdentity = StoreIdentity()
    ) {
        self.store = store
        self.identity = identity
        self.mountRoot = mountRoot
        self.observer = observer
    }

    /// Does what is asked; the control part and the binary parts of the answer.
    public func answer(_ request: ServiceRequest) throws(VexFSError) -> (json: [UInt8], binary: [UInt8]) {
        var answer = AnswerWriter(takesParts: request.takesParts)
        try perform(request, &answer)
        guard !answer.isTooLarge else { throw AnswerWriter.tooLarge }
        return answer.finished()
    }

    func perform(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        guard !request.isCancelled() else { throw Self.cancelled }
        if request.operation.changesMount { try request.access.requireWrite(nil) }
        switch request.operation {
        case .hello: try hello(request, &answer)
        case .collectionCreate, .collectionGet, .collectionList, .collectionUpdate, .collectionDelete,
            .collectionRename:
            try performOnCollections(request, &answer)
        case .collectionFork: try fork(request, &answer)
        case .collectionForks: try listForks(request, &answer)
        case .snapshotCreate, .snapshotList, .snapshotDelete: try performOnSnapshots(request, &answer)
        case .aliasUpdate: try updateAliases(request, &answer)
        case .aliasList: try listAliases(request, &answer)
        case .upsert, .add, .update, .delete, .payloadSet, .payloadOverwrite, .payloadDelete, .payloadClear,
            .vectorsUpdate, .vectorsDelete:
            try write(request, &answer)
        case .get: try get(request, &answer)
        case .scroll: try scroll(request, &answer)
        case .count: try count(request, &answer)
        case .facet: try facet(request, &answer)
        case .matrix: try matrix(request, &answer)
        case .query: try query(request, &answer)
        case .embed: try embed(request, &answer)
        case .indexCreate, .indexDrop: try changeIndex(request, &answer)
        case .stats: try statistics(request, &answer)
        case .wait: try wait(request, &answer)
        case .batch: try batch(request, &answer)
        case .tenantCreate, .tenantGet, .tenantList, .tenantUpdate, .tenantDelete:
            try performOnTenants(request, &answer)
        case .databaseCreate, .databaseGet, .databaseList, .databaseDelete: try performOnDatabases(request, &answer)
        }
    }

    static let cancelled = VexFSError(.interrupted, "the caller was interrupted")

    // MARK: Which collection

    /// The points of a collection as they are now, for queries that may name other collections that the caller may
    /// read.
    func points(of collection: Collection, _ request: ServiceRequest) -> any PointSource {
        collection.points { [store] name in
            store.collection(named: ByteString(name)).flatMap { request.access.mayRead($0) ? $0 : nil }
        }
    }

    /// Runs queries on a source until nobody waits for the answer any more.
    func executor(_ source: any PointSource, _ request: ServiceRequest) -> QueryExecutor {
        var executor = QueryExecutor(source)
        executor.isCancelled = request.isCancelled
        return executor
    }

    /// The address that a request names; nil where it names none.
    func address(_ members: Members) throws(VexFSError) -> CollectionAddress? {
        guard let name = try members.string("collection") else { return nil }
        guard !name.isEmpty else { throw members.refused("collection", "must not be empty") }
        return CollectionAddress(
            tenant: try members.string("tenant") ?? "", database: try members.string("database") ?? "", name: name)
    }

    /// The collection that a request is for, where the caller may do there what is asked.
    /// - Throws: `notFound`; `accessDenied`; `invalidArgument` where it names none and the session belongs to none.
    func collection(_ members: Members, _ request: ServiceRequest) throws(VexFSError) -> Collection {
        let collection = try found(members, request)
        if request.operation.changes { try request.access.requireWrite(collection) }
        try request.access.requireRead(collection)
        return collection
    }

    private func found(_ members: Members, _ request: ServiceRequest) throws(VexFSError) -> Collection {
        if let text = try members.string("uid") {
            guard let collection = try collection(withUID: text) else {
                throw VexFSError(.notFound, "there is no collection with the uid \(text)")
            }
            return collection
        }
        guard let address = try address(members) else {
            guard let collection = request.collection else {
                throw VexFSError(
                    .invalidArgument, "name a \"collection\": this session belongs to the whole mount")
            }
            return collection
        }
        if let found = store.collection(named: address.directory) { return found }
        if address.isDefault, let name = try store.aliases()[address.name],
            let found = store.collection(named: CollectionAddress(name: name).directory)
        {
            return found
        }
        if let found = try snapshot(address.directory.string) { return found }
        // A directory that a shell made with a name that no address would be given.
        if address.isDefault, let found = store.collection(named: ByteString(address.name)) { return found }
        throw VexFSError(.notFound, "there is no collection \"\(address.name)\"")
    }

    /// The snapshot of a directory `COLLECTION@NAME`.
    private func snapshot(_ directory: String) throws(VexFSError) -> Collection? {
        guard let place = directory.lastIndex(of: "@"),
            let collection = store.collection(named: ByteString(String(directory[..<place])))
        else { return nil }
        return try collection.snapshot(named: ByteString(String(directory[directory.index(after: place)...])))
    }
}
