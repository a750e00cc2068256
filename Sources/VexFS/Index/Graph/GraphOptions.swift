/// How a graph is built in bulk. The defaults suit the number of rows.
public struct GraphOptions: Sendable {
    /// Links of a point at the most, 8…128, rounded up to a multiple of 16.
    public var degree: Int
    /// How many balls of the partition a point is in.
    public var fan: Int
    /// Points of a leaf of the partition at the most.
    public var leafSize: Int
    /// Nearest neighbours that a point gets from each of its leaves.
    public var leafNeighbors: Int
    /// How much nearer a neighbour must be to another one than to the point for the second pass to drop it; on squared
    /// distances, ≥ 1.
    public var slack: Float
    /// Sampled points from which walks start.
    public var entries: Int
    /// Threads that build, the caller's included.
    public var threads: Int
    /// The same seed builds the same graph.
    public var seed: UInt64
    /// Asked now and then from any of the threads; once true, the build throws `interrupted`.
    public var isCancelled: @Sendable () -> Bool

    /// The defaults for a number of rows of a dimension.
    public init(count: Int, dimension: Int) {
        let isLarge = dimension >= 256
        degree = isLarge ? 48 : 32
        fan = isLarge ? 8 : 5
        leafSize = 500
        leafNeighbors = isLarge ? 12 : 10
        slack = 1.15
        entries = min(256, max(32, count / 500))
        threads = 2
        seed = 1
        isCancelled = { false }
    }
}
