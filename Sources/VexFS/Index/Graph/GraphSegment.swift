import CVexKernels

/// A segment with a proximity graph that was built in bulk (PiPNN, arXiv 2602.21247) over 8-bit codes.
///
/// Besides the full vectors it has `width + 4 × degree + 1` bytes a row, all of them mapped from its file. Not for
/// ``Metric/manhattan``.
public struct GraphSegment: IndexSegment {
    /// What the segment's file says that it is.
    public static let kind = "graph"

    let graph: Graph
    /// Bytes of codes, links and residuals, and whether they come from a file.
    let storage: GraphStorage

    /// Which rows, by place.
    public var rows: SegmentRows { graph.rows }
    /// Finds about 99 of 100 of the ten nearest rows.
    public var defaultEf: Int { 96 }
    /// Memory of its own: what it does not map from its file.
    public var allocatedBytes: Int { graph.allocatedBytes(owning: storage.allocatedBytes) }
    /// Bytes that it maps from its file.
    public var mappedBytes: Int { storage.mappedBytes }

    /// The nearest rows, all or those that pass the filter; any number of threads at once. Compares some hundreds of
    /// codes by ``SegmentQuery/ef``; a filter that few rows pass is answered exactly.
    /// - Throws: `outOfMemory`.
    public func search(_ query: SegmentQuery, filter: SegmentFilter?) throws(VexFSError) -> SegmentAnswer {
        try graph.search(query, filter: filter)
    }

    /// Whether a graph can serve a metric.
    public static func supports(_ metric: Metric) -> Bool { metric != .manhattan }

    /// Builds the graph of some rows in memory; O(rows × fan × leafSize × dimension) for the most part.
    ///
    /// `vectors` is `[row × dimension] Float32`, of unit length for ``Metric/cosine``, and holds every one of `rows`.
    /// - Throws: `interrupted` when the options say so, `unsupported` for ``Metric/manhattan``,
    ///   `outOfMemory`.
    public static func build(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, options: GraphOptions
    ) throws(VexFSError) -> GraphSegment {
        guard supports(metric) else {
            throw VexFSError(.unsupported, "graphs don't serve the metric \(metric.rawValue)")
        }
        let workers = GraphWorkers(threads: max(1, options.threads), isCancelled: options.isCancelled)
        let points = try GraphPoints(
            encoding: rows, of: vectors, metric: metric, seed: options.seed, workers: workers)
        let lengths = try GraphLengths(points, metric: metric)
        var rounded = options
        rounded.degree = min(128, max(16, (options.degree + 15) / 16 * 16))
        let links = try GraphBuilder(points: points, lengths: lengths, options: rounded, workers: workers).links()
        let residuals = try GraphMemory<UInt8>(count: points.count)
        let bounds = try GraphBounds.measure(
            points, rows: rows, vectors: vectors, into: residuals, workers: workers)
        let sample = Graph.entries(points, lengths, metric: metric, wanted: options.entries, seed: options.seed)
        let entries = try Graph.entries(
            sample, reachingAllOf: links, count: points.count, degree: rounded.degree)
        let graph = try Graph(
            rows: rows, vectors: vectors, metric: metric, points: points, degree: rounded.degree,
            links: UnsafePointer(links.base), entries: entries, bounds: bounds, owner: [links, residuals])
        return GraphSegment(graph: graph, storage: .memory(of: graph))
    }

    /// Builds the graph, writes it and leaves the file to the caller to finish; what is returned serves from memory.
    /// - Throws: what ``build(rows:vectors:metric:options:)`` and ``write(to:)`` throw.
    public static func build(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, options: GraphOptions, writer: SegmentWriter
    ) throws(VexFSError) -> GraphSegment {
        let segment = try build(rows: rows, vectors: vectors, metric: metric, options: options)
        try segment.write(to: writer)
        return segment
    }

    /// Appends the segment's sections to a file.
    /// - Throws: `storeFull`, `inputOutput`.
    public func write(to writer: SegmentWriter) throws(VexFSError) { try graph.write(to: writer) }

    /// A segment from its file, which stays mapped as long as it lives; O(entries + rows that are not consecutive).
    /// - Throws: `corruption` where the file is of another kind, dimension or metric, or its sections don't fit.
    public static func open(
        _ file: SegmentFile, vectors: VectorRows, metric: Metric
    ) throws(VexFSError) -> GraphSegment {
        let graph = try Graph(file, kind: kind, vectors: vectors, metric: metric)
        return GraphSegment(graph: graph, storage: .file(file))
    }
}

/// Where a graph's codes and links are.
struct GraphStorage: Sendable {
    var allocatedBytes: Int
    var mappedBytes: Int

    static func memory(of graph: Graph) -> GraphStorage {
        let perRow = graph.points.width + graph.degree * 4 + 1 + (graph.points.halves == nil ? 0 : 4)
        return GraphStorage(allocatedBytes: graph.count * perRow, mappedBytes: 0)
    }

    static func file(_ file: SegmentFile) -> GraphStorage {
        GraphStorage(
            allocatedBytes: file.isResident ? file.byteCount : 0, mappedBytes: file.isResident ? 0 : file.byteCount)
    }
}
