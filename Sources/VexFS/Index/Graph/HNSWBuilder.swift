import CVexKernels
import Synchronization

/// Inserts points into a graph one after another: each finds its neighbours by a walk over those before it.
///
/// Threads share the links: single links are read and written whole, and a point's list is changed only by who holds
/// its lock. A walk that meets a list while it changes sees links of before and after, all of them points.
struct HNSWBuilder: Sendable {
    let points: GraphPoints
    let lengths: GraphLengths
    let options: HNSWOptions
    /// `[count × degree]`
    let links: GraphMemory<UInt32>
    let degree: Int
    /// Ascending.
    let entries: [UInt32]
    private let locks: GraphMemory<UInt8>

    /// Several points share a lock; two threads seldom meet.
    private static var lockCount: Int { 4096 }
    /// The first points are inserted by one thread: those that don't see each other yet would not be connected.
    private static var aloneCount: Int { 1024 }
    /// Slack of the second pass of the pruning, as in the bulk build.
    static var slack: Float { 1.15 }

    init(
        points: GraphPoints, lengths: GraphLengths, options: HNSWOptions, links: GraphMemory<UInt32>, degree: Int,
        entries: [UInt32]
    ) throws(VexFSError) {
        locks = try GraphMemory(count: Self.lockCount)
        self.points = points
        self.lengths = lengths
        self.options = options
        self.links = links
        self.degree = degree
        self.entries = entries
    }

    /// Inserts the points from a place on.
    /// - Throws: `interrupted`, `outOfMemory`.
    func insert(from start: Int) throws(VexFSError) {
        let contexts = GraphContexts(count: points.count, degree: degree)
        let scratch = Mutex<[GraphPruneScratch]>([])
        let alone = min(points.count, max(start, Self.aloneCount))
        let first = GraphWorkers(threads: 1, isCancelled: options.isCancelled)
        let rest = GraphWorkers(threads: options.threads, isCancelled: options.isCancelled)
        let insertRange = { @Sendable (range: Range<Int>) throws(VexFSError) in
            let own = try scratch.taken { () throws(VexFSError) in try GraphPruneScratch(max(degree + 1, breadth)) }
            try contexts.withContext { context throws(VexFSError) in
                for place in range where place > 0 { try insert(place, context, own) }
            }
            scratch.withLock { $0.append(own) }
        }
        try first.run(alone - start, chunk: 64) { range, _ throws(VexFSError) in
            try insertRange(start + range.lowerBound..<start + range.upperBound)
        }
        try rest.run(points.count - alone, chunk: 32) { range, _ throws(VexFSError) in
            try insertRange(alone + range.lowerBound..<alone + range.upperBound)
        }
    }

    private var breadth: Int { max(options.efConstruct, options.m) }

    private func insert(
        _ place: Int, _ context: GraphContext, _ scratch: GraphPruneScratch
    ) throws(VexFSError) {
        var walk = try context.begin(pool: breadth, found: 0)
        scratch.withWork(points, lengths, most: options.m, slack: Self.slack) { work in
            walk.points = work.points
            walk.links = UnsafePointer(links.base)
            walk.degree = degree
            walk.limit = UInt32(place)
            walk.query = points.codes + place * points.width
            walk.penalty = 1
            walk.lift = lengths.lifts?.base[place] ?? 0
            vexfs_codes_kernels().pointee.enter_best(&walk, entries, entries.count)
            vexfs_codes_kernels().pointee.walk(&walk)
            let half = lengths.halves.base[place]
            for index in 0..<Int(walk.pool.count) {
                let item = walk.pool.items[index]
                scratch.candidates.base[index] = vexfs_item(vexfs_item_score(item) - half, vexfs_item_place(item))
            }
            work.place = UInt32(place)
            work.count = Int(walk.pool.count)
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: degree + 1) { chosen in
                work.links = chosen.baseAddress
                let taken = vexfs_codes_kernels().pointee.prune(&work)
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: taken) { neighbors in
                    for index in 0..<taken { neighbors[index] = chosen[index] }
                    store(UnsafeBufferPointer(neighbors), at: place)
                    work.most = degree
                    for neighbor in neighbors { link(Int(neighbor), to: UInt32(place), &work) }
                }
            }
        }
    }

    /// Writes a point's list.
    private func store(_ places: UnsafeBufferPointer<UInt32>, at place: Int) {
        let lock = locks.base + place % Self.lockCount
        vexfs_lock(lock)
        for index in 0..<places.count { vexfs_link_store(links.base + place * degree + index, places[index]) }
        vexfs_unlock(lock)
    }

    /// Adds a link to a point's list, which is pruned when it is full. `work.links` has room for one more than a list.
    private func link(_ place: Int, to other: UInt32, _ work: inout vexfs_prune) {
        guard let buffer = work.links else { return }
        let list = links.base + place * degree
        let lock = locks.base + place % Self.lockCount
        vexfs_lock(lock)
        defer { vexfs_unlock(lock) }
        var count = 0
        while count < degree {
            let link = vexfs_link_load(list + count)
            if link == UInt32.max { break }
            if link == other { return }
            buffer[count] = link
            count += 1
        }
        guard count == degree else { return vexfs_link_store(list + count, other) }
        buffer[count] = other
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count + 1) { candidates in
            for index in 0...count { candidates[index] = buffer[index] }
            work.place = UInt32(place)
            let taken = vexfs_codes_kernels().pointee.choose(&work, candidates.baseAddress, count + 1)
            for index in 0..<degree { vexfs_link_store(list + index, index < taken ? buffer[index] : UInt32.max) }
        }
    }
}
