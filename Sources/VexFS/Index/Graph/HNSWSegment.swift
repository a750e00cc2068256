import CVexKernels

/// A segment with a graph that grows row by row (HNSW, arXiv 1603.09320), over the same codes as ``GraphSegment``.
///
/// One layer: walks start from a sample of points instead of upper layers, which finds the same with fewer bytes.
/// Has `width + 8 × m + 1` bytes a row besides the full vectors. Not for ``Metric/manhattan``.
public struct HNSWSegment: IndexSegment {
    /// What the segment's file says that it is.
    public static let kind = "hnsw"

    let graph: Graph
    let storage: GraphStorage

    /// Which rows, by place.
    public var rows: SegmentRows { graph.rows }
    /// Finds about 99 of 100 of the ten nearest rows.
    public var defaultEf: Int { 96 }
    /// Memory of its own: what it does not map from its file.
    public var allocatedBytes: Int { graph.allocatedBytes(owning: storage.allocatedBytes) }
    /// Bytes that it maps from its file.
    public var mappedBytes: Int { storage.mappedBytes }
    /// Links that a row got when it was inserted.
    public var m: Int { graph.degree / 2 }

    /// The nearest rows, all or those that pass the filter; any number of threads at once.
    /// - Throws: `outOfMemory`.
    public func search(_ query: SegmentQuery, filter: SegmentFilter?) throws(VexFSError) -> SegmentAnswer {
        try graph.search(query, filter: filter)
    }

    /// Builds the graph of some rows in memory; O(rows × efConstruct × m × dimension), without the rows of `earlier`.
    ///
    /// Where `earlier` has the same `m` and the first ones of `rows`, its links are taken and only the other rows are
    /// inserted; rows that it has besides are taken out of its links. If it lost half of its rows, or the components
    /// are of another size, everything is built anew.
    /// `vectors` is `[row × dimension] Float32`, of unit length for ``Metric/cosine``, and holds every one of `rows`.
    /// - Throws: `interrupted` when the options say so, `unsupported` for ``Metric/manhattan``,
    ///   `outOfMemory`.
    public static func build(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, options: HNSWOptions,
        extending earlier: HNSWSegment? = nil
    ) throws(VexFSError) -> HNSWSegment {
        guard GraphSegment.supports(metric) else {
            throw VexFSError(.unsupported, "graphs don't serve the metric \(metric.rawValue)")
        }
        var options = options
        options.m = min(128, max(2, options.m))
        let degree = 2 * options.m
        let workers = GraphWorkers(threads: max(1, options.threads), isCancelled: options.isCancelled)
        let factor = GraphPoints.factor(for: rows, of: vectors, metric: metric, seed: options.seed)
        var base: HNSWBase?
        if let earlier {
            base = try HNSWBase(earlier.graph, rows: rows, degree: degree, metric: metric, factor: factor)
        }
        let start = base?.count ?? 0
        let codes = try GraphMemory<Int8>(count: rows.count * GraphPoints.width(vectors.dimension))
        let links = try GraphMemory<UInt32>(count: rows.count * degree)
        links.preferLargePages()
        links.fill(with: UInt32.max)
        base?.copyCodes(into: codes)
        let points = try GraphPoints(
            encoding: rows, from: start, after: codes, factor: base?.factor ?? factor, vectors: vectors,
            metric: metric, workers: workers)
        let lengths = try GraphLengths(points, metric: metric)
        try base?.copyLinks(
            into: links, points: points, lengths: lengths, slack: HNSWBuilder.slack, workers: workers)
        let entries = Graph.entries(points, lengths, metric: metric, wanted: options.entries, seed: options.seed)
        // The first point is there from the beginning: walks over it and few others need somewhere to start.
        let starts = entries.first == 0 || rows.count == 0 ? entries : [0] + entries
        try HNSWBuilder(
            points: points, lengths: lengths, options: options, links: links, degree: degree, entries: starts
        ).insert(from: start)
        let residuals = try GraphMemory<UInt8>(count: rows.count)
        let bounds = try GraphBounds.measure(points, rows: rows, vectors: vectors, into: residuals, workers: workers)
        let graph = try Graph(
            rows: rows, vectors: vectors, metric: metric, points: points, degree: degree,
            links: UnsafePointer(links.base),
            entries: try Graph.entries(starts, reachingAllOf: links, count: rows.count, degree: degree), bounds: bounds,
            owner: [links, residuals])
        return HNSWSegment(graph: graph, storage: .memory(of: graph))
    }

    /// Builds the graph, writes it and leaves the file to the caller to finish; what is returned serves from memory.
    /// - Throws: what building and ``write(to:)`` throw.
    public static func build(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, options: HNSWOptions,
        extending earlier: HNSWSegment? = nil,
        writer: SegmentWriter
    ) throws(VexFSError) -> HNSWSegment {
        let segment = try build(
            rows: rows, vectors: vectors, metric: metric, options: options, extending: earlier)
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
    ) throws(VexFSError) -> HNSWSegment {
        let graph = try Graph(file, kind: kind, vectors: vectors, metric: metric)
        return HNSWSegment(graph: graph, storage: .file(file))
    }
}
