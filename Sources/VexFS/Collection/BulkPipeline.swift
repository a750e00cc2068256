/// Documents of a bulk ingest that are committed together.
struct BulkBatch {
    /// One line of the input, parsed.
    struct Line {
        var number: Int
        var name: ByteString
        var prepared: PreparedDocument
        /// The text to embed, where the line brought no vector.
        var text: String?
    }

    var lines: [Line] = []
    /// Bytes of the lines.
    var byteCount = 0
    /// The settings under which the first line's vectors were made ready.
    var configuration: CollectionConfiguration?
}

/// Commits the batches of a bulk ingest in their order on another thread, while the next ones are parsed.
///
/// The thread lives as long as there are batches to commit: what is not drained is done all the same, until
/// ``cancel()``.
final class BulkPipeline: Sendable {
    /// A line that was refused, and why.
    struct Refusal {
        var line: Int
        var error: VexFSError
    }

    /// What was done so far.
    struct Outcome {
        var created = 0
        var replaced = 0
        /// The first refusals, as many as a report names.
        private(set) var refused: [Refusal] = []
        private(set) var refusedCount = 0
        /// What ended the ingest early.
        var failure: VexFSError?

        mutating func refuse(_ lines: [Refusal]) {
            refusedCount += lines.count
            refused += lines.prefix(max(0, BulkIngest.reportedErrors - refused.count))
        }

        /// Adds what was done later.
        mutating func add(_ later: Outcome) {
            created += later.created
            replaced += later.replaced
            refuse(later.refused)
            refusedCount += later.refusedCount - later.refused.count
            failure = later.failure
        }
    }

    /// Batches that may wait while one is committed: a writer faster than the disk has to wait for it.
    private static let waitingMax = 2
    /// How often a waiting thread asks whether its caller still waits.
    private static let periodMilliseconds = 10

    private struct State {
        var waiting: [BulkBatch] = []
        var isRunning = false
        var isCancelled = false
        var outcome = Outcome()
    }

    private let state = Monitor(State())
    private let commit: @Sendable (BulkBatch, BulkPipeline, inout Outcome) throws(VexFSError) -> Void

    /// `commit` writes one batch for the pipeline and adds to the outcome; it is called by one thread at a time.
    init(commit: @escaping @Sendable (BulkBatch, BulkPipeline, inout Outcome) throws(VexFSError) -> Void) {
        self.commit = commit
    }

    /// What was done so far.
    var outcome: Outcome { state.withLock { $0.outcome } }

    /// Hands a batch over; waits where too many are waiting already, unless `isInterrupted` says that the caller does
    /// not wait any more.
    /// - Throws: what an earlier batch failed with; then nothing more is committed.
    func submit(_ batch: BulkBatch, isInterrupted: () -> Bool = { false }) throws(VexFSError) {
        let mustStart = wait { state -> Bool? in
            if state.outcome.failure != nil || state.isCancelled { return false }
            guard state.waiting.count < Self.waitingMax || isInterrupted() else { return nil }
            state.waiting.append(batch)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        try throwFailure()
        // Without a thread of its own the work is done here.
        if mustStart, !BackgroundThread.start({ [self] in run() }) { run() }
    }

    /// Whether nothing is being committed.
    var isIdle: Bool { state.withLock { !$0.isRunning } }

    /// Commits a batch on this thread; only while the pipeline is idle.
    /// - Throws: what the commit throws, or what an earlier batch failed with.
    func commitNow(_ batch: BulkBatch) throws(VexFSError) {
        try throwFailure()
        state.update { state in
            state.waiting.append(batch)
            state.isRunning = true
        }
        run()
        try throwFailure()
    }

    /// Returns when every batch handed over is committed.
    /// - Throws: what a batch failed with; `interrupted` as soon as `isInterrupted` says so: the batches are committed
    ///   all the same.
    func drain(isInterrupted: () -> Bool = { false }) throws(VexFSError) {
        let isDone = wait { state -> Bool? in
            if !state.isRunning { return true }
            return isInterrupted() ? false : nil
        }
        guard isDone else {
            throw VexFSError(.interrupted, "the caller was interrupted while lines were being committed")
        }
        try throwFailure()
    }

    /// Waits as a monitor does, and asks again now and then, for nobody tells of an interruption.
    private func wait<R>(until body: (inout State) -> R?) -> R {
        while true {
            if let result = state.wait(milliseconds: Self.periodMilliseconds, until: body) { return result }
        }
    }

    /// Drops the batches that nobody has begun to commit, and takes no more; returns when the one that is being
    /// committed has ended, and whether anything was left to do.
    func cancel() -> Bool {
        let wasBusy = state.update { state in
            defer { (state.waiting, state.isCancelled) = ([], true) }
            return state.isRunning || !state.waiting.isEmpty
        }
        state.wait { $0.isRunning ? nil : () }
        return wasBusy
    }

    /// Whether ``cancel()`` was called: a commit that takes long may end before it has written anything.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    private func throwFailure() throws(VexFSError) {
        if let failure = outcome.failure { throw failure }
    }

    private func run() {
        while let batch = next() {
            var outcome = Outcome()
            do throws(VexFSError) { try commit(batch, self, &outcome) } catch { outcome.failure = error }
            state.update { state in
                state.outcome.add(outcome)
                if outcome.failure != nil { state.waiting = [] }
            }
        }
    }

    private func next() -> BulkBatch? {
        state.update { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.isRunning = false
            return nil
        }
    }
}
