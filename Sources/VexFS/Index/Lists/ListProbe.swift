import CVexKernels

/// One search through lists: ranks the centres, goes through the codes of the nearest, keeps the best estimates and
/// compares their full vectors.
///
/// Contract: lives inside one call of ``ListSegment/search(_:filter:)``, which keeps the segment, its file, the vectors
/// and the filter's words alive.
struct ListProbe {
    private let segment: ListSegment
    private let query: SegmentQuery
    private let breadth: ListBreadth
    private let bitmap: UnsafeBufferPointer<UInt64>?
    private let passing: Int
    /// The query, moved by the mean.
    private let moved: Scratch<Float>
    private var ranking: ListRanking
    private var best: BestEstimates
    private var scan = vexfs_code_scan()
    private let table: Scratch<UInt8>
    private let masks: Scratch<UInt32>
    private let kernels = vexfs_list_kernels().pointee
    /// Rows whose codes were compared, and lists that were gone through.
    private var compared = 0
    private var lists = 0

    /// Blocks that are gone through with one threshold.
    private static let blocksAtOnce = 16
    /// Errors between the last neighbour and the last row compared, below which the answer is not trusted.
    private static let clearance: Float = 0.75

    init(_ segment: ListSegment, _ query: SegmentQuery, bitmap: UnsafeBufferPointer<UInt64>?, passing: Int) {
        self.segment = segment
        self.query = query
        self.bitmap = bitmap
        self.passing = passing
        breadth = segment.breadth(of: query)
        let coder = segment.coder
        let dimension = coder.dimension
        moved = Scratch(dimension)
        for index in 0..<dimension { moved.start[index] = query.vector[index] - segment.mean[index] }
        ranking = ListRanking(segment, moved: moved.start)
        best = BestEstimates(keeping: breadth.rescored, room: Self.blocksAtOnce * Int(VEXFS_BLOCK_ROWS))
        table = Scratch(coder.groups * Int(VEXFS_GROUP_BYTES))
        masks = Scratch(Self.blocksAtOnce)
        let rotated = Scratch<Float>(coder.length)
        let wide = Scratch<Float>(coder.nibbles * 16)
        rotated.start.update(from: moved.start, count: dimension)
        coder.rotate(rotated.start)
        let meaning = coder.table(of: rotated.start, wide: wide.start, into: table.start)
        let unit = segment.shape.factorUnit / segment.shape.constantUnit
        scan.scale = meaning.scale * unit
        scan.base = meaning.base * unit
        scan.groups = coder.groups
        scan.table = UnsafePointer(table.start)
    }

    /// The answer; nil where a filter left rows that estimates cannot tell apart, so that only comparing all helps.
    consuming func run() -> SegmentAnswer? {
        // Without a filter, the lists that the breadth names; with one, until as many passing rows were seen as make
        // up for those that don't pass.
        let all = segment.shape.lists
        let perList = Double(segment.rows.count) / Double(all)
        let share = Double(passing) / Double(segment.rows.count)
        let wantedRows = bitmap == nil ? 0 : Int(Double(breadth.lists) * perList * share.squareRoot())
        while lists < all {
            if lists >= breadth.lists, compared >= wantedRows, best.count >= min(query.limit, passing) { break }
            let (list, score) = ranking.next()
            if let next = ranking.upcoming { fetch(next) }
            go(through: list, score: score)
            lists += 1
        }
        best.settle()
        var rescoring = Rescoring(query.vectors ?? segment.vectors, segment.metric, query)
        let rows = Scratch<Row>(best.count)
        for index in 0..<best.count { rows.start[index] = segment.ids[Int(best.lanes.start[index])] }
        let scores = rescoring.compare(rows.start, count: best.count)
        if bitmap != nil, isBlurred(scores, nearest: rescoring.neighbors) { return nil }
        var answer = SegmentAnswer()
        answer.neighbors = rescoring.neighbors
        answer.compared = compared
        answer.rescored = rescoring.compared
        answer.plan = "list scan, \(lists) of \(all) lists"
        return answer
    }

