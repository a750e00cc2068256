import CVexKernels
import Synchronization

/// What one walk writes to: marks of seen points, pools and buffers. Used by one thread at a time and again.
final class GraphContext: @unchecked Sendable {
    // The memory is used by the thread that took the object out of the pool.
    private let marks: GraphMemory<UInt8>
    private var number: UInt8 = 0
    private let room: Int
    private let places: GraphMemory<UInt32>
    private let scores: GraphMemory<Int32>
    private var pool: GraphMemory<UInt64>
    private var found: GraphMemory<UInt64>

    /// Neighbours that are compared at once; those of neighbours that don't pass are many.
    private static var roomMin: Int { 1024 }

    /// - Throws: `outOfMemory`.
    init(count: Int, degree: Int) throws(VexFSError) {
        marks = try GraphMemory(count: count)
        room = max(Self.roomMin, 2 * degree) + degree
        places = try GraphMemory(count: room + 1)
        scores = try GraphMemory(count: room + 1)
        pool = try GraphMemory(count: 256)
        found = try GraphMemory(count: 256)
    }

    var byteCount: Int {
        marks.byteCount + places.byteCount + scores.byteCount + pool.byteCount + found.byteCount
    }

    /// A walk with empty pools that has seen nothing; its pointers are valid until the next one begins.
    /// - Throws: `outOfMemory`.
    func begin(pool poolCapacity: Int, found foundCapacity: Int) throws(VexFSError) -> vexfs_walk {
        if pool.count < poolCapacity { pool = try GraphMemory(count: poolCapacity) }
        if found.count < foundCapacity { found = try GraphMemory(count: foundCapacity) }
        number &+= 1
        if number == 0 {
            marks.fill(with: 0)
            number = 1
        }
        var walk = vexfs_walk()
        walk.marks = marks.base
        walk.number = number
        walk.pool = vexfs_pool(items: pool.base, count: 0, capacity: UInt32(poolCapacity))
        walk.found = vexfs_pool(items: found.base, count: 0, capacity: UInt32(foundCapacity))
        walk.places = places.base
        walk.scores = scores.base
        walk.room = UInt32(room)
        walk.limit = UInt32.max - 1
        return walk
    }
}

/// Contexts that wait to be used again.
final class GraphContexts: Sendable {
    private let free = Mutex<[GraphContext]>([])
    private let count: Int
    private let degree: Int

    init(count: Int, degree: Int) {
        self.count = count
        self.degree = degree
    }

    /// More than this many are not kept: so many searches at once are rare, and each has a byte a point.
    private static var keptMax: Int { 4 }

    /// Memory of those that wait.
    var allocatedBytes: Int { free.withLock { $0.reduce(0) { $0 + $1.byteCount } } }

    /// - Throws: `outOfMemory`, and what `body` throws.
    func withContext<Result>(_ body: (GraphContext) throws(VexFSError) -> Result) throws(VexFSError) -> Result {
        let kept = free.withLock { $0.popLast() }
        let context: GraphContext
        if let kept { context = kept } else { context = try GraphContext(count: count, degree: degree) }
        defer { free.withLock { if $0.count < Self.keptMax { $0.append(context) } } }
        return try body(context)
    }
}
