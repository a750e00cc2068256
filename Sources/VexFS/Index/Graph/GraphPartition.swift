import CVexKernels
import Synchronization

/// Cuts the points into overlapping leaves of near ones (PiPNN, arXiv 2602.21247): every point goes to the balls of its
/// `fan` nearest leaders, and balls that are too large are cut again without overlap.
struct GraphPartition: Sendable {
    let points: GraphPoints
    let lengths: GraphLengths
    let options: GraphOptions
    let workers: GraphWorkers

    /// The most leaders of one cut: more cost more than they gain.
    private static var leadersMax: Int { 1000 }

    /// The leaves, in an order that depends on the seed alone; each point is in at most `fan` of them.
    /// - Throws: `interrupted`.
    func leaves() throws(VexFSError) -> [[UInt32]] {
        let count = points.count
        guard count > options.leafSize else { return count > 1 ? [(0..<count).map(UInt32.init)] : [] }
        var random = SeededRandom(seed: options.seed)
        let all = try GraphMemory<UInt32>(count: count)
        for place in 0..<count { all.base[place] = UInt32(place) }
        let leaders = chooseLeaders(
            among: UnsafeBufferPointer(start: all.base, count: count), using: &random)
        let fan = min(options.fan, leaders.count)
        let nearest = try GraphMemory<UInt32>(count: count * fan)
        let panel = try GraphPanel(leaders, points: points, lengths: lengths)
        let scratch = Mutex<[GraphAssigner]>([])
        try workers.run(count, chunk: 1536) { range, _ throws(VexFSError) in
            let assigner = try scratch.taken { () throws(VexFSError) in try GraphAssigner(points, lengths) }
            try assigner.assign(
                all.base + range.lowerBound, count: range.count, to: panel, keep: fan,
                into: nearest.base + range.lowerBound * fan)
            scratch.withLock { $0.append(assigner) }
        }
        var balls = gather(nearest, fan: fan, leaders: leaders.count)
        var leaves = takeSmall(&balls)
        let cut = Mutex([[[UInt32]]](repeating: [], count: balls.count))
        let shared = balls
        balls = []
        try workers.run(shared.count, chunk: 1) { range, _ throws(VexFSError) in
            let assigner = try scratch.taken { () throws(VexFSError) in try GraphAssigner(points, lengths) }
            for index in range {
                var random = SeededRandom(seed: options.seed &+ UInt64(index) &* 77)
                var parts: [[UInt32]] = []
                try split(shared[index], using: &random, assigner, into: &parts)
                cut.withLock { $0[index] = parts }
            }
            scratch.withLock { $0.append(assigner) }
        }
        cut.withLock { leaves += $0.joined() }
        return leaves
    }

    /// Different points at random, ascending.
    private func chooseLeaders(
        among members: some RandomAccessCollection<UInt32>, using random: inout SeededRandom
    ) -> [UInt32] {
        let count = members.count
        let wanted = max(2, min(Self.leadersMax, count / max(1, options.leafSize / 4), count / 4))
        let chosen = Set(
            (0..<wanted).map { _ in
                members[members.index(members.startIndex, offsetBy: Int.random(in: 0..<count, using: &random))]
            })
        return chosen.sorted()
    }

    private func gather(_ nearest: GraphMemory<UInt32>, fan: Int, leaders: Int) -> [[UInt32]] {
        var sizes = [Int](repeating: 0, count: leaders)
        for index in 0..<nearest.count where nearest.base[index] < leaders { sizes[Int(nearest.base[index])] += 1 }
        var balls = sizes.map { size in
            var ball: [UInt32] = []
            ball.reserveCapacity(size)
            return ball
        }
        for index in 0..<nearest.count where nearest.base[index] < leaders {
            balls[Int(nearest.base[index])].append(UInt32(index / fan))
        }
        return balls
    }

    /// Takes out the balls that need no cut, small ones joined with others.
    private func takeSmall(_ balls: inout [[UInt32]]) -> [[UInt32]] {
        var leaves: [[UInt32]] = []
        var joined: [UInt32] = []
        for index in balls.indices where balls[index].count <= options.leafSize {
            if balls[index].count >= options.leafSize / 4 {
                leaves.append(balls[index])
            } else {
                joined += balls[index]
            }
            if joined.count > options.leafSize * 3 / 4 { leaves.append(Self.distinct(&joined)) }
            balls[index] = []
        }
        if joined.count > 1 { leaves.append(Self.distinct(&joined)) }
        balls.removeAll { $0.isEmpty }
        return leaves
    }

