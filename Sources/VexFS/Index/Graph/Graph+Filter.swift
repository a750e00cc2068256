import CVexKernels

extension Graph {
    /// The nearest of the rows that pass: by comparing all of them, by a walk over everything that keeps those that
    /// pass, or by a walk over passing rows alone (ACORN-1, arXiv 2403.04871). The share that passes chooses; a walk
    /// that meets far fewer of them than that is given up for the next way.
    /// - Throws: `outOfMemory`.
    func search(
        _ query: SegmentQuery, _ coded: GraphQuery, _ filter: SegmentFilter
    ) throws(VexFSError) -> SegmentAnswer {
        let share = Double(filter.passing) / Double(count)
        if scans(filter.passing, share: share, query) { return scan(query, coded, among: filter.rows) }
        let answer = try contexts.withContext { context throws(VexFSError) in
            try withPassing(filter.rows) { passing throws(VexFSError) in
                if share >= Self.traversalShare {
                    let answer = try traverse(query, coded, passing, share: share, context)
                    if let answer { return answer }
                    return try walkPassing(query, coded, passing, from: [], share: share, context)
                }
                let near = try nearPassing(coded, passing, share: share, context)
                return try walkPassing(query, coded, passing, from: near, share: share, context)
            }
        }
        // Too few within reach: then all that pass are compared, so that there are always as many as asked for.
        guard answer.neighbors.count >= query.limit else { return scan(query, coded, among: filter.rows) }
        return answer
    }

    /// Below this share too many points that don't pass are in the way.
    private static var traversalShare: Double { 0.15 }

    /// Whether all passing rows are compared faster than a walk finds its way to as many of the nearest.
    private func scans(_ passing: Int, share: Double, _ query: SegmentQuery) -> Bool {
        // In the time that a candidate of a walk takes, some hundreds of codes are compared, one after the other.
        let pool = Self.passingPool(query, share: share)
        return passing <= max(24_000, 300 * pool) || query.limit > passing / 4
    }

    /// Candidates of a walk over passing rows alone: more where these are so few that those near to one another are
    /// seldom linked, by one that does not pass.
    private static func passingPool(_ query: SegmentQuery, share: Double) -> Int {
        Int((Double(query.ef) * min(3, max(1, 0.1 / share))).rounded(.up))
    }

    /// Walks over everything and keeps what passes; nil where too little of what it meets does.
    private func traverse(
        _ query: SegmentQuery, _ coded: GraphQuery, _ passing: UnsafePointer<vexfs_passing>, share: Double,
        _ context: GraphContext
    ) throws(VexFSError) -> SegmentAnswer? {
        // The walk goes on until nothing nearer than the worst kept is left: so far out, 1 / share as many lie. It
        // misses fewer of them for that, and needs to keep fewer.
        let breadth = max(query.limit, Int(Double(query.ef) * share.squareRoot()))
        let capacity = Int(Double(breadth) / share * 1.5) + 32
        var walk = try begin(coded, context, pool: capacity, found: breadth)
        walk.passing = passing
        enter(&walk)
        // On the way in everything is possible; what counts is what lies around the query.
        walk.budget = UInt64(Self.probeSteps * degree)
        vexfs_codes_kernels().pointee.walk(&walk)
        while walk.budget != 0, walk.compared >= walk.budget {
            let compared = walk.compared
            let passed = walk.passed
            walk.budget = compared + UInt64(Self.probeSteps * degree)
            vexfs_codes_kernels().pointee.walk(&walk)
            guard walk.compared >= walk.budget else { break }
            if Double(walk.passed - passed) < Double(walk.compared - compared) * share * Self.stallShare { return nil }
        }
        guard walk.found.count >= query.limit else { return nil }
        // A pool that is full of nearer points had no room for the way to those that pass.
        let worst = walk.found.items[Int(walk.found.count) - 1] | 1
        if walk.pool.count == walk.pool.capacity, worst < walk.pool.items[capacity - 1] { return nil }
        var answer = finish(query, coded, walk.found, compared: walk.compared)
        answer.plan = "graph walk, \(walk.passed) of \(walk.compared) passed"
        return answer
    }

    /// A walk's share of passing points is looked at after so many expansions.
    private static var probeSteps: Int { 16 }
    /// Where less than this part of the expected share passes, filter and query keep away from each other.
    private static var stallShare: Double { 0.3 }

    /// Passing rows that a short walk over everything meets; none where it meets so few that the query must lie apart
    /// from all that pass.
    private func nearPassing(
        _ coded: GraphQuery, _ passing: UnsafePointer<vexfs_passing>, share: Double, _ context: GraphContext
    ) throws(VexFSError) -> [UInt32] {
        var walk = try begin(coded, context, pool: Self.probePool, found: Self.probePool)
        walk.passing = passing
        enter(&walk)
        let compared = walk.compared
        let passed = walk.passed
        vexfs_codes_kernels().pointee.walk(&walk)
        if Double(walk.passed - passed) < Double(walk.compared - compared) * share * Self.stallShare { return [] }
        return (0..<Int(walk.found.count)).map { vexfs_item_place(walk.found.items[$0]) }
    }

    private static var probePool: Int { 24 }

    /// Walks over passing rows alone, from some of them. From none given, the query lies apart from what passes, so
    /// that many rows are about equally far: then from a sample, with more candidates.
    private func walkPassing(
        _ query: SegmentQuery, _ coded: GraphQuery, _ passing: UnsafePointer<vexfs_passing>, from near: [UInt32],
        share: Double, _ context: GraphContext
    ) throws(VexFSError) -> SegmentAnswer {
        let pool = near.isEmpty ? 3 * query.ef : Self.passingPool(query, share: share)
        var walk = try begin(coded, context, pool: pool, found: 0)
        walk.passing = passing
        let kernels = vexfs_codes_kernels().pointee
        kernels.enter(&walk, near, near.count)
        if near.isEmpty {
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.seedCount) { seeds in
                let found = vexfs_passing_sample(passing, count, 1, seeds.baseAddress, Self.seedCount)
                kernels.enter(&walk, seeds.baseAddress, found)
            }
        }
        kernels.walk_passing(&walk)
        var answer = finish(query, coded, walk.pool, compared: walk.compared)
        answer.plan = "graph walk over passing rows, \(walk.compared) compared"
        return answer
    }

    private static var seedCount: Int { 256 }
}
