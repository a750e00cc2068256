/// How a graph is built by inserting one row after another, in the parameters of HNSW (arXiv 1603.09320).
public struct HNSWOptions: Sendable {
    /// Links that a row gets when it is inserted, 2…128; as many again may be added by later rows.
    public var m: Int
    /// Candidates that are kept while a row's neighbours are looked for, at least `m`; more make a better graph and a
    /// slower build.
    public var efConstruct: Int
    /// Sampled points from which walks start.
    public var entries: Int
    /// Threads that insert, the caller's included; with one, the same rows give the same graph.
    public var threads: Int
    /// Chooses samples.
    public var seed: UInt64
    /// Asked now and then from any of the threads; once true, the build throws `interrupted`.
    public var isCancelled: @Sendable () -> Bool

    /// The parameters that users know, the rest by the number of rows.
    public init(m: Int = 16, efConstruct: Int = 100, count: Int) {
        self.m = m
        self.efConstruct = efConstruct
        entries = min(256, max(32, count / 500))
        threads = 2
        seed = 1
        isCancelled = { false }
    }
}
