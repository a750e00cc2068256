/// Lets callers who want their writes on the disk share one sync: whoever comes while a sync runs waits for the next,
/// which then serves all of them.
final class SyncGate: Sendable {
    private struct Rounds {
        var requested: UInt64 = 0
        var completed: UInt64 = 0
        var isRunning = false
        var failure: VexFSError?
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
            // A failed sync is final: the system forgets what it could not write, and the next call would not say so.
            if let failure = rounds.failure { return .failure(failure) }
            if rounds.completed >= ticket { return .success(nil) }
            guard !rounds.isRunning else { return nil }
            rounds.isRunning = true
            return .success(rounds.requested)
        }
        guard let serving = try served.get() else { return }
        var failure: VexFSError?
        do throws(VexFSError) { try sync() } catch { failure = error }
        rounds.update { rounds in
            rounds.isRunning = false
            rounds.completed = serving
            rounds.failure = rounds.failure ?? failure
        }
        if let failure { throw failure }
    }
}
