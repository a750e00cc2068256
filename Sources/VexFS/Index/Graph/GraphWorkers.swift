/// Splits the work of a build over a few threads.
struct GraphWorkers: Sendable {
    /// How many threads, the caller's included.
    let threads: Int
    /// Asked between pieces of work; a build that is told to stop throws.
    let isCancelled: @Sendable () -> Bool

    /// Calls `body` for pieces of at most `chunk` of `0..<count`, several at a time, each worker with its own number
    /// below ``threads``.
    /// - Throws: `interrupted` where `isCancelled` said so; not all pieces are done then.
    func run(_ count: Int, chunk: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void) throws(VexFSError) {
        let isDone = ParallelRanges.runNumbered(
            count, grain: chunk, threads: threads, isCancelled: isCancelled, body)
        guard isDone else { throw VexFSError(.interrupted, "the build of an index segment was stopped") }
    }
}
