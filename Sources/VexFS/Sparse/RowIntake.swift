import Synchronization

/// Lets an index take in rows in their order: one thread at a time, and who works ahead in the background after who
/// waits for an answer.
final class RowIntake: Sendable {
    /// The first row that was not looked at. Held while rows are taken in.
    private let next: Monitor<Row>
    /// The same, for who only asks.
    private let reached: Atomic<Row>
    /// How many wait for an answer.
    private let hurried = Monitor(0)

    /// - Parameter first: The first row that the index is to have.
    init(from first: Row) {
        next = Monitor(first)
        reached = Atomic(first)
    }

    /// The first row that was not looked at.
    var end: Row { reached.load(ordering: .acquiring) }

    /// Runs `body` with the first row that was not looked at, which it moves on, unless all through `last` were. What
    /// it did before an error counts.
    /// - Parameter isAhead: Whether nobody waits for it; then those who wait go first.
    func take(
        through last: Row, isAhead: Bool = false, _ body: (inout Row) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        if last < end { return }
        if isAhead { hurried.wait { $0 == 0 ? () : nil } } else { hurried.update { $0 += 1 } }
        defer { if !isAhead { hurried.update { $0 -= 1 } } }
        try next.withLock { next throws(VexFSError) in
            guard last >= next else { return }
            defer { reached.store(next, ordering: .releasing) }
            try body(&next)
        }
    }
}
