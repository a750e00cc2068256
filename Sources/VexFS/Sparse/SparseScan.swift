import CVexKernels

/// The search of one segment, window by window. While there is no score to beat, the lists are added up. After that the
/// scores of a window are estimated from above first: the lists that can bring a row into the answer are added up in
/// single precision, those with codes a window at a time, and only the rows that come out near enough are looked up in
/// the lists (MaxScore: Turtle & Flood 1995, doi:10.1016/0306-4573(95)00020-H, with bounds by window; estimates from
/// bytes that are rounded up: Mallia, Suel & Tonellotto 2024, "Faster learned sparse retrieval with block-max pruning",
/// doi:10.1145/3626772.3657906).
///
/// Scores are sums of double precision, so that the order of the lists does not show in them, rounded to a float.
///
/// Contract: lives inside one call of ``SparseSegment/search(_:weights:among:into:)``; its pointers are into the
/// segment, and into buffers of that call.
struct SparseScan {
    /// A list of the query, and what of it is in the current window.
    struct List {
        var places: UnsafePointer<UInt16>
        var values: UnsafePointer<Float>
        var count: Int
        var weight: Float
        /// The most that it adds to a score anywhere; at least 0, since a row may lack the dimension.
        var bound: Double
        /// The largest magnitude of what it adds.
        var reach: Double
        var windowStarts: UnsafePointer<UInt16>?
        var windowMaxima: UnsafePointer<Float>?
        /// The codes of the segment's first window, and what one of them stands for.
        var codes: UnsafePointer<UInt8>?
        var step: Float = 0
        /// Where the current window begins and ends.
        var start = 0
        var end = 0
        /// The most that it adds to a score in the current window.
        var windowBound = 0.0
    }

    /// The memory of a search: everything `[SparseSegment.window]`, codes and steps `[lists]`.
    struct Buffers {
        let scores: UnsafeMutablePointer<Double>
        let estimates: UnsafeMutablePointer<Float>
        let candidates: UnsafeMutablePointer<vexfs_sparse_candidate>
        let codes: UnsafeMutablePointer<UnsafePointer<UInt8>?>
        let steps: UnsafeMutablePointer<Float>
    }

    let lists: UnsafeMutableBufferPointer<List>
    let buffers: Buffers
    let firstRow: Row
    let firstWindow: Int
    private let kernels: vexfs_sparse_kernels
    /// What rounding may take from a sum of bounds or an estimate.
    private let slack: Double
    /// Whether no sum in single precision can overflow.
    private let canEstimate: Bool
    private(set) var compared = 0
    private var current = 0
    /// Components added up in the current window, those of codes as many as the window has places.
    private var added = 0

    /// What looking up one candidate in one list costs, in components added up.
    private static let lookupCost = 8
    /// Candidates whose components are fetched together.
    private static let fetched = 4
    /// What reading the codes of a window costs, in components added up.
    private static let codesCost = 128

    init(
        lists: UnsafeMutableBufferPointer<List>, buffers: Buffers, firstRow: Row, firstWindow: Int
    ) {
        self.lists = lists
        self.buffers = buffers
        self.firstRow = firstRow
        self.firstWindow = firstWindow
        kernels = vexfs_sparse_kernels().pointee
        var total = 0.0
        var most = 0.0
        for list in lists {
            total += list.bound
            most += list.reach
        }
        // Each list's product, and each sum, is rounded to 24 bits; the steps of codes are rounded too.
        slack = (total + most) * Double(lists.count + 8) * 0x1p-23
        canEstimate = most < 1e37
        vexfs_sparse_reset(buffers.scores)
        buffers.estimates.initialize(repeating: 0, count: SparseSegment.window)
    }

    /// Offers the rows of a window; `allowed` has a bit for each of its places.
    mutating func run(window: Int, allowed: UnsafePointer<UInt64>, into heap: inout NeighborHeap) {
        guard enter(window) else { return }
        let found: Int
        // Without a full heap every row that shares a dimension is an answer, and one with a score of 0 or less may be.
        if let worst = heap.worst, worst.score > 0, canEstimate {
            found = best(above: Double(worst.score), allowed)
        } else {
            found = all(above: heap.worst.map { Double($0.score).nextDown } ?? -.infinity, allowed)
        }
        let first = firstRow + Row(window * SparseSegment.window)
        for index in 0..<found {
            let candidate = buffers.candidates[index]
            heap.offer(Neighbor(row: first + candidate.place, score: Float(candidate.score)))
        }
    }

