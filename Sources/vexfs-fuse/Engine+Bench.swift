import Glibc
import VexFS

extension Engine {
    /// A collection in a store of its own, empty.
    /// - Parameter inBackground: whether the store builds its index while rows come in, as a mounted one does.
    static func benchIndex(
        _ request: BenchRequest, dimension: Int, directory: String, inBackground: Bool = false
    ) throws(Failure) -> any BenchIndex {
        try translated { () throws(VexFSError) in
            try BenchCollection(request, path: directory + "/store", inBackground: inBackground)
        }
    }

    /// An index that compares the query with all of `rows`, in full precision.
    static func exactIndex(over rows: VectorRows, metric: Metric) -> any VectorIndex {
        FlatIndex(rows: rows, metric: metric)
    }
}

/// A collection of a store, filled through the engine as a program would.
private final class BenchCollection: BenchIndex, @unchecked Sendable {
    // Unchecked: inserting, building, closing and opening happen on one thread; what searches read does not change.
    private let path: String
    private let inBackground: Bool
    private var store: Store?
    private var collection: Collection?
    private var count = 0

    init(_ request: BenchRequest, path: String, inBackground: Bool) throws(VexFSError) {
        self.path = path
        self.inBackground = inBackground
        try Store.format(at: path)
        let store = try Store(opening: path, embedder: NoEmbedder(), maintained: inBackground)
        let collection = try store.createCollection(named: "bench")
        let settings =
            "{\"metric\":\"\(request.metric.rawValue)\",\"model\":\"none\",\"index\":"
            + "{\"kind\":\"\(request.indexKind.rawValue)\",\"memory\":\"\(request.mode.rawValue)\"}}"
        try collection.setConfiguration(Array(settings.utf8))
        self.store = store
        self.collection = collection
    }

    deinit { store?.close() }

    func insert(_ vectors: [Float], count added: Int) throws(Failure) {
        guard let collection else { return }
        let points = (count..<count + added).map { NewPoint(id: ByteString("\($0)")) }
        try Engine.translated { () throws(VexFSError) in
            _ = try collection.insert(points, vectors: vectors, sync: true)
        }
        count += added
    }

    func build() throws(Failure) -> Double {
        guard let collection else { return 0 }
        let start = BenchClock.seconds
        try Engine.translated { () throws(VexFSError) in try collection.buildIndex() }
        return BenchClock.seconds - start
    }

    func search(_ vector: [Float], limit: Int, ef: Int?, filter: RowBitmap?) throws(VexFSError) -> [Neighbor] {
        guard let collection else { return [] }
        return try collection.nearest(vector, IndexQuery(limit: limit, ef: ef), among: filter).neighbors
    }

    func exact(_ vector: [Float], limit: Int, among rows: RowBitmap) throws(VexFSError) -> [Neighbor] {
        guard let collection else { return [] }
        return try collection.nearest(vector, IndexQuery(limit: limit), among: rows, mode: .exact).neighbors
    }

    func plan(_ vector: [Float], limit: Int, ef: Int, filter: RowBitmap?) throws(VexFSError) -> String {
        guard let collection else { return "" }
        let answer = try collection.nearest(vector, IndexQuery(limit: limit, ef: ef), among: filter)
        return answer.parts.isEmpty ? "scan" : answer.parts.joined(separator: "; ")
    }

    var indexBytes: (allocated: Int, mapped: Int) {
        let figures = collection?.indexFigures
        return (figures?.allocatedBytes ?? 0, figures?.mappedBytes ?? 0)
    }

    func rest() { store?.rest() }

    func close() throws(Failure) {
        collection = nil
        store?.close()
        store = nil
    }

    func open() throws(Failure) {
        try Engine.translated { () throws(VexFSError) in
            let store = try Store(opening: path, embedder: NoEmbedder(), maintained: inBackground)
            self.store = store
            collection = store.collection(named: "bench")
        }
    }
}

/// Measurements bring their vectors.
struct NoEmbedder: Embedder {
    let space = EmbeddingSpace(id: "none", model: "none", dimension: 1, maximumTokens: 1)

    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
        throw VexFSError(.modelMissing, "measurements bring their vectors")
    }
}
