import Synchronization

/// Splits the work of a build over a few threads.
struct GraphWorkers: Sendable {
    /// How many threads, the caller's included.
    let threads: Int
    /// Asked between pieces of work; a build that is told to stop throws.
    let isCancelled: @Sendable () -> Bool

    /// Calls `body` for pieces of at most `chunk` of `0..<count`, several at a time, each worker with its own number
    /// below ``threads``.
    /// - Throws: `interrupted` where `isCancelled` said so, and what `body` throws; not all pieces are done then.
    func run(
        _ count: Int, chunk: Int, _ body: (_ range: Range<Int>, _ worker: Int) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        let failure = Mutex<VexFSError?>(nil)
        let isDone = ParallelRanges.runNumbered(
            count, grain: chunk, threads: threads, isCancelled: { failure.withLock { $0 != nil } || isCancelled() }
        ) { range, worker in
            do throws(VexFSError) { try body(range, worker) } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        guard isDone else { throw VexFSError(.interrupted, "the build of an index segment was stopped") }
    }
}

extension Mutex {
    /// Takes one of the objects that threads hand on to one another, or makes one.
    func taken<Object: Sendable>(
        _ make: () throws(VexFSError) -> Object
    ) throws(VexFSError) -> Object where Value == [Object] {
        if let object = withLock({ $0.popLast() }) { return object }
        return try make()
    }
}