    /// Whether the estimates' errors are as large as what lies between the last neighbour and the last row that was
    /// compared: then as good rows were left out. So it is where a filter takes away the rows around the query and
    /// leaves the many that are about equally far.
    private func isBlurred(_ scores: Scratch<Float>, nearest: [Neighbor]) -> Bool {
        guard best.count == breadth.rescored, let last = nearest.last else { return false }
        let unit = segment.shape.constantUnit
        let dimension = segment.coder.dimension
        let squared = vexfs_distance_f32(VEXFS_MEASURE_DOT, moved.start, moved.start, dimension)
        let isEuclidean = segment.metric == .euclidean
        /// A score as estimates have it: x·q, or x·q − |x|²/2.
        func product(_ score: Float) -> Float { isEuclidean ? (squared - score * score) / 2 : score }
        var errors: Float = 0
        var least = Float.infinity
        for index in 0..<best.count {
            let estimate = best.estimates.start[index] * unit
            let error = estimate - product(scores.start[index])
            errors += error * error
            least = min(least, estimate)
        }
        let deviation = (errors / Float(best.count)).squareRoot()
        return product(last.score) - least < Self.clearance * deviation
    }

    /// Asks for the beginning of a list; the processor itself sees that the rest follows.
    private func fetch(_ list: Int) {
        let block = Int(segment.firstBlocks[list])
        let blocks = min(2, Int(segment.firstBlocks[list + 1]) - block)
        let size = segment.coder.blockBytes
        vexfs_prefetch(segment.codes + block * size, min(blocks * size, 2048))
        vexfs_prefetch(segment.factors + block * 2 * Int(VEXFS_BLOCK_ROWS), blocks * 4 * Int(VEXFS_BLOCK_ROWS))
    }

    private mutating func go(through list: Int, score: Float) {
        let blockRows = Int(VEXFS_BLOCK_ROWS)
        var block = Int(segment.firstBlocks[list])
        let end = Int(segment.firstBlocks[list + 1])
        scan.offset = score / segment.shape.constantUnit
        while block < end {
            let count = min(Self.blocksAtOnce, end - block)
            defer { block += count }
            scan.allowed = nil
            if let bitmap {
                let passing = kernels.mask(
                    segment.ids + block * blockRows, count, bitmap.baseAddress, bitmap.count, masks.start)
                compared += passing
                if passing == 0 { continue }
                scan.allowed = UnsafePointer(masks.start)
            } else {
                compared += count * blockRows
            }
            scan.codes = segment.codes + block * segment.coder.blockBytes
            scan.factors = segment.factors + block * 2 * blockRows
            scan.blocks = count
            scan.first = UInt32(block * blockRows)
            scan.threshold = best.threshold
            best.added(kernels.scan(&scan, best.estimates.start + best.count, best.lanes.start + best.count))
        }
    }
}

/// The best estimates of those given: collects twice as many as are kept, then drops the worse half and asks only for
/// better ones. O(1) per estimate on average.
struct BestEstimates {
    private let keeping: Int
    let estimates: Scratch<Float>
    let lanes: Scratch<UInt32>
    private(set) var count = 0
    /// Estimates that are not above this are of no use.
    private(set) var threshold = -Float.infinity

    /// `room`: how many are written before ``added(_:)`` is told.
    init(keeping: Int, room: Int) {
        self.keeping = keeping
        estimates = Scratch(2 * keeping + room)
        lanes = Scratch(2 * keeping + room)
    }

    mutating func added(_ new: Int) {
        count += new
        if count >= 2 * keeping { settle() }
    }

    /// Keeps only the best.
    mutating func settle() {
        guard count > keeping else { return }
        select()
        count = keeping
        var least = estimates.start[0]
        for index in 1..<keeping { least = min(least, estimates.start[index]) }
        threshold = least
    }

