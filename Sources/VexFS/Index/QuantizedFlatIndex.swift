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
private struct CodeScan {
    private let metric: Metric
    private let dimension: Int
    private let codes: [Int8]
    private let facts: CodeFacts
    /// The query's length, rounded up.
    private let length: Double
    /// Relative rounding error of a full-precision score: each of 16 lanes adds dimension / 16 terms.
    private let rounding: Double
    /// The best lower bounds so far.
    private var lower: NeighborHeap
    private var kept: [(row: Row, upper: Float)] = []
    private var keptLimit = 8192
    private var scores: [Int32]
    private(set) var compared = 0

    init(query: [Float], limit: Int, metric: Metric) {
        self.metric = metric
        dimension = query.count
        var codes = [Int8](repeating: 0, count: query.count)
        facts = query.withUnsafeBufferPointer { vector in
            codes.withUnsafeMutableBufferPointer { target in
                // An empty query has no address; nothing is read or written then.
                target.baseAddress.map { CodeFacts(encoding: vector, into: $0) } ?? CodeFacts()
            }
        }
        self.codes = codes
        let squares = query.reduce(0.0) { $0 + Double($1) * Double($1) }
        length = squares.squareRoot() * (1 + 1e-12)
        rounding = Double(query.count / 16 + 32) * 0x1p-23
        // Bounds are kept as similarities: a higher one is nearer for every metric.
        lower = NeighborHeap(limit: limit, metric: .dot)
        scores = [Int32](repeating: 0, count: CodeBlock.rowCount)
    }

    /// Bounds the scores of the chunk's rows `local`.
    mutating func run(_ local: Range<Int>, of chunk: VectorChunk, in blocks: [CodeBlock?]) {
        let places = chunk.places(of: local)
        let rows = chunk.packed?.rows(in: local)
        var start = places.lowerBound
        while start < places.upperBound {
            let place = start % CodeBlock.rowCount
            let count = min(CodeBlock.rowCount - place, places.upperBound - start)
            let block = blocks[start / CodeBlock.rowCount]
            if let block {
                vexfs_scan_i8(codes, dimension, block.codes + place * dimension, dimension, count, &scores)
            }
            for index in 0..<count {
                let row = chunk.firstRow + (rows.map { $0[start + index - places.lowerBound] } ?? Row(start + index))
                if let block {
                    bound(row, product: scores[index], facts: block.facts[place + index])
                } else {
                    kept.append((row, .infinity))
                }
            }
            compared += count
            start += count
        }
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
            let mine = Double(facts.scale) * Double(facts.scale) * Double(facts.sumOfSquares)
            let theirs = Double(row8.scale) * Double(row8.scale) * Double(row8.sumOfSquares)
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