    /// The sorted elements without repeats; leaves none behind.
    private static func distinct(_ members: inout [UInt32]) -> [UInt32] {
        members.sort()
        var result: [UInt32] = []
        for member in members where member != result.last { result.append(member) }
        members = []
        return result
    }

    private func split(
        _ members: [UInt32], using random: inout SeededRandom, _ assigner: GraphAssigner, into leaves: inout [[UInt32]]
    ) throws(VexFSError) {
        guard members.count > options.leafSize else {
            if members.count > 1 { leaves.append(members) }
            return
        }
        let leaders = chooseLeaders(among: members, using: &random)
        let nearest = try GraphMemory<UInt32>(count: members.count)
        let panel = try GraphPanel(leaders, points: points, lengths: lengths)
        try members.withUnsafeBufferPointer { buffer throws(VexFSError) in
            var start = 0
            while let base = buffer.baseAddress, start < buffer.count {
                let count = min(1536, buffer.count - start)
                try assigner.assign(base + start, count: count, to: panel, keep: 1, into: nearest.base + start)
                start += count
            }
        }
        var balls = [[UInt32]](repeating: [], count: leaders.count)
        for (index, member) in members.enumerated() where nearest.base[index] < leaders.count {
            balls[Int(nearest.base[index])].append(member)
        }
        // Equal points all go to one leader: then only cutting anywhere makes the balls smaller.
        if let largest = balls.map(\.count).max(), largest > members.count * 9 / 10 {
            balls = stride(from: 0, to: members.count, by: options.leafSize).map {
                Array(members[$0..<min(members.count, $0 + options.leafSize)])
            }
        }
        leaves += takeSmall(&balls)
        for ball in balls { try split(ball, using: &random, assigner, into: &leaves) }
    }
}

/// Points as the columns of a product.
final class GraphPanel: Sendable {
    let columns: GraphMemory<Int16>
    let halves: GraphMemory<Int32>
    let count: Int

    init(_ places: [UInt32], points: GraphPoints, lengths: GraphLengths) throws(VexFSError) {
        count = places.count
        var described = lengths.described(points)
        let padded = GraphPanel.padded(count)
        columns = try GraphMemory(count: padded * vexfs_codes_depth(&described))
        halves = try GraphMemory(count: padded)
        for (index, place) in places.enumerated() { halves.base[index] = lengths.halves.base[Int(place)] }
        vexfs_codes_pack(&described, places, places.count, columns.base)
    }

    /// A number of columns rounded up to whole blocks.
    static func padded(_ count: Int) -> Int {
        let block = Int(VEXFS_CODES_COLUMNS.rawValue)
        return (count + block - 1) / block * block
    }
}

/// Finds the nearest leaders of points. One thread at a time.
final class GraphAssigner: @unchecked Sendable {
    // The scratch memory is used by the thread that holds the object.
    private let points: GraphPoints
    private let lengths: GraphLengths
    private let rows: GraphMemory<Int16>
    private var products: GraphMemory<Int32>
    private var best: GraphMemory<UInt64>

    init(_ points: GraphPoints, _ lengths: GraphLengths) throws(VexFSError) {
        self.points = points
        self.lengths = lengths
        rows = try GraphMemory(count: Int(VEXFS_CODES_TILE.rawValue) * (points.width + 2))
        products = try GraphMemory(count: 0)
        best = try GraphMemory(count: 0)
    }

    /// Writes the indices of the nearest leaders of each point, `[count × keep]`, the nearest first.
    func assign(
        _ places: UnsafePointer<UInt32>, count: Int, to panel: GraphPanel, keep: Int,
        into nearest: UnsafeMutablePointer<UInt32>
    ) throws(VexFSError) {
        let productCount = Int(VEXFS_CODES_TILE.rawValue) * GraphPanel.padded(panel.count)
        if products.count < productCount { products = try GraphMemory(count: productCount) }
        if best.count < count * keep { best = try GraphMemory(count: count * keep) }
        withExtendedLifetime((points, lengths, panel)) {
            withUnsafePointer(to: lengths.described(points)) { described in
                var work = vexfs_assignment(
                    points: described, places: places, count: count, keep: keep, panel: panel.columns.base,
                    halves: panel.halves.base, leaders: panel.count, rows: rows.base, products: products.base,
                    best: best.base)
                vexfs_codes_kernels().pointee.assign(&work)
            }
        }
        for index in 0..<count * keep { nearest[index] = ~UInt32(truncatingIfNeeded: best.base[index]) }
    }
}
