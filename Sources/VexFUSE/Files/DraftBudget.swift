import Synchronization
import VexFS

/// Counts the bytes of all drafts, so that a writer that never closes cannot eat the machine; likewise those of answers
/// that nobody reads.
final class DraftBudget: Sendable {
    /// The largest scratch file that is held in memory while it is open.
    static let scratchBytesMax = 1 << 30
    /// All drafts and open scratch files of a mount together.
    static let totalBytesMax = 1 << 30

    private let used = Atomic<Int>(0)
    private let subject: String

    /// `subject` says what it is that holds the bytes.
    init(holding subject: String = "the unfinished writes of this mount") { self.subject = subject }

    /// Bytes that drafts hold.
    var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Takes `count` more bytes.
    /// - Throws: `quotaExceeded` when all drafts together would become too large.
    func take(_ count: Int) throws(VexFSError) {
        guard count > 0 else { return }
        let (_, total) = used.add(count, ordering: .relaxed)
        guard total <= Self.totalBytesMax else {
            used.subtract(count, ordering: .relaxed)
            throw VexFSError(
                .quotaExceeded,
                "\(subject) hold \(Self.totalBytesMax >> 20) MiB already: close some files"
            )
        }
    }

    /// Gives bytes back.
    func giveBack(_ count: Int) { used.subtract(count, ordering: .relaxed) }
}
