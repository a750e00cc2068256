import CVexKernels

/// Exact search at the cost of 8-bit codes: a scan of the codes bounds every score from both sides, and only rows whose
/// upper bound reaches the k-th best lower bound are compared in full precision.
///
/// The answer is ``FlatIndex``'s, bit for bit: with x̂ and q̂ what the codes stand for, `|x·q − x̂·q̂| ≤ |x−x̂||q| +
/// |x̂||q−q̂|` (Cauchy–Schwarz) and `||x−q| − |x̂−q̂|| ≤ |x−x̂| + |q−q̂|` (triangle inequality), plus what rounding of
/// the full-precision kernels may add. Reads a quarter of the memory; data whose scores lie within the bounds of each
/// other cost up to the full scan more.
struct QuantizedFlatIndex: VectorIndex {
    let exact: FlatIndex
    /// The codes of each of the chunks of `exact.rows`, by place; nil for rows that are compared in full.
    let blocks: [[CodeBlock?]]

    var metric: Metric { exact.metric }
    var dimension: Int { exact.dimension }
    var plan: String { "8-bit scan, re-scored" }

    /// Below this many rows for each result, bounding first saves nothing.
    private static var rowsPerResult: Int { 32 }

    func search(_ vector: [Float], _ query: IndexQuery, allowed: RowBitmap) throws(VexFSError) -> IndexAnswer {
        guard query.limit > 0, allowed.count / Self.rowsPerResult >= query.limit else {
            return try exact.search(vector, query, allowed: allowed)
        }
        let prepared = try metric.prepare(vector, dimension: dimension)
        var scan = CodeScan(query: prepared, limit: query.limit, metric: metric)
        for (chunk, blocks) in zip(exact.rows.chunks, blocks) {
            let first = Int(chunk.firstRow)
            allowed.forEachRun(in: first..<first + chunk.count) { run in
                scan.run(run.lowerBound - first..<run.upperBound - first, of: chunk, in: blocks)
            }
        }
        let answer = try exact.search(vector, query, allowed: scan.candidates())
        var found = IndexAnswer(neighbors: answer.neighbors, compared: scan.compared)
        found.rescored = answer.compared
        return found
    }
}

/// The first pass: bounds for every row, and the rows that may be among the nearest.
///
/// Contract: lives inside one call of ``QuantizedFlatIndex/search(_:_:allowed:)``, which keeps the blocks alive.
private struct CodeScan {
    private let metric: Metric
    /// The query's codes, `[width] Int8`.
    private let codes: Scratch<Int8>
    private let facts: CodeFacts
    /// The query's length, rounded up.
    private let length: Double
    /// Relative rounding error of a full-precision score: each of 16 lanes adds dimension / 16 terms.
    private let rounding: Double
    private var reach = vexfs_code_reach()
    /// The best lower bounds so far.
    private var lower: NeighborHeap
    private var kept: [(row: Row, upper: Float)] = []
    private var keptLimit = 8192
    private let products: Scratch<Int32>
    private let reaching: Scratch<UInt32>
    private(set) var compared = 0

    /// Rows that are compared before those that cannot reach the best of them are left out.
    private static let rowsAtOnce = 256

    init(query: [Float], limit: Int, metric: Metric) {
        self.metric = metric
        let codes = Scratch<Int8>(GraphPoints.width(query.count), repeating: 0)
        facts = query.withUnsafeBufferPointer { CodeFacts(encoding: $0, into: codes.start) }
        self.codes = codes
        let squares = query.reduce(0.0) { $0 + Double($1) * Double($1) }
        length = squares.squareRoot() * (1 + 1e-12)
        rounding = Double(query.count / 16 + 32) * 0x1p-23
        // Bounds are kept as similarities: a higher one is nearer for every metric.
        lower = NeighborHeap(limit: limit, metric: .dot)
        products = Scratch(Self.rowsAtOnce)
        reaching = Scratch(Self.rowsAtOnce)
        reach.factor = facts.scale
        let missed = Double(facts.residual)
        if metric == .euclidean {
            let own = Double(facts.scale) * Double(facts.scale) * Double(facts.sum_of_squares)
            reach.squared = Float(own)
            reach.by_residual = Float((1 + 4 * rounding) * (1 + 1e-5))
            reach.by_norm = 2e-7
            reach.constant = Float((missed + 2e-7 * length) * (1 + 4 * rounding) * (1 + 1e-5))
        } else {
            reach.squared = -1
            reach.by_residual = Float(length * (1 + rounding) * (1 + 1e-5))
            reach.by_norm = Float((missed + rounding * length) * (1 + 1e-5) + 4e-6 * (length + missed))
        }
    }

