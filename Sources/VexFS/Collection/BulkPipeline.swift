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
/// The thread lives as long as there are batches to commit: what is not drained is done all the same.
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

    private struct State {
        var waiting: [BulkBatch] = []
        var isRunning = false
        var outcome = Outcome()
    }

    private let state = Monitor(State())
    private let commit: @Sendable (BulkBatch, inout Outcome) throws(VexFSError) -> Void

    /// `commit` writes one batch and adds to the outcome; it is called by one thread at a time.
    init(commit: @escaping @Sendable (BulkBatch, inout Outcome) throws(VexFSError) -> Void) { self.commit = commit }

    /// What was done so far.
    var outcome: Outcome { state.withLock { $0.outcome } }

    /// Hands a batch over; waits where too many are waiting already.
    /// - Throws: what an earlier batch failed with; then nothing more is committed.
    func submit(_ batch: BulkBatch) throws(VexFSError) {
        let mustStart = state.wait { state -> Bool? in
            if state.outcome.failure != nil { return false }
            guard state.waiting.count < Self.waitingMax else { return nil }
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
    /// - Throws: what a batch failed with.
    func drain() throws(VexFSError) {
        state.wait { $0.isRunning ? nil : () }
        try throwFailure()
    }

    private func throwFailure() throws(VexFSError) {
        if let failure = outcome.failure { throw failure }
    }

    private func run() {
        while let batch = next() {
            var outcome = Outcome()
            do throws(VexFSError) { try commit(batch, &outcome) } catch { outcome.failure = error }
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
