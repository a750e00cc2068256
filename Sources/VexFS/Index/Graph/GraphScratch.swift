import CVexKernels

/// Memory to find the nearest neighbours within a leaf. One thread at a time.
final class GraphLeafScratch: @unchecked Sendable {
    // The memory is used by the thread that holds the object.
    private let panel: GraphMemory<Int16>
    private let rows: GraphMemory<Int16>
    private let products: GraphMemory<Int32>
    private let halves: GraphMemory<Int32>
    private let floors: GraphMemory<Int32>
    /// `[members × keep]`, best first: in the lower half the complement of how many members further on; 0 for none.
    let best: GraphMemory<UInt64>

    /// - Throws: `outOfMemory`.
    init(_ members: Int, keep: Int, width: Int) throws(VexFSError) {
        let columns = GraphPanel.padded(members)
        let tile = Int(VEXFS_CODES_TILE.rawValue)
        panel = try GraphMemory(count: columns * (width + 2))
        rows = try GraphMemory(count: tile * (width + 2))
        products = try GraphMemory(count: tile * columns)
        halves = try GraphMemory(count: columns)
        floors = try GraphMemory(count: columns)
        best = try GraphMemory(count: members * keep)
    }

    /// Fills `best`; O(members² × width).
    func run(_ members: [UInt32], keep: Int, points: GraphPoints, lengths: GraphLengths) {
        withExtendedLifetime((points, lengths)) {
            withUnsafePointer(to: lengths.described(points)) { described in
                members.withUnsafeBufferPointer { members in
                    var leaf = vexfs_leaf(
                        points: described, places: members.baseAddress, count: members.count, keep: keep,
                        panel: panel.base, rows: rows.base, products: products.base, halves: halves.base,
                        floors: floors.base, best: best.base)
                    vexfs_codes_kernels().pointee.leaf(&leaf)
                }
            }
        }
    }
}

/// Memory to choose a point's links. One thread at a time.
final class GraphPruneScratch: @unchecked Sendable {
    // The memory is used by the thread that holds the object.
    let candidates: GraphMemory<UInt64>
    private let state: GraphMemory<UInt8>
    private let scores: GraphMemory<Int32>

    /// - Throws: `outOfMemory`.
    init(_ capacity: Int) throws(VexFSError) {
        candidates = try GraphMemory(count: capacity)
        state = try GraphMemory(count: capacity)
        scores = try GraphMemory(count: capacity)
    }

    /// Calls `body` with everything set but `place`, `links` and, for a plain prune, `count`.
    func withWork(
        _ points: GraphPoints, _ lengths: GraphLengths, most: Int, slack: Float, _ body: (inout vexfs_prune) -> Void
    ) {
        withExtendedLifetime((points, lengths)) {
            withUnsafePointer(to: lengths.described(points)) { described in
                var work = vexfs_prune(
                    points: described, place: 0, candidates: candidates.base, count: 0, most: most, slack: slack,
                    state: state.base, scores: scores.base, links: nil)
                body(&work)
            }
        }
    }
}
