import VexFS

// The engine's types that the command line needs, until they are there: this file goes when they are.

struct StoreOptions {}

final class Store: Sendable {
    let path: String
    static func format(at path: String) throws(VexFSError) { throw missing }
    init(opening path: String, options: StoreOptions, embedder: any Embedder) throws(VexFSError) {
        self.path = path
        throw missing
    }
    func close() {}
    func collection(named: ByteString) -> StoreCollection? { nil }
}

final class StoreCollection: Sendable {
    func search(_ request: QueryRequest) throws(VexFSError) -> SearchAnswer { throw missing }
}

struct MountOptions {
    var readOnly = false
    var allowOther = false
    var allowRoot = false
    var defaultPermissions = true
    var autoUnmount = false
    var debug = false
    var fsname: String?
    var entryTimeoutSeconds = 60.0
    var attributeTimeoutSeconds = 60.0
    var workerThreads = 4
    var passthrough: [String] = []
}

final class MountedStore: Sendable {
    init(store: Store, mountpoint: String, options: MountOptions) throws(VexFSError) {}
    func start() throws(VexFSError) { throw missing }
    func waitUntilUnmounted() {}
    func requestStop() {}
}

enum QueryPath {
    static func parse(
        _ segments: [ByteString], folder: String, parseFilter: (String) throws(VexFSError) -> Filter
    ) throws(VexFSError) -> QueryRequest { throw missing }
}

extension Filter {
    static func parse(_ text: String) throws(VexFSError) -> Filter { throw missing }
}

struct AnswerRenderer {
    var answer: SearchAnswer
    var request: QueryRequest
    var mountRoot: String
    func render() -> [UInt8] { [] }
}

enum ModelDirectory {
    static var `default`: String { "" }
}

struct MiniLMEmbedder: Embedder {
    enum Precision { case f32, bf16 }
    var space: EmbeddingSpace { EmbeddingSpace(id: "", model: "", dimension: 384, maximumTokens: 256) }
    init(directory: String, precision: Precision) throws(VexFSError) { throw missing }
    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] { throw missing }
}

struct StoreCheck {
    struct Finding: Sendable {
        var collection: String
        var path: String
        var problem: String
    }
    var collections = 0
    var documents = 0
    var vectors = 0
    var bytes = 0
    var findings: [Finding] = []
    static func run(at path: String) throws(VexFSError) -> StoreCheck { throw missing }
}

private var missing: VexFSError { VexFSError(.unsupported, "this build has no engine") }
