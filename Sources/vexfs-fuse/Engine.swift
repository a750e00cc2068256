import Glibc
import VexEmbedding
import VexFS
import VexFUSE

/// The only file of the command line that calls the engine, the embedder and the file system.
enum Engine {
    /// Makes an empty store.
    static func format(at path: String) throws(Failure) {
        try translated { () throws(VexFSError) in try Store.format(at: path) }
    }

    /// The embedder of the embedded model.
    /// - Parameter model: the directory of the model's files; nil for the one that is installed.
    static func embedder(model: String?, precision: Precision?) throws(Failure) -> MiniLMEmbedder {
        try translated { () throws(VexFSError) in
            let asked: MiniLMEmbedder.Precision? =
                switch precision {
                case .f32: .f32
                case .bf16: .bf16
                case .auto, nil: nil
                }
            return try MiniLMEmbedder(directory: model ?? ModelDirectory.default, precision: asked)
        }
    }

    /// Opens a store for this process.
    static func open(_ path: String, embedder: any Embedder) throws(Failure) -> Store {
        try translated { () throws(VexFSError) in
            try Store(opening: path, embedder: embedder)
        }
    }

    /// Mounts an open store; returns when the kernel and the daemon have shaken hands.
    static func mount(_ store: Store, on mountpoint: Mountpoint, _ request: MountRequest) throws(Failure)
        -> MountedStore
    {
        var options = MountOptions()
        let asked = request.options
        options.readOnly = asked.readOnly
        options.allowOther = asked.allowOther
        options.allowRoot = asked.allowRoot
        options.autoUnmount = asked.autoUnmount
        options.debug = asked.debug
        options.fsname = request.store
        if let seconds = asked.entryTimeoutSeconds { options.entryTimeoutSeconds = seconds }
        if let seconds = asked.attributeTimeoutSeconds { options.attributeTimeoutSeconds = seconds }
        if let count = asked.workerThreads { options.workerThreads = count }
        options.passthrough = asked.kernelOptions
        do {
            let mounted = try MountedStore(store: store, mountpoint: mountpoint.path, options: options)
            try mounted.start()
            return mounted
        } catch {
            throw Failure(.mountFailed, error.description)
        }
    }

    /// The bytes of a query file of a store that is not mounted.
    /// - Parameters:
    ///   - collection: its name; nil for all collections.
    ///   - segments: what follows `query/` in the path, still `%XX`-encoded.
    static func answer(
        _ store: Store, collection name: String?, folder: String, segments: [String]
    ) throws(Failure) -> [UInt8] {
        try translated { () throws(VexFSError) in
            let request = try QueryPath.parse(
                segments.map { ByteString($0) }, folder: folder,
                parseFilter: { (text) throws(VexFSError) in try Filter.parse(text) })
            guard let name else {
                let answer = try store.search(request)
                return AnswerRenderer(answer: answer, request: request, mountRoot: "", acrossCollections: true).render()
            }
            guard let collection = store.collection(named: ByteString(name)) else {
                throw VexFSError(.notFound, "there is no collection \"\(name)\"", at: store.path)
            }
            let answer = try collection.search(request)
            return AnswerRenderer(answer: answer, request: request, mountRoot: "").render()
        }
    }

    /// Reads everything of a store and compares it with its checksums; changes nothing.
    static func check(_ path: String) throws(Failure) -> StoreCheckReport {
        try translated { () throws(VexFSError) in try Store.check(at: path) }
    }

    /// Lets a store whose log is damaged be opened with what is left of it.
    static func acceptLoss(_ path: String) throws(Failure) {
        try translated { () throws(VexFSError) in try Store.acceptLoss(at: path) }
    }

    /// Runs engine code and gives its error an exit code.
    static func translated<Value>(_ body: () throws(VexFSError) -> Value) throws(Failure) -> Value {
        do {
            return try body()
        } catch {
            throw Failure(error)
        }
    }
}
