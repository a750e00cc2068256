import CVexKernels

extension Graph {
    /// Compares the codes of all rows that pass, and with full vectors every row whose code leaves it possible that it
    /// is among the nearest: exact. O(passing × width).
    func scan(_ query: SegmentQuery, _ coded: GraphQuery, among rows: RowBitmap?) -> SegmentAnswer {
        let range = Int(self.rows.first)..<Int(self.rows.first) + self.rows.span
        let expected = rows?.count(in: range) ?? count
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: expected + Int(VEXFS_LIST_SLACK)) { room in
            let found = places(of: rows, in: range, into: room)
            let places = UnsafeBufferPointer(rebasing: room[..<found])
            var answer = SegmentAnswer()
            answer.isExact = true
            answer.plan = "scan of \(found) rows"
            if found <= max(Self.fewRows, 2 * query.limit) {
                answer.neighbors = neighbors(places, query: query)
                answer.rescored = found
                return answer
            }
            answer.compared = found
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: found) { scores in
                compare(coded, places, into: scores.baseAddress)
                select(places, UnsafeBufferPointer(scores), query, coded, into: &answer)
            }
            return answer
        }
    }

    /// Compares the codes of some places with the query.
    private func compare(
        _ query: GraphQuery, _ places: UnsafeBufferPointer<UInt32>, into scores: UnsafeMutablePointer<Int32>?
    ) {
        let kernels = vexfs_codes_kernels().pointee
        guard places.count < count, let near = scans.gathered(places, of: points) else {
            return kernels.gather_near(
                query.codes, points.codes, points.width, query.penalty, places.baseAddress, places.count, scores)
        }
        withExtendedLifetime(near) {
            kernels.scan(query.codes, near.codes, points.width, places.count, scores)
            if let halves = near.halves { vexfs_take_off(scores, halves, places.count, query.penalty) }
        }
    }

    /// So few rows are compared with their full vectors at once.
    private static var fewRows: Int { 64 }

    /// Writes the places of those of the rows that the graph has, or of all for nil; returns how many.
    private func places(
        of rows: RowBitmap?, in range: Range<Int>, into room: UnsafeMutableBufferPointer<UInt32>
    ) -> Int {
        guard let rows else {
            for place in 0..<count { room[place] = UInt32(place) }
            return count
        }
        guard let base = room.baseAddress else { return 0 }
        guard let listedRows else { return rows.copyRows(in: range, from: self.rows.first, into: base) }
        let found = rows.copyRows(in: range, from: 0, into: base)
        return vexfs_places_of_rows(listedRows.base, listedRows.count, base, found)
    }

    /// Sizes of what codes leave that share a floor.
    private static var sizesPerFloor: Int { 256 / Int(VEXFS_FLOORS.rawValue) }

    /// The best by their codes say how good the answer is at least; whatever may be better is compared too.
    private func select(
        _ places: UnsafeBufferPointer<UInt32>, _ scores: UnsafeBufferPointer<Int32>, _ query: SegmentQuery,
        _ coded: GraphQuery, into answer: inout SegmentAnswer
    ) {
        let first = min(places.count, query.limit + 6)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: first) { items in
            var best = vexfs_pool(items: items.baseAddress, count: 0, capacity: UInt32(first))
            vexfs_pool_offer_all(&best, places.baseAddress, scores.baseAddress, places.count)
            var chosen: [UInt32] = []
            for index in 0..<Int(best.count) { chosen.append(vexfs_item_place(items[index])) }
            let known = chosen.withUnsafeBufferPointer { neighbors($0, query: query) }
            guard let worst = known.last, known.count == query.limit else {
                // Scores that are not numbers: the codes say nothing about them.
                answer.rescored = places.count
                answer.neighbors = neighbors(places, query: query)
                return
            }
            let error = GraphError(coded, bounds: bounds, points: points)
            let needed = error.measure(of: worst.score)
            let last = items[Int(best.count) - 1]
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: places.count) { room in
                let floors = (0..<Int(VEXFS_FLOORS.rawValue)).map { size in
                    error.lowest(needed, residual: bounds.residual(ofSize: (size + 1) * Self.sizesPerFloor - 1))
                }
                let count = vexfs_possible(
                    scores.baseAddress, places.baseAddress, places.count, bounds.residuals, floors, room.baseAddress)
                for index in room[..<count] {
                    let place = places[Int(index)]
                    if vexfs_item(scores[Int(index)], place) < last { chosen.append(place) }
                }
            }
            answer.rescored = chosen.count
            answer.neighbors = chosen.withUnsafeBufferPointer { neighbors($0, query: query) }
        }
    }
}

/// How far the score of codes may be off from that of the vectors.
///
/// With x̂ and q̂ for what the codes stand for: |x·q − x̂·q̂| ≤ |x − x̂|·|q| + |x̂|·|q − q̂|. Where codes are compared
/// by distance, as x̂·q̂ − |x̂|²/2 = (|q̂|² − |x̂ − q̂|²)/2: |x̂ − q̂| ≤ |x − q| + |x − x̂| + |q − q̂|.
struct GraphError {
    private let metric: Metric
    /// Lengths of the query, of what its code leaves, of its code, and of the longest point.
    private let length: Double
    private let residual: Double
    private let codeLength: Double
    private let longest: Double
    /// What one unit of an integer score is worth, and how many of them rounding may take.
    private let unit: Double
    private let slack: Double

    init(_ query: GraphQuery, bounds: GraphBounds, points: GraphPoints) {
        metric = query.metric
        var squares = 0.0
        for component in query.vector { squares += Double(component) * Double(component) }
        length = squares.squareRoot()
        residual = vexfs_residual_i8(query.vector, query.codes, query.vector.count, 1 / query.factor) * 1.00001
        codeLength = Double(vexfs_dot_i8(query.codes, query.codes, points.width)).squareRoot() / Double(query.factor)
        longest = Double(bounds.largestLength)
        unit = 1 / (Double(points.factor) * Double(query.factor))
        slack = 3 + Double(query.penalty)
    }

    /// A score as what bounds are made of: the inner product, or the distance.
    func measure(of score: Float) -> Double {
        switch metric {
        case .cosine: max(0, 2 - 2 * Double(score) + 1e-5).squareRoot()
        case .euclidean: Double(score)
        case .dot, .manhattan: Double(score)
        }
    }

    /// The lowest integer score of a point with that residual that may be as near as ``measure(of:)`` has it.
    func lowest(_ needed: Double, residual rest: Float) -> Int32 {
        let rest = Double(rest)
        var floor: Double
        // 32-bit sums of products: rounded, as the scores that are compared are.
        var rounding = 1e-5 * (longest + rest) * length
        if metric.comparesCodesByDistance {
            let reach = needed + rest + residual
            floor = (codeLength * codeLength - reach * reach) / 2
            rounding += 1e-5 * ((longest + rest) * (longest + rest) + length * length)
        } else {
            floor = needed - rest * length - longest * residual
        }
        floor = (floor - rounding) / unit - slack
        return floor > Double(Int32.min) ? (floor < Double(Int32.max) ? Int32(floor) : Int32.max) : Int32.min
    }
}
