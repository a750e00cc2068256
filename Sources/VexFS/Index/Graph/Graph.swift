import CVexKernels
import Synchronization

/// A proximity graph over a segment's codes and everything a search of it needs. Immutable.
///
/// A search walks best-first from a sample of entry points (HNSW without its upper layers: arXiv 1603.09320) over the
/// codes and compares the best of what it found once more, with the full vectors.
final class Graph: @unchecked Sendable {
    // Pointers refer to memory of `owner` or of this object that nobody writes to after `init`.
    let rows: SegmentRows
    let vectors: VectorRows
    let metric: Metric
    let points: GraphPoints
    let degree: Int
    /// `[count × degree]` places, a list that is not full ended by `VEXFS_NO_LINK`.
    let links: UnsafePointer<UInt32>
    /// Ascending.
    let entries: [UInt32]
    let bounds: GraphBounds
    let contexts: GraphContexts
    let scans: GraphScans
    /// The rows by place, where they are not consecutive.
    let listedRows: GraphMemory<UInt32>?
    private let owner: [any AnyObject & Sendable]
    private let described: UnsafeMutablePointer<vexfs_points>

    init(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, points: GraphPoints, degree: Int,
        links: UnsafePointer<UInt32>, entries: [UInt32], bounds: GraphBounds, owner: [any AnyObject & Sendable]
    ) throws(VexFSError) {
        self.rows = rows
        self.vectors = vectors
        self.metric = metric
        self.points = points
        self.degree = degree
        self.links = links
        self.entries = entries
        self.bounds = bounds
        self.owner = owner
        contexts = GraphContexts(count: points.count, degree: degree)
        scans = GraphScans(count: points.count, width: points.width, degree: degree)
        let isRun = rows.isRun
        listedRows = isRun ? nil : try GraphMemory(count: rows.count)
        if let listedRows { for place in 0..<rows.count { listedRows.base[place] = rows[place] } }
        described = .allocate(capacity: 1)
        described.initialize(
            to: vexfs_points(codes: points.codes, width: points.width, halves: points.halves, lifts: nil))
    }

    deinit { described.deallocate() }

    var count: Int { points.count }

    /// Memory besides what files provide; `ownedBytes` of codes and links are a new segment's own.
    func allocatedBytes(owning ownedBytes: Int) -> Int {
        ownedBytes + entries.count * 4 + (listedRows?.byteCount ?? 0) + contexts.allocatedBytes + scans.allocatedBytes
    }

    /// A walk over this graph for a query.
    func begin(
        _ query: GraphQuery, _ context: GraphContext, pool: Int, found: Int
    ) throws(VexFSError) -> vexfs_walk {
        var walk = try context.begin(pool: pool, found: found)
        walk.points = UnsafePointer(described)
        walk.links = links
        walk.degree = degree
        walk.query = UnsafePointer(query.codes)
        walk.penalty = query.penalty
        return walk
    }

    /// Offers the entry points nearest to the query.
    func enter(_ walk: inout vexfs_walk) {
        vexfs_codes_kernels().pointee.enter_best(&walk, entries, entries.count)
    }
}

/// How far codes may be off from the vectors that they stand for.
struct GraphBounds: @unchecked Sendable {
    // The memory belongs to the graph's owner.
    /// Lengths of what the codes leave of the vectors, in 255ths of `largestResidual`, rounded up; `[count] UInt8`.
    let residuals: UnsafePointer<UInt8>
    /// The greatest of those lengths.
    var largestResidual: Float
    /// The greatest length of a vector that a code stands for.
    var largestLength: Float

    /// What a code leaves at the most whose entry in ``residuals`` is `size`.
    func residual(ofSize size: Int) -> Float { Float(size) / 255 * largestResidual }

    /// Measures the codes; O(count × dimension).
    /// - Throws: `interrupted`.
    static func measure(
        _ points: GraphPoints, rows: SegmentRows, vectors: VectorRows, into residuals: GraphMemory<UInt8>,
        workers: GraphWorkers
    ) throws(VexFSError) -> GraphBounds {
        let lengths = try GraphMemory<Float>(count: points.count)
        let squares = Mutex<Int32>(0)
        try workers.run(points.count, chunk: 2048) { range, _ in
            var largest: Int32 = 0
            for place in range {
                let codes = points.codes + place * points.width
                let rest = vexfs_residual_i8(
                    vectors.address(of: rows[place]), codes, points.dimension, 1 / points.factor)
                // A little more than it is: `1 / factor` is rounded.
                lengths.base[place] = Float(rest * 1.00001).nextUp
                largest = max(largest, points.squaredLength(of: place))
            }
            squares.withLock { [largest] in $0 = max($0, largest) }
        }
        var most: Float = 0
        for place in 0..<points.count { most = max(most, lengths.base[place]) }
        if !most.isFinite { most = .greatestFiniteMagnitude }
        for place in 0..<points.count where most > 0 {
            let share = (lengths.base[place] / most * 255).rounded(.up)
            residuals.base[place] = share < 255 ? UInt8(share) : 255
        }
        let length = Double(squares.withLock { $0 }).squareRoot() / Double(points.factor)
        return GraphBounds(
            residuals: UnsafePointer(residuals.base), largestResidual: most,
            largestLength: Float(length * 1.00001).nextUp)
    }
}

/// A query as codes. Its memory is freed with it.
final class GraphQuery {
    let vector: [Float]
    let metric: Metric
    /// `[width] Int8`
    let codes: UnsafeMutablePointer<Int8>
    /// What a component was multiplied by.
    let factor: Float
    /// What a point's score loses for each unit of half its squared length; 0 for ``Metric/dot``.
    let penalty: Float

    init(_ vector: [Float], for points: GraphPoints, metric: Metric) {
        self.vector = vector
        self.metric = metric
        codes = .allocate(capacity: points.width)
        codes.initialize(repeating: 0, count: points.width)
        let wanted = 127 / vexfs_largest_f32(vector, vector.count)
        // A query much shorter than the points is of no weight against their lengths; more would not fit 32 bits.
        let most = points.factor * max(1, min(32, 65536 / Float(points.width)))
        if metric.comparesCodesByDistance {
            factor = wanted.isFinite ? min(wanted, most) : most
            penalty = factor / points.factor
        } else {
            factor = wanted.isFinite ? wanted : points.factor
            penalty = 0
        }
        vexfs_quantize_i8(vector, vector.count, factor, codes)
    }

    deinit { codes.deallocate() }
}
