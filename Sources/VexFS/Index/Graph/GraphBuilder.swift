import CVexKernels
import Synchronization

/// Builds the links of a graph in bulk after PiPNN (arXiv 2602.21247): neighbours of each point within the leaves of an
/// overlapping partition, pruned so that they lead in different directions (RobustPrune of DiskANN, NeurIPS 2019), and
/// as many reverse links as there is room for.
///
/// Nothing is inserted one by one and no point waits for another: every step is parallel. Besides the result it needs
/// `count × fan × leafNeighbors × 4` bytes for candidates.
struct GraphBuilder: Sendable {
    let points: GraphPoints
    let lengths: GraphLengths
    let options: GraphOptions
    let workers: GraphWorkers

    /// `[count × degree]` places, a list that is not full ended by `VEXFS_NO_LINK`.
    /// - Throws: `interrupted`.
    func links() throws(VexFSError) -> GraphMemory<UInt32> {
        let partition = GraphPartition(points: points, lengths: lengths, options: options, workers: workers)
        let leaves = try partition.leaves().sorted { $0.count > $1.count }
        let links = try GraphMemory<UInt32>(count: points.count * options.degree)
        links.preferLargePages()
        links.fill(with: UInt32.max)
        try choose(leaves, try candidates(leaves), into: links)
        try addReverse(to: links)
        return links
    }

    /// How many candidates a point may get from one leaf.
    private func keep(_ leaves: [[UInt32]]) -> Int {
        // A single leaf is all there is: what several would have given has to come from it.
        let wanted = leaves.count == 1 ? options.leafNeighbors * options.fan : options.leafNeighbors
        return max(1, min(wanted, (leaves.first?.count ?? 2) - 1))
    }

    private func slots(_ leaves: [[UInt32]]) -> Int { leaves.count == 1 ? 1 : options.fan }

    /// The nearest points of every point in its leaves, `[count × slots × keep]`, holes `VEXFS_NO_LINK`.
    private func candidates(_ leaves: [[UInt32]]) throws(VexFSError) -> GraphMemory<UInt32> {
        let keep = keep(leaves)
        let slots = slots(leaves)
        let candidates = try GraphMemory<UInt32>(count: points.count * slots * keep)
        let used = try GraphMemory<UInt8>(count: points.count)
        candidates.fill(with: UInt32.max)
        let scratch = Mutex<[GraphLeafScratch]>([])
        let largest = leaves.first?.count ?? 0
        try workers.run(leaves.count, chunk: 1) { range, _ throws(VexFSError) in
            let own = try scratch.taken { () throws(VexFSError) in
                try GraphLeafScratch(largest, keep: keep, width: points.width)
            }
            for index in range {
                let members = leaves[index]
                let kept = min(keep, members.count - 1)
                own.run(members, keep: kept, points: points, lengths: lengths)
                for (at, place) in members.enumerated() {
                    let slot = Int(vexfs_count_up(used.base + Int(place)))
                    guard slot < slots else { continue }
                    let target = candidates.base + (Int(place) * slots + slot) * keep
                    for rank in 0..<kept {
                        let entry = own.best.base[at * kept + rank]
                        let steps = Int(~UInt32(truncatingIfNeeded: entry))
                        if entry != 0 { target[rank] = members[(at + steps) % members.count] }
                    }
                }
            }
            scratch.withLock { $0.append(own) }
        }
        return candidates
    }

    /// Prunes each point's candidates. Goes through the points leaf by leaf: their candidates are then mostly the same
    /// and in the cache.
    private func choose(
        _ leaves: [[UInt32]], _ candidates: GraphMemory<UInt32>, into links: GraphMemory<UInt32>
    ) throws(VexFSError) {
        let perPoint = slots(leaves) * keep(leaves)
        let order = try order(leaves)
        let degree = options.degree
        // Room for links from points that choose this one.
        let most = max(1, degree * 3 / 4)
        let scratch = Mutex<[GraphPruneScratch]>([])
        try workers.run(order.count, chunk: 512) { range, _ throws(VexFSError) in
            let own = try scratch.taken { () throws(VexFSError) in try GraphPruneScratch(max(perPoint, 2048)) }
            own.withWork(points, lengths, most: most, slack: options.slack) { work in
                for index in range {
                    let place = Int(order.base[index])
                    let list = candidates.base + place * perPoint
                    var count = 0
                    for at in 0..<perPoint where list[at] != UInt32.max {
                        list[count] = list[at]
                        count += 1
                    }
                    work.place = UInt32(place)
                    work.links = links.base + place * degree
                    _ = vexfs_codes_kernels().pointee.choose(&work, list, count)
                }
            }
            scratch.withLock { $0.append(own) }
        }
    }

    /// The points in the order of their first leaves.
    private func order(_ leaves: [[UInt32]]) throws(VexFSError) -> GraphMemory<UInt32> {
        let order = try GraphMemory<UInt32>(count: points.count)
        let seen = try GraphMemory<Bool>(count: points.count)
        var count = 0
        for place in leaves.joined() where !seen.base[Int(place)] {
            seen.base[Int(place)] = true
            order.base[count] = place
            count += 1
        }
        // A point alone in its leaf is in none.
        for place in 0..<points.count where !seen.base[place] {
            order.base[count] = UInt32(place)
            count += 1
        }
        return order
    }

    private func addReverse(to links: GraphMemory<UInt32>) throws(VexFSError) {
        let degree = options.degree
        let starts = try GraphMemory<UInt32>(count: points.count + 2)
        for index in 0..<links.count where links.base[index] != UInt32.max {
            starts.base[Int(links.base[index]) + 2] += 1
        }
        for place in 0..<points.count { starts.base[place + 2] += starts.base[place + 1] }
        let reverse = try GraphMemory<UInt32>(count: Int(starts.base[points.count + 1]))
        for index in 0..<links.count where links.base[index] != UInt32.max {
            let target = Int(links.base[index]) + 1
            reverse.base[Int(starts.base[target])] = UInt32(index / degree)
            starts.base[target] += 1
        }
        let scratch = Mutex<[GraphPruneScratch]>([])
        try workers.run(points.count, chunk: 2048) { range, _ throws(VexFSError) in
            let own = try scratch.taken { () throws(VexFSError) in try GraphPruneScratch(2048) }
            own.withWork(points, lengths, most: degree, slack: options.slack) { work in
                for place in range {
                    let list = links.base + place * degree
                    var taken = 0
                    while taken < degree, list[taken] != UInt32.max { taken += 1 }
                    let start = Int(starts.base[place])
                    work.place = UInt32(place)
                    work.links = list
                    _ = vexfs_codes_kernels().pointee.fill(
                        &work, taken, reverse.base + start, min(2048, Int(starts.base[place + 1]) - start))
                }
            }
            scratch.withLock { $0.append(own) }
        }
    }
}
