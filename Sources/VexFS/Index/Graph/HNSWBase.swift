import CVexKernels
import Synchronization

/// What a graph that grows takes over from an older one: the rows of it that still live, with their links.
///
/// Where a link led to a row that is gone, what that one was linked with takes its place, pruned as ever: the way on
/// stays open (FreshDiskANN, arXiv 2105.09613, section 4.2).
struct HNSWBase: @unchecked Sendable {
    // The memory is written by `init` alone.
    private let old: Graph
    /// The new place of each old one; `VEXFS_NO_LINK` for rows that are gone.
    private let places: GraphMemory<UInt32>
    /// How many rows live on: the first ones of the new graph.
    let count: Int

    /// Codes of a scale this much off waste a part of their range or cut components off.
    private static var factorSlack: ClosedRange<Float> { 0.8...1.25 }
    /// A graph that lost more than this share of its rows is made anew.
    private static var lostShare: Double { 0.5 }
    /// Candidates for a list at the most.
    private static var candidatesMax: Int { 2048 }

    /// Nil where a graph over `rows` has to be built from scratch: the older one is of another shape or scale, lost too
    /// many of its rows, or does not have the first of the new ones.
    init?(_ old: Graph, rows: SegmentRows, degree: Int, metric: Metric, factor: Float) throws(VexFSError) {
        guard old.degree == degree, old.metric == metric, let last = old.rows.last,
            Self.factorSlack.contains(factor / old.points.factor)
        else { return nil }
        let places = try GraphMemory<UInt32>(count: old.count)
        places.fill(with: UInt32.max)
        var kept = 0
        for place in 0..<old.count where kept < rows.count && rows[kept] == old.rows[place] {
            places.base[place] = UInt32(kept)
            kept += 1
        }
        // The next one must be newer than all that the older graph has.
        guard kept == rows.count || rows[kept] > last, kept > 0,
            Double(old.count - kept) <= Self.lostShare * Double(old.count)
        else { return nil }
        self.old = old
        self.places = places
        count = kept
    }

    /// What components are multiplied by.
    var factor: Float { old.points.factor }

    /// Copies the codes to their new places.
    func copyCodes(into codes: GraphMemory<Int8>) {
        let width = old.points.width
        for place in 0..<old.count where places.base[place] != UInt32.max {
            let target = codes.base + Int(places.base[place]) * width
            target.update(from: old.points.codes + place * width, count: width)
        }
    }

    /// Copies the links, `[rows × degree]`, into memory that is filled with `VEXFS_NO_LINK`.
    /// - Throws: `interrupted`.
    func copyLinks(
        into links: GraphMemory<UInt32>, points: GraphPoints, lengths: GraphLengths, slack: Float, workers: GraphWorkers
    ) throws(VexFSError) {
        let scratch = Mutex<[GraphPruneScratch]>([])
        try workers.run(old.count, chunk: 2048) { range, _ throws(VexFSError) in
            let own = try scratch.taken { () throws(VexFSError) in try GraphPruneScratch(Self.candidatesMax) }
            own.withWork(points, lengths, most: old.degree, slack: slack) { work in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.candidatesMax) { candidates in
                    for place in range where places.base[place] != UInt32.max {
                        let target = links.base + Int(places.base[place]) * old.degree
                        let (found, isWhole) = candidatesOf(place, into: candidates)
                        if isWhole {
                            for index in 0..<found { target[index] = candidates[index] }
                        } else {
                            work.place = places.base[place]
                            work.links = target
                            _ = vexfs_codes_kernels().pointee.choose(&work, candidates.baseAddress, found)
                        }
                    }
                }
            }
            scratch.withLock { $0.append(own) }
        }
    }

    /// Writes the new places of a point's links and of those of the links that are gone; returns how many, and whether
    /// none is gone.
    private func candidatesOf(
        _ place: Int, into candidates: UnsafeMutableBufferPointer<UInt32>
    ) -> (count: Int, isWhole: Bool) {
        let degree = old.degree
        let list = old.links + place * degree
        var count = 0
        var isWhole = true
        for index in 0..<degree where list[index] != UInt32.max {
            let link = places.base[Int(list[index])]
            guard link == UInt32.max else {
                if count < candidates.count { candidates[count] = link }
                count = min(candidates.count, count + 1)
                continue
            }
            isWhole = false
            let further = old.links + Int(list[index]) * degree
            for next in 0..<degree where further[next] != UInt32.max {
                let link = places.base[Int(further[next])]
                guard link != UInt32.max, count < candidates.count else { continue }
                candidates[count] = link
                count += 1
            }
        }
        return (count, isWhole)
    }
}
