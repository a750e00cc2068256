import CVexKernels

extension Graph {
    /// The nearest of the rows that pass: by comparing all of them, by a walk over everything that keeps those that
    /// pass, or by a walk over passing rows alone (ACORN-1, arXiv 2403.04871). The share that passes chooses; a walk
    /// that meets far fewer of them than that is given up for the next way.
    func search(_ query: SegmentQuery, _ coded: GraphQuery, _ filter: SegmentFilter) -> SegmentAnswer {
        let share = Double(filter.passing) / Double(count)
        if filter.passing <= scanMax(query) || query.limit > filter.passing / 4 { return scan(query, coded, filter) }
        let answer = contexts.withContext { context in
            withPassing(filter.rows) { passing in
                if share >= Self.traversalShare,
                    let answer = traverse(query, coded, passing, share: share, context)
                {
                    return answer
                }
                return walkPassing(query, coded, passing, context)
            }
        }
        // Too few within reach: then all that pass are compared, so that there are always as many as asked for.
        guard answer.neighbors.count >= query.limit else { return scan(query, coded, filter) }
        return answer
    }

    /// Below this share too many points that don't pass are in the way.
    private static var traversalShare: Double { 0.05 }

    /// As many passing rows are compared faster than a walk finds its way; more so for large `ef`.
    private func scanMax(_ query: SegmentQuery) -> Int { max(12_000, query.ef * 64) }

    /// Walks over everything and keeps what passes; nil where too little of what it meets does.
    private func traverse(
        _ query: SegmentQuery, _ coded: GraphQuery, _ passing: UnsafePointer<vexfs_passing>, share: Double,
        _ context: GraphContext
    ) -> SegmentAnswer? {
        // The walk goes on until nothing nearer than the worst kept is left: so far out, 1 / share as many lie.
        let breadth = max(Self.traversalBreadthMin, 2 * query.ef)
        let capacity = Int(Double(breadth) / share * 1.5) + 32
        var walk = begin(coded, context, pool: capacity, found: breadth)
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
        var answer = finish(query, coded, walk.found, compared: walk.compared)
        answer.plan = "graph walk, \(walk.passed) of \(walk.compared) passed"
        return answer
    }

    /// A walk's share of passing points is looked at after so many expansions.
    private static var probeSteps: Int { 16 }
    /// Where less than this part of the expected share passes, filter and query keep away from each other.
    private static var stallShare: Double { 0.3 }

    /// Walks over passing rows alone, from a sample of them.
    private func walkPassing(
        _ query: SegmentQuery, _ coded: GraphQuery, _ passing: UnsafePointer<vexfs_passing>, _ context: GraphContext
    ) -> SegmentAnswer {
        var walk = begin(coded, context, pool: max(Self.passingBreadthMin, 6 * query.ef), found: 0)
        walk.passing = passing
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.seedCount) { seeds in
            let found = vexfs_passing_sample(passing, count, 1, seeds.baseAddress, Self.seedCount)
            vexfs_codes_kernels().pointee.enter(&walk, seeds.baseAddress, found)
        }
        vexfs_codes_kernels().pointee.walk_passing(&walk)
        var answer = finish(query, coded, walk.pool, compared: walk.compared)
        answer.plan = "graph walk over passing rows, \(walk.compared) compared"
        return answer
    }

    private static var seedCount: Int { 256 }
    /// Nearest passing rows may lie on many sides of what does not pass: walks keep more candidates than else.
    private static var traversalBreadthMin: Int { 48 }
    private static var passingBreadthMin: Int { 128 }
}
