import CVexKernels

/// The search of one segment: window by window, the lists that can bring a row into the answer are added up, and the
/// rows that come out near enough are looked up in the others (MaxScore: Turtle & Flood 1995,
/// doi:10.1016/0306-4573(95)00020-H; with bounds by window).
///
/// Sums are of double precision, so that the order of the lists does not show in a score, which is a float.
///
/// Contract: lives inside one call of ``SparseSegment/search(_:weights:among:into:)``; its pointers are into the
/// segment, and into buffers of that call.
struct SparseScan {
    /// A list of the query, and what of it is in the current window.
    struct List {
        var places: UnsafePointer<UInt16>
        var values: UnsafePointer<Float>
        var count: Int
        var weight: Double
        /// The most that it adds to a score anywhere; at least 0, since a row may lack the dimension.
        var bound: Double
        var windowStarts: UnsafePointer<UInt16>?
        var windowMaxima: UnsafePointer<Float>?
        /// Where the current window begins and ends.
        var start = 0
        var end = 0
        /// The most that it adds to a score in the current window.
        var windowBound = 0.0
    }

    let lists: UnsafeMutableBufferPointer<List>
    let scores: UnsafeMutablePointer<Double>
    let candidates: UnsafeMutablePointer<vexfs_sparse_candidate>
    let firstRow: Row
    /// What rounding may add to a sum of bounds.
    private let slack: Double
    private(set) var compared = 0
    /// Components added up in the current window.
    private var added = 0

    /// What looking up one candidate in one list costs, in components added up.
    private static let lookupCost = 8

    init(
        lists: UnsafeMutableBufferPointer<List>, scores: UnsafeMutablePointer<Double>,
        candidates: UnsafeMutablePointer<vexfs_sparse_candidate>, firstRow: Row
    ) {
        self.lists = lists
        self.scores = scores
        self.candidates = candidates
        self.firstRow = firstRow
        var total = 0.0
        for list in lists { total += list.bound }
        slack = total * 1e-12
        vexfs_sparse_reset(scores)
    }

    /// Offers the rows of a window; `allowed` has a bit for each of its places.
    mutating func run(window: Int, allowed: UnsafePointer<UInt64>, into heap: inout NeighborHeap) {
        guard enter(window) else { return }
        // Without a full heap every row that shares a dimension is an answer.
        let worst = heap.worst.map { Double($0.score) - slack } ?? -.infinity
        // Lists stand by ascending bound; those at the front cannot bring a row in by themselves.
        var optional = 0
        var rest = 0.0
        while optional < lists.count, rest + lists[optional].windowBound <= worst {
            rest += lists[optional].windowBound
            optional += 1
        }
        guard optional < lists.count else { return }
        add(from: optional, to: lists.count)
        if optional > 0, lookingUpCosts(more: optional, vexfs_sparse_above(scores, worst - rest)) {
            add(from: 0, to: optional)
            optional = 0
            rest = 0
        }
        var found = collect(from: optional, above: worst - rest, allowed)
        var next = optional - 1
        while next >= 0, found > 0 {
            let list = lists[next]
            rest -= list.windowBound
            let places = list.end - list.start
            if places > 0 {
                found = vexfs_sparse_refine(
                    candidates, found, list.places + list.start, list.values + list.start, places, list.weight,
                    worst - rest - slack)
            }
            next -= 1
        }
        let first = firstRow + Row(window * SparseSegment.window)
        for index in 0..<found {
            let candidate = candidates[index]
            heap.offer(Neighbor(row: first + candidate.place, score: Float(candidate.score)))
        }
    }

    /// Finds the part of every list that is in the window; false where there is none.
    private mutating func enter(_ window: Int) -> Bool {
        let limit = UInt32((window + 1) * SparseSegment.window)
        var isAny = false
        for index in 0..<lists.count {
            if let starts = lists[index].windowStarts {
                lists[index].start = Int(starts[window])
                lists[index].end =
                    window + 1 < SparseSegment.windowCount ? Int(starts[window + 1]) : lists[index].count
            } else {
                lists[index].start = lists[index].end
                let places = lists[index].places
                var end = lists[index].end
                while end < lists[index].count, UInt32(places[end]) < limit { end += 1 }
                lists[index].end = end
            }
            if lists[index].start == lists[index].end {
                lists[index].windowBound = 0
                continue
            }
            isAny = true
            if let maxima = lists[index].windowMaxima, lists[index].weight > 0 {
                lists[index].windowBound = max(0, lists[index].weight * Double(maxima[window]))
            } else {
                lists[index].windowBound = lists[index].bound
            }
        }
        return isAny
    }

