import Glibc
import VexFS

extension Engine {
    /// Refuses what this version has no index for, before anything is computed.
    static func checkBench(_ request: BenchRequest) throws(Failure) {
        guard request.indexKind == .default || request.indexKind == .flat else {
            throw Failure(.usage, "this version has no index of the kind \(request.indexKind.rawValue)")
        }
        guard request.mode == .fast else { throw Failure(.usage, "this version has no compact mode") }
    }

    /// An empty index of the wanted kind below a directory that is thrown away later.
    /// - Precondition: ``checkBench(_:)`` has let the request pass.
    static func benchIndex(_ request: BenchRequest, dimension: Int, directory: String) throws(Failure) -> any BenchIndex
    {
        try ScannedVectors(
            path: directory + "/vectors", dimension: dimension, metric: request.metric,
            isExact: request.indexKind == .flat)
    }

    /// An index that compares the query with all of `rows`, in full precision.
    static func exactIndex(over rows: VectorRows, metric: Metric) -> any VectorIndex {
        FlatIndex(rows: rows, metric: metric)
    }
}

/// Vectors in one file, found by a scan: of the vectors themselves, or of 8-bit codes first.
private final class ScannedVectors: BenchIndex, @unchecked Sendable {
    // Unchecked: inserting, building, closing and opening happen on one thread while nothing is searched.
    private let path: String
    private let dimension: Int
    private let metric: Metric
    private let isExact: Bool
    private var count = 0
    private var descriptor: Int32 = -1
    private var index: (any VectorIndex)?
    private var everything = RowBitmap()

    init(path: String, dimension: Int, metric: Metric, isExact: Bool) throws(Failure) {
        self.path = path
        self.dimension = dimension
        self.metric = metric
        self.isExact = isExact
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(.failure, "\(path): \(Terminal.reason())") }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    func insert(_ vectors: [Float], count added: Int) throws(Failure) {
        let problem = vectors.withUnsafeBytes { Terminal.writeAll(Array($0), to: descriptor) }
        if let problem { throw Failure(.failure, "\(path): \(Terminal.reason(problem))") }
        guard fdatasync(descriptor) == 0 else { throw Failure(.failure, "\(path): \(Terminal.reason())") }
        count += added
    }

    func build() throws(Failure) -> Double {
        let start = BenchClock.seconds
        let bytes = count * dimension * 4
        guard bytes > 0, let map = mmap(nil, bytes, PROT_READ, MAP_SHARED, descriptor, 0), map != MAP_FAILED else {
            throw Failure(.failure, "\(path): \(Terminal.reason())")
        }
        let owner = BenchMap(start: map, byteCount: bytes)
        let rows = VectorRows(
            chunks: [VectorChunk(base: UnsafeRawPointer(map), firstRow: 0, count: count)], strideBytes: dimension * 4,
            dimension: dimension, owner: owner)
        index =
            isExact
            ? FlatIndex(rows: rows, metric: metric)
            : VectorCodes(dimension: dimension).index(over: rows, metric: metric)
        everything = RowBitmap(rowsBelow: count)
        return BenchClock.seconds - start
    }

    func search(_ vector: [Float], limit: Int, ef: Int, filter: RowBitmap?) throws(VexFSError) -> [Neighbor] {
        guard let index else { return [] }
        let query = IndexQuery(limit: limit, ef: ef)
        return try index.search(vector, query, allowed: filter ?? everything).neighbors
    }

    func plan(_ vector: [Float], limit: Int, ef: Int, filter: RowBitmap?) throws(VexFSError) -> String {
        index?.plan ?? ""
    }

    var indexBytes: (allocated: Int, mapped: Int) {
        // Codes and facts as `VectorCodes` documents them, in blocks of 1,024 rows.
        let blockRows = (count + 1023) / 1024 * 1024
        return (isExact || metric == .manhattan ? 0 : blockRows * (dimension + 16), 0)
    }

    func close() throws(Failure) {
        index = nil
        Glibc.close(descriptor)
        descriptor = -1
    }

    func open() throws(Failure) {
        descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(.failure, "\(path): \(Terminal.reason())") }
        _ = try build()
    }
}

/// A map that ends with its last reference.
private final class BenchMap: @unchecked Sendable {
    // Unchecked: the memory is only read.
    private let start: UnsafeMutableRawPointer
    private let byteCount: Int

    init(start: UnsafeMutableRawPointer, byteCount: Int) {
        self.start = start
        self.byteCount = byteCount
    }

    deinit { munmap(start, byteCount) }
}