    /// Bounds the scores of the chunk's rows `local`.
    mutating func run(_ local: Range<Int>, of chunk: VectorChunk, in blocks: [CodeBlock?]) {
        let places = chunk.places(of: local)
        let rows = chunk.packed?.rows(in: local)
        var start = places.lowerBound
        while start < places.upperBound {
            let place = start % CodeBlock.rowCount
            let count = min(Self.rowsAtOnce, CodeBlock.rowCount - place, places.upperBound - start)
            func row(_ index: Int) -> Row {
                chunk.firstRow + (rows.map { $0[start + index - places.lowerBound] } ?? Row(start + index))
            }
            if let block = blocks[start / CodeBlock.rowCount] {
                let found = compare(block, place, count)
                for at in 0..<found {
                    let index = Int(reaching.start[at])
                    bound(row(index), product: products.start[index], facts: block.facts[place + index])
                }
            } else {
                for index in 0..<count { kept.append((row(index), .infinity)) }
            }
            compared += count
            start += count
        }
    }

    /// Compares the codes of rows of a block; returns how many of them, named by ``reaching``, may be near enough.
    private mutating func compare(_ block: CodeBlock, _ place: Int, _ count: Int) -> Int {
        let width = codes.count
        vexfs_codes_kernels().pointee.scan(
            codes.start, block.codes + place * width, width, count, products.start)
        // Numbers that single precision has no room for are left to the bounds.
        let worst = length < 1e17 ? lower.worst?.score ?? -.infinity : -.infinity
        let distance = -Double(worst) * (1 + 4 * rounding) * (1 + 1e-5)
        reach.limit = metric == .euclidean ? Float(distance).nextUp : worst
        return vexfs_codes_reaching(&reach, products.start, block.facts + place, count, reaching.start)
    }

    /// The rows that may be among the nearest.
    mutating func candidates() -> RowBitmap {
        var rows = RowBitmap()
        drop()
        for candidate in kept { rows.insert(candidate.row) }
        return rows
    }

    @inline(__always)
    private mutating func bound(_ row: Row, product: Int32, facts row8: CodeFacts) {
        let dot = Double(product) * Double(row8.scale) * Double(facts.scale)
        let score: Double
        var error: Double
        if metric == .euclidean {
            let mine = Double(facts.scale) * Double(facts.scale) * Double(facts.sum_of_squares)
            let theirs = Double(row8.scale) * Double(row8.scale) * Double(row8.sum_of_squares)
            let distance = max(0, mine + theirs - 2 * dot).squareRoot()
            // The root magnifies what cancellation leaves of doubles' own rounding.
            let cancelled = 1e-7 * (length + Double(row8.norm))
            error = Double(row8.residual) + Double(facts.residual) + cancelled
            error += rounding * (distance + error)
            score = -distance
        } else {
            let norm = Double(row8.norm)
            let residual = Double(row8.residual)
            error = residual * length + norm * Double(facts.residual) + rounding * (norm + residual) * length
            score = dot
        }
        // Where full precision might overflow, the bounds say nothing.
        let magnitude = Double(row8.norm) + Double(row8.residual) + length
        if error.isNaN || magnitude > 1e18 { error = .infinity }
        let upper = Float(score + error).nextUp
        if let worst = lower.worst, upper < worst.score { return }
        kept.append((row, upper))
        lower.offer(Neighbor(row: row, score: Float(score - error).nextDown))
        if kept.count >= keptLimit {
            drop()
            keptLimit = max(keptLimit, 2 * kept.count)
        }
    }

    private mutating func drop() {
        guard let worst = lower.worst else { return }
        kept.removeAll { $0.upper < worst.score }
    }
}
