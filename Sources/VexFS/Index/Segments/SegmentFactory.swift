/// Builds and opens segments of every kind: the only place that knows all of them.
struct SegmentFactory {
    var metric: Metric
    /// Whether graphs are read into memory rather than mapped.
    var isResident: Bool
    /// Threads that a build may use.
    var threads: Int
    /// Asked now and then; a build that is cancelled leaves nothing behind.
    var isCancelled: @Sendable () -> Bool

    /// Builds a segment into a file and opens it.
    /// - Parameter older: the segment that has the first of the rows; some kinds go on from it.
    /// - Returns: nil where the build was cancelled.
    /// - Throws: `storeFull`, `inputOutput`.
    func build(
        _ recipe: SegmentRecipe, _ rows: SegmentRows, _ vectors: VectorRows, extending older: SegmentEntry?,
        path: String
    ) throws(VexFSError) -> (any IndexSegment)? {
        do throws(VexFSError) {
            let header = SegmentHeader(
                kind: recipe.kind, metric: metric, dimension: vectors.dimension, count: rows.count)
            let writer = try SegmentWriter(path: path, header: header)
            try write(recipe, rows, vectors, extending: older, to: writer)
            try writer.finish()
            let segment = try Self.open(path, dimension: vectors.dimension, metric: metric, resident: isResident)
            assert(Self.brokenInvariant(of: segment) == nil, Self.brokenInvariant(of: segment) ?? "")
            return segment
        } catch {
            if error.code == .interrupted { return nil }
            throw error
        }
    }

    /// What does not hold of a segment, nil where all does; O(rows).
    private static func brokenInvariant(of segment: any IndexSegment) -> String? {
        switch segment {
        case let segment as GraphSegment: segment.graph.brokenInvariant
        case let segment as HNSWSegment: segment.graph.brokenInvariant
        case let segment as ListSegment: segment.brokenInvariant
        default: nil
        }
    }

    private func write(
        _ recipe: SegmentRecipe, _ rows: SegmentRows, _ vectors: VectorRows, extending older: SegmentEntry?,
        to writer: SegmentWriter
    ) throws(VexFSError) {
        switch recipe {
        case .binaryLists: try writeLists(.binary, rows, vectors, to: writer)
        case .productLists: try writeLists(.product(bytes: vectors.dimension / 4), rows, vectors, to: writer)
        case .hnsw(let links, let efConstruct):
            var options = HNSWOptions(count: rows.count)
            options.m = links
            options.efConstruct = efConstruct
            options.threads = threads
            options.isCancelled = isCancelled
            let earlier = older?.recipe == recipe.text ? older?.segment as? HNSWSegment : nil
            _ = try HNSWSegment.build(
                rows: rows, vectors: vectors, metric: metric, options: options, extending: earlier, writer: writer)
        case .lsh:
            try LSHSegment.build(
                rows: rows, vectors: vectors, metric: metric, options: LSHOptions(), threads: threads,
                writer: writer, isCancelled: isCancelled)
        case .graph:
            var options = GraphOptions(count: rows.count, dimension: vectors.dimension)
            if case .graph(let links?) = recipe { options.degree = links }
            options.threads = threads
            options.isCancelled = isCancelled
            _ = try GraphSegment.build(rows: rows, vectors: vectors, metric: metric, options: options, writer: writer)
        }
    }

    private func writeLists(
        _ codes: ListOptions.Codes, _ rows: SegmentRows, _ vectors: VectorRows, to writer: SegmentWriter
    ) throws(VexFSError) {
        try ListSegment.build(
            rows: rows, vectors: vectors, metric: metric, options: ListOptions(codes: codes), threads: threads,
            writer: writer, isCancelled: isCancelled)
    }

    /// Opens a segment of whatever kind its file says.
    /// - Parameter isResident: whether graphs, which are read all over, are read into memory.
    /// - Throws: `corruption` where the file is damaged, or is not of such vectors.
    static func open(
        _ path: String, dimension: Int, metric: Metric, resident isResident: Bool
    ) throws(VexFSError) -> any IndexSegment {
        let file = try SegmentFile(opening: path) { header in
            isResident && (header.kind == GraphSegment.kind || header.kind == HNSWSegment.kind)
        }
        guard file.header.dimension == dimension, file.header.metric == metric else {
            throw VexFSError(.corruption, "the segment is of other vectors", at: path)
        }
        return try open(file)
    }

    private static func open(_ file: SegmentFile) throws(VexFSError) -> any IndexSegment {
        let vectors = VectorRows.none(dimension: file.header.dimension)
        switch file.header.kind {
        case GraphSegment.kind: return try GraphSegment.open(file, vectors: vectors, metric: file.header.metric)
        case HNSWSegment.kind: return try HNSWSegment.open(file, vectors: vectors, metric: file.header.metric)
        case LSHSegment.kind: return try LSHSegment(opening: file, vectors: vectors)
        case ListSegment.kind: return try ListSegment(opening: file, vectors: vectors)
        default:
            throw VexFSError(.corruption, "there is no index of the kind \(file.header.kind)", at: file.path)
        }
    }
}