    /// Whether it costs more to look up the candidates in the first lists than to add these up.
    private func lookingUpCosts(more count: Int, _ candidates: Int) -> Bool {
        var total = 0
        for index in 0..<count { total += lists[index].end - lists[index].start }
        return candidates * count * Self.lookupCost > total
    }

    /// Adds up the part of some lists that is in the window.
    private mutating func add(from first: Int, to end: Int) {
        for index in first..<end {
            let list = lists[index]
            let count = list.end - list.start
            if count == 0 { continue }
            vexfs_sparse_add(scores, list.places + list.start, list.values + list.start, count, list.weight)
            compared += count
            added += count
        }
    }

    /// Leaves the places with sums above `cutoff` among the candidates, of the lists from `first` on, which were added
    /// up.
    private mutating func collect(from first: Int, above cutoff: Double, _ allowed: UnsafePointer<UInt64>) -> Int {
        defer { added = 0 }
        if added > SparseSegment.window / 8 { return vexfs_sparse_collect(candidates, scores, allowed, cutoff) }
        var found = 0
        for index in first..<lists.count {
            let list = lists[index]
            found += vexfs_sparse_collect_listed(
                candidates + found, scores, list.places + list.start, list.end - list.start, allowed, cutoff)
        }
        return found
    }
}

extension SparseSegment {
    /// Offers the allowed rows that share a dimension with the query and can still be among the best; returns how many
    /// components were added up. `weights` are the query's, one for each of its indices.
    func search(
        _ query: SparseVector, weights: [Float], among allowed: RowBitmap, into heap: inout NeighborHeap
    ) -> Int {
        var found: [SparseScan.List] = []
        for (dimension, weight) in zip(query.indices, weights) {
            if let list = list(of: dimension) { found.append(scanList(list, weight: Double(weight))) }
        }
        guard !found.isEmpty, let last = rows.last else { return 0 }
        found.sort { $0.bound < $1.bound }
        let range = Int(firstRow)..<Int(firstRow) + RowBitmap.Container.rowCount
        let firstWindow = Int(rows.first.map { $0 - firstRow } ?? 0) / Self.window
        let lastWindow = Int(last - firstRow) / Self.window
        return found.withUnsafeMutableBufferPointer { lists in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.window) { scores in
                withUnsafeTemporaryAllocation(of: vexfs_sparse_candidate.self, capacity: Self.window) { candidates in
                    guard let scores = scores.baseAddress, let candidates = candidates.baseAddress else { return 0 }
                    var scan = SparseScan(lists: lists, scores: scores, candidates: candidates, firstRow: firstRow)
                    allowed.withWords(in: range) { words in
                        guard let words = words.baseAddress else { return }
                        for window in firstWindow...lastWindow {
                            scan.run(window: window, allowed: words + window * Self.window / 64, into: &heap)
                        }
                    }
                    return scan.compared
                }
            }
        }
    }

    private func scanList(_ list: Int, weight: Double) -> SparseScan.List {
        let range = range(of: list)
        let bounds = bounds[list]
        let directory = directories[list]
        let entry = directory == Self.noDirectory ? nil : Int(directory) * Self.windowCount
        // A dimension's list is not empty, so there is memory.
        guard let places = places.baseAddress, let values = values.baseAddress else {
            preconditionFailure("a list has memory")
        }
        return SparseScan.List(
            places: places + range.lowerBound, values: values + range.lowerBound, count: range.count, weight: weight,
            bound: max(0, weight * Double(bounds.least), weight * Double(bounds.largest)),
            windowStarts: entry.flatMap { entry in windowStarts.baseAddress.map { $0 + entry } },
            windowMaxima: entry.flatMap { entry in windowMaxima.baseAddress.map { $0 + entry } })
    }
}
