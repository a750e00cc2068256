import CVexKernels

extension Graph {
    /// Points from which walks start: a sample, and for ``Metric/dot`` as many again of the longest.
    static func entries(
        _ points: GraphPoints, _ lengths: GraphLengths, metric: Metric, wanted: Int, seed: UInt64
    ) -> [UInt32] {
        guard points.count > 0 else { return [] }
        var random = SeededRandom(seed: seed ^ 0x5EED)
        let count = min(wanted, points.count)
        var chosen = Set((0..<count).map { _ in UInt32.random(in: 0..<UInt32(points.count), using: &random) })
        if let lifts = lengths.lifts {
            var longest = vexfs_pool()
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { items in
                longest.items = items.baseAddress
                longest.capacity = UInt32(count)
                for place in 0..<points.count {
                    vexfs_pool_offer(&longest, vexfs_item(-lifts.base[place], UInt32(place)))
                }
                for index in 0..<Int(longest.count) { chosen.insert(vexfs_item_place(items[index])) }
            }
        }
        return chosen.sorted()
    }

    /// The entries and a point of every part of the graph that no walk from them reaches: groups of equal vectors know
    /// nobody else. At most ``extraEntriesMax`` more; O(count × degree).
    static func entries(
        _ entries: [UInt32], reachingAllOf links: GraphMemory<UInt32>, count: Int, degree: Int
    ) throws(VexFSError) -> [UInt32] {
        let reached = try GraphMemory<Bool>(count: count)
        var waiting = entries
        for entry in entries { reached.base[Int(entry)] = true }
        var extra: [UInt32] = []
        var next = 0
        while true {
            while let place = waiting.popLast() {
                let list = links.base + Int(place) * degree
                for index in 0..<degree where list[index] != UInt32.max && !reached.base[Int(list[index])] {
                    reached.base[Int(list[index])] = true
                    waiting.append(list[index])
                }
            }
            while next < count, reached.base[next] { next += 1 }
            guard next < count, extra.count < extraEntriesMax else { return (entries + extra).sorted() }
            reached.base[next] = true
            extra.append(UInt32(next))
            waiting.append(UInt32(next))
        }
    }

    /// Every search compares all entries.
    private static var extraEntriesMax: Int { 480 }
}