    /// The candidates' scores, added up list by list.
    private mutating func all(above cutoff: Double, _ allowed: UnsafePointer<UInt64>) -> Int {
        for list in lists where list.start < list.end {
            let count = list.end - list.start
            vexfs_sparse_add(
                buffers.scores, list.places + list.start, list.values + list.start, count, Double(list.weight))
            compared += count
        }
        return vexfs_sparse_collect(buffers.candidates, buffers.scores, allowed, cutoff)
    }

    /// The candidates whose scores may be above `worst`, found by estimates, with their scores.
    private mutating func best(above worst: Double, _ allowed: UnsafePointer<UInt64>) -> Int {
        // Lists stand by ascending bound; those at the front cannot bring a row in by themselves.
        let cutoff = worst - slack
        var optional = 0
        var rest = 0.0
        while optional < lists.count, rest + lists[optional].windowBound <= cutoff {
            rest += lists[optional].windowBound
            optional += 1
        }
        guard optional < lists.count else { return 0 }
        estimate(from: optional, to: lists.count)
        if optional > 0,
            lookingUpCosts(more: optional, kernels.above(buffers.estimates, Float(cutoff - rest).nextDown))
        {
            estimate(from: 0, to: optional)
            optional = 0
            rest = 0
        }
        var found = collect(from: optional, above: Float(cutoff - rest).nextDown, allowed)
        rest = 0
        for list in lists {
            rest += list.windowBound
            guard list.start < list.end, found > 0 else { continue }
            vexfs_sparse_prefetch(
                buffers.candidates, min(found, Self.fetched), list.places + list.start, list.values + list.start,
                list.end - list.start)
        }
        var next = lists.count - 1
        while next >= 0, found > 0 {
            let list = lists[next]
            rest -= list.windowBound
            if list.start < list.end {
                found = vexfs_sparse_refine(
                    buffers.candidates, found, list.places + list.start, list.values + list.start,
                    list.end - list.start, Double(list.weight), cutoff - rest)
            }
            next -= 1
        }
        return found
    }

    /// Finds the part of every list that is in the window; false where there is none.
    private mutating func enter(_ window: Int) -> Bool {
        let first = UInt32(window * SparseSegment.window)
        let limit = first + UInt32(SparseSegment.window)
        var isAny = false
        for index in 0..<lists.count {
            if let starts = lists[index].windowStarts {
                lists[index].start = Int(starts[window])
                lists[index].end =
                    window + 1 < SparseSegment.windowCount ? Int(starts[window + 1]) : lists[index].count
            } else {
                let places = lists[index].places
                var end = lists[index].end
                while end < lists[index].count, UInt32(places[end]) < first { end += 1 }
                lists[index].start = end
                while end < lists[index].count, UInt32(places[end]) < limit { end += 1 }
                lists[index].end = end
            }
            if lists[index].start == lists[index].end {
                lists[index].windowBound = 0
                continue
            }
            isAny = true
            if let maxima = lists[index].windowMaxima, lists[index].weight > 0 {
                lists[index].windowBound = max(0, Double(lists[index].weight) * Double(maxima[window]))
            } else {
                lists[index].windowBound = lists[index].bound
            }
        }
        current = window
        return isAny
    }

    /// Whether it costs more to look up the candidates in the first lists than to estimate with these too.
    private func lookingUpCosts(more count: Int, _ candidates: Int) -> Bool {
        var total = 0
        for index in 0..<count {
            total += lists[index].codes == nil ? lists[index].end - lists[index].start : Self.codesCost
        }
        return candidates * count * Self.lookupCost > total
    }

    /// Adds the part of some lists that is in the window to the estimates.
    private mutating func estimate(from first: Int, to end: Int) {
        var coded = 0
        for index in first..<end where lists[index].start < lists[index].end {
            guard let codes = lists[index].codes else { continue }
            buffers.codes[coded] = codes + (current - firstWindow) * SparseSegment.window
            buffers.steps[coded] = lists[index].step
            coded += 1
        }
        if coded > 0 {
            kernels.add_codes(buffers.estimates, buffers.codes, buffers.steps, coded)
            added += coded * SparseSegment.window
        }
        for index in first..<end where lists[index].codes == nil {
            let list = lists[index]
            let count = list.end - list.start
            if count == 0 { continue }
            vexfs_sparse_estimate(
                buffers.estimates, list.places + list.start, list.values + list.start, count, list.weight)
            compared += count
            added += count
        }
    }

