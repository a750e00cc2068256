import CVexKernels

/// The codes of a segment's vectors: `[count × width] Int8` on one scale for all, by place.
///
/// A code is a component times `factor`, rounded and held within ±127. `width` is the dimension rounded up to a
/// multiple of 32; what is beyond the dimension is 0.
final class GraphPoints: @unchecked Sendable {
    // The memory belongs to `owner` and is not written to after `init`.
    let count: Int
    let dimension: Int
    let width: Int
    let factor: Float
    let codes: UnsafePointer<Int8>
    /// Half of each code's squared length, `[count]`; only where walks need it.
    let halves: UnsafePointer<Int32>?
    private let owner: [any AnyObject & Sendable]

    init(
        count: Int, dimension: Int, factor: Float, codes: UnsafePointer<Int8>, halves: UnsafePointer<Int32>?,
        owner: [any AnyObject & Sendable]
    ) {
        self.count = count
        self.dimension = dimension
        width = Self.width(dimension)
        self.factor = factor
        self.codes = codes
        self.halves = halves
        self.owner = owner
    }

    static func width(_ dimension: Int) -> Int {
        let grain = Int(VEXFS_CODES_GRAIN.rawValue)
        return max(grain, (dimension + grain - 1) / grain * grain)
    }

    /// Encodes the vectors of the rows; O(rows × dimension).
    /// - Throws: `interrupted`, `outOfMemory`.
    convenience init(
        encoding rows: SegmentRows, of vectors: VectorRows, metric: Metric, seed: UInt64, workers: GraphWorkers
    ) throws(VexFSError) {
        let dimension = vectors.dimension
        let width = Self.width(dimension)
        let factor = Self.factor(for: rows, of: vectors, metric: metric, seed: seed)
        try self.init(
            encoding: rows, from: 0, after: try GraphMemory<Int8>(count: rows.count * width), factor: factor,
            vectors: vectors, metric: metric, workers: workers)
    }

    /// Encodes the rows from a place on into memory that holds the codes of those before it.
    /// - Throws: `interrupted`, `outOfMemory`.
    init(
        encoding rows: SegmentRows, from start: Int, after memory: GraphMemory<Int8>, factor: Float,
        vectors: VectorRows, metric: Metric, workers: GraphWorkers
    ) throws(VexFSError) {
        count = rows.count
        dimension = vectors.dimension
        let width = Self.width(dimension)
        self.width = width
        self.factor = factor
        memory.preferLargePages()
        try workers.run(rows.count - start, chunk: 1024) { [dimension] range, _ in
            for place in start + range.lowerBound..<start + range.upperBound {
                vexfs_quantize_i8(
                    vectors.address(of: rows[place]), dimension, factor, memory.base + place * width)
            }
        }
        codes = UnsafePointer(memory.base)
        let halves = metric.comparesCodesByDistance ? try GraphMemory<Int32>(count: rows.count) : nil
        self.halves = halves.map { UnsafePointer($0.base) }
        owner = [memory] + (halves.map { [$0] } ?? [])
        for place in 0..<(halves?.count ?? 0) { halves?.base[place] = squaredLength(of: place) / 2 }
    }

    /// The square of the length of a place's code.
    func squaredLength(of place: Int) -> Int32 {
        vexfs_dot_i8(codes + place * width, codes + place * width, width)
    }

    /// 127 over the 99.95 percentile of the components' sizes. Where lengths differ, the largest vectors matter most to
    /// ``Metric/dot`` and are not cut off, as long as they are not so large that the others would vanish.
    static func factor(for rows: SegmentRows, of vectors: VectorRows, metric: Metric, seed: UInt64) -> Float {
        var random = SeededRandom(seed: seed)
        let dimension = vectors.dimension
        let sampled = min(rows.count, max(1, 200_000 / max(1, dimension)))
        var sizes: [Float] = []
        sizes.reserveCapacity(sampled * dimension)
        for index in 0..<sampled {
            let place = sampled == rows.count ? index : Int.random(in: 0..<rows.count, using: &random)
            let vector = vectors.address(of: rows[place])
            for component in 0..<dimension where vector[component].isFinite { sizes.append(abs(vector[component])) }
        }
        guard !sizes.isEmpty else { return 1 }
        sizes.sort()
        var bound = sizes[min(sizes.count - 1, Int(Double(sizes.count) * 0.9995))]
        if metric != .cosine, dimension > 0 {
            var largest: Float = 0
            for place in 0..<rows.count {
                let size = vexfs_largest_f32(vectors.address(of: rows[place]), dimension)
                if size.isFinite { largest = max(largest, size) }
            }
            bound = min(largest, bound * (metric == .dot ? 16 : 2))
        }
        if bound == 0 { bound = sizes.last ?? 0 }
        let factor = 127 / bound
        return factor.isFinite && factor > 0 ? factor : 1
    }
}

extension Metric {
    /// Whether codes are compared by their distance, also where vectors are by their product. Vectors of length 1 have
    /// the same order by both, but what rounding does to a code's length drops out of a distance: among vectors that
    /// lie close together their products differ by less than that.
    var comparesCodesByDistance: Bool { self != .dot }
}

/// What comparing points with one another takes besides their codes; only while building.
///
/// For ``Metric/dot`` every point is lifted by one more component so that all have the same length: then the nearest
/// by distance are those of the largest product (Neyshabur, Srebro: arXiv 1410.5518).
final class GraphLengths: Sendable {
    let halves: GraphMemory<Int32>
    let lifts: GraphMemory<Int32>?

    init(_ points: GraphPoints, metric: Metric) throws(VexFSError) {
        halves = try GraphMemory(count: points.count)
        lifts = metric == .dot ? try GraphMemory(count: points.count) : nil
        var largest: Int32 = 0
        for place in 0..<points.count {
            let square = points.squaredLength(of: place)
            largest = max(largest, square)
            halves.base[place] = square
        }
        for place in 0..<points.count {
            var square = halves.base[place]
            if let lifts {
                let lift = Int32(Double(largest - square).squareRoot())
                lifts.base[place] = lift
                square += lift * lift
            }
            halves.base[place] = square / 2
        }
    }

    /// The points as the kernels compare them; valid while both objects live.
    func described(_ points: GraphPoints) -> vexfs_points {
        vexfs_points(
            codes: points.codes, width: points.width, halves: halves.base, lifts: lifts.map { UnsafePointer($0.base) })
    }
}