    /// Brings the `keeping` greatest to the front: quickselect (Hoare, doi:10.1145/366622.366647).
    private func select() {
        let value = estimates.start
        let lane = lanes.start
        var low = 0
        var high = count - 1
        while low < high {
            let (a, b, c) = (value[low], value[(low + high) / 2], value[high])
            let pivot = max(min(a, b), min(max(a, b), c))
            var left = low
            var right = high
            while left <= right {
                while value[left] > pivot { left += 1 }
                while value[right] < pivot { right -= 1 }
                if left <= right {
                    (value[left], value[right]) = (value[right], value[left])
                    (lane[left], lane[right]) = (lane[right], lane[left])
                    left += 1
                    right -= 1
                }
            }
            if keeping - 1 <= right { high = right } else if keeping - 1 >= left { low = left } else { return }
        }
    }
}

/// The lists in the order of their centres' nearness, put into order only as far as they are asked for.
struct ListRanking {
    /// Scores as ordered integers above, lists below; `ordered` of them are in their place.
    private let keys: Scratch<UInt64>
    private var ordered = 0
    private var given = 0
    private let bias: UnsafePointer<Float>

    /// How much of −|c|²/2 is left out of the order of lists: a list far from the query's direction but close to the
    /// origin has rows all around, and nearest centres alone would put it too far ahead. Measured on text embeddings
    /// (best at a half) and clustered synthetic vectors (best at 0).
    private static let biasOff: Float = 0.25

    init(_ segment: ListSegment, moved: UnsafePointer<Float>) {
        let lists = segment.shape.lists
        let dimension = segment.coder.dimension
        keys = Scratch(lists)
        bias = segment.centreBias
        let codes = Scratch<Int8>(dimension)
        let largest = vexfs_largest_f32(moved, dimension)
        let scale = largest > 0 && largest.isFinite ? largest / 127 : 1
        vexfs_quantize_i8(moved, dimension, 1 / scale, codes.start)
        let products = Scratch<Int32>(lists)
        vexfs_scan_i8(codes.start, dimension, segment.centreCodes, dimension, lists, products.start)
        for list in 0..<lists {
            let score = Float(products.start[list]) * (segment.centreScales[list] * scale) + segment.centreBias[list]
            let bits = (score - Self.biasOff * bias[list]).bitPattern
            let ordered = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
            keys.start[list] = UInt64(ordered) << 32 | UInt64(list)
        }
    }

    /// The next nearest list and its score.
    /// - Precondition: called at most once for each list.
    mutating func next() -> (list: Int, score: Float) {
        if given == ordered { order() }
        let key = keys.start[given]
        given += 1
        let bits = UInt32(key >> 32)
        let score = Float(bitPattern: bits & 0x8000_0000 != 0 ? bits & 0x7FFF_FFFF : ~bits)
        let list = Int(key & 0xFFFF_FFFF)
        return (list, score + Self.biasOff * bias[list])
    }

    /// The list after the last one given, where its place is known already.
    var upcoming: Int? { given < ordered ? Int(keys.start[given] & 0xFFFF_FFFF) : nil }

    /// Puts the next few into their places, each time more of them.
    private mutating func order() {
        let end = min(keys.count, max(32, ordered * 3))
        let value = keys.start
        var low = ordered
        var high = keys.count - 1
        while low < high {
            let pivot = value[(low + high) / 2]
            var left = low
            var right = high
            while left <= right {
                while value[left] > pivot { left += 1 }
                while value[right] < pivot { right -= 1 }
                if left <= right {
                    (value[left], value[right]) = (value[right], value[left])
                    left += 1
                    right -= 1
                }
            }
            if end - 1 <= right { high = right } else if end - 1 >= left { low = left } else { break }
        }
        var part = UnsafeMutableBufferPointer(start: value + ordered, count: end - ordered)
        part.sort(by: >)
        ordered = end
    }
}