    /// Makes candidates of the places with estimates above `cutoff`, of the lists from `first` on, which were added up.
    private mutating func collect(from first: Int, above cutoff: Float, _ allowed: UnsafePointer<UInt64>) -> Int {
        defer { added = 0 }
        if added > SparseSegment.window / 8 {
            return kernels.collect(buffers.candidates, buffers.estimates, allowed, cutoff)
        }
        var found = 0
        for index in first..<lists.count {
            let list = lists[index]
            found += vexfs_sparse_collect_listed(
                buffers.candidates + found, buffers.estimates, list.places + list.start, list.end - list.start, allowed,
                cutoff)
        }
        return found
    }
}

extension SparseSegment {
    /// Offers the allowed rows that share a dimension with the query and can still be among the best; returns how many
    /// components were compared. `weights` are the query's, one for each of its indices.
    func search(
        _ query: SparseVector, weights: [Float], among allowed: RowBitmap, into heap: inout NeighborHeap
    ) -> Int {
        var found: [SparseScan.List] = []
        for (dimension, weight) in zip(query.indices, weights) {
            if let list = list(of: dimension) { found.append(scanList(list, weight: weight)) }
        }
        guard !found.isEmpty else { return 0 }
        found.sort { $0.bound < $1.bound }
        let range = Int(firstRow)..<Int(firstRow) + RowBitmap.Container.rowCount
        return found.withUnsafeMutableBufferPointer { lists in
            withBuffers(lists: lists.count) { buffers in
                var scan = SparseScan(
                    lists: lists, buffers: buffers, firstRow: firstRow, firstWindow: windows.lowerBound)
                allowed.withWords(in: range) { words in
                    guard let words = words.baseAddress else { return }
                    for window in windows {
                        let allowed = words + window * Self.window / 64
                        if vexfs_sparse_any(allowed) == 0 { continue }
                        scan.run(window: window, allowed: allowed, into: &heap)
                    }
                }
                return scan.compared
            }
        }
    }

    private func withBuffers(lists: Int, _ body: (SparseScan.Buffers) -> Int) -> Int {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.window) { scores in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.window + lists) { floats in
                withUnsafeTemporaryAllocation(of: vexfs_sparse_candidate.self, capacity: Self.window) { candidates in
                    withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: lists) { codes in
                        guard let scores = scores.baseAddress, let floats = floats.baseAddress,
                            let candidates = candidates.baseAddress, let codes = codes.baseAddress
                        else { return 0 }
                        return body(
                            SparseScan.Buffers(
                                scores: scores, estimates: floats, candidates: candidates, codes: codes,
                                steps: floats + Self.window))
                    }
                }
            }
        }
    }

    private func scanList(_ list: Int, weight: Float) -> SparseScan.List {
        let range = range(of: list)
        let bounds = bounds[list]
        let directory = directories[list]
        let entry = directory == Self.noDirectory ? nil : Int(directory) * Self.windowCount
        // A dimension's list is not empty, so there is memory.
        guard let places = places.baseAddress, let values = values.baseAddress else {
            preconditionFailure("a list has memory")
        }
        let weightOfLeast = Double(weight) * Double(bounds.least)
        let weightOfLargest = Double(weight) * Double(bounds.largest)
        var found = SparseScan.List(
            places: places + range.lowerBound, values: values + range.lowerBound, count: range.count, weight: weight,
            bound: max(0, weightOfLeast, weightOfLargest), reach: max(abs(weightOfLeast), abs(weightOfLargest)),
            windowStarts: entry.flatMap { entry in windowStarts.baseAddress.map { $0 + entry } },
            windowMaxima: entry.flatMap { entry in windowMaxima.baseAddress.map { $0 + entry } })
        // Of a negative weight the codes are no bounds.
        if codeStarts[list] != Self.noDirectory, weight > 0 {
            found.codes = codes.baseAddress.map { $0 + Int(codeStarts[list]) }
            found.step = bounds.step * weight
        }
        return found
    }
}
