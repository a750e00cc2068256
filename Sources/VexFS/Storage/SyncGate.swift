/// Lets callers who want their writes on the disk share one sync: whoever comes while a sync runs waits for the next,
/// which then serves all of them.
final class SyncGate: Sendable {
    private struct Rounds {
        var requested: UInt64 = 0
        var completed: UInt64 = 0
        var isRunning = false
        /// Why the last run failed, and from which ticket on it was to serve; nil after one that did not fail.
        var failed: (after: UInt64, reason: VexFSError)?
    }

    private let rounds = Monitor(Rounds())

    /// Returns once a run of `sync` that began after this call has ended.
    func pass(_ sync: () throws(VexFSError) -> Void) throws(VexFSError) {
        let ticket = rounds.withLock { rounds -> UInt64 in
            rounds.requested += 1
            return rounds.requested
        }
        // nil: this caller runs the sync itself; otherwise another's run has served the ticket.
        let served: Result<UInt64?, VexFSError> = rounds.wait { rounds in
            if rounds.completed >= ticket {
                // A later run that did not fail has served this ticket too: what the system itself could not write,
                // and forgets, the files remember.
                if let failed = rounds.failed, ticket > failed.after { return .failure(failed.reason) }
                return .success(nil)
            }
            guard !rounds.isRunning else { return nil }
            rounds.isRunning = true
            return .success(rounds.requested)
        }
        guard let serving = try served.get() else { return }
        var failure: VexFSError?
        do throws(VexFSError) { try sync() } catch { failure = error }
        rounds.update { rounds in
            rounds.isRunning = false
            rounds.failed = failure.map { (rounds.failed?.after ?? rounds.completed, $0) }
            rounds.completed = serving
        }
        if let failure { throw failure }
    }
}
