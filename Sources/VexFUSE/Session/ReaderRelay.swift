import Glibc
import Synchronization
import VexFS

/// Lets the thread that reads requests do a short job itself, without the mount standing still when the job turns out
/// to be long: a second thread stands by, looks every ``periodMilliseconds`` whether the same job is still running, and
/// then takes over the reading. The first thread ends its job and stands by in turn.
///
/// Handing every job to another thread would cost a wake-up on the caller's way to its answer; a look now and then
/// costs nothing there. So one thread reads at any time, and two are never stuck: without a thread that stands by,
/// ``run(_:)`` refuses.
final class ReaderRelay: Sendable {
    /// How often the standby looks; a stuck job holds up other requests for at most twice this.
    static let periodMilliseconds = 1
    /// Looks without any new job after which the standby sleeps until the next one.
    private static let idleLooks = 100

    private struct State {
        var isEnded = false
        var isWatching = false
    }

    private let state = Monitor(State())
    /// Whether there is a thread that stands by.
    private let hasStandby = Atomic<Bool>(false)
    /// Whether the standby looks by itself; otherwise the next job has to wake it.
    private let isWatching = Atomic<Bool>(false)
    /// The number of the job that the reader runs; 0 for none. The standby sets it to 0 when it takes over.
    private let running = Atomic<UInt64>(0)
    private let begun = Atomic<UInt64>(0)
    /// Which turn of reading it is: a thread reads as long as the turn is its own.
    private let turn = Atomic<UInt64>(0)

    /// Runs a job on the calling thread, which must be the one that reads. Returns false where the job was not begun.
    func run(_ job: () -> Void) -> Bool {
        guard hasStandby.load(ordering: .acquiring) else { return false }
        let number = begun.add(1, ordering: .relaxed).newValue
        running.store(number, ordering: .sequentiallyConsistent)
        if !isWatching.load(ordering: .sequentiallyConsistent) { wakeStandby() }
        job()
        if !running.compareExchange(expected: number, desired: 0, ordering: .acquiringAndReleasing).exchanged {
            // The standby has taken over, under this lock: from here on this thread sees that its turn has passed.
            state.withLock { _ in }
        }
        return true
    }

    private func wakeStandby() {
        state.update { state in
            state.isWatching = true
            isWatching.store(true, ordering: .sequentiallyConsistent)
        }
    }

    /// Whether a thread that began to read at `turn` is still the one that reads.
    func isReading(since turn: UInt64) -> Bool { self.turn.load(ordering: .acquiring) == turn }

    /// The turn that is now.
    var currentTurn: UInt64 { turn.load(ordering: .acquiring) }

    /// Stands by until the reading has to be taken over; returns the new turn, or nil when the loop has ended.
    func standBy() -> UInt64? {
        hasStandby.store(true, ordering: .releasing)
        var seen = begun.load(ordering: .relaxed)
        var looks = 0
        while true {
            if watch() { return nil }
            let job = running.load(ordering: .sequentiallyConsistent)
            if job != 0, job == seen, let turn = takeOver(from: job) { return turn }
            let newest = begun.load(ordering: .relaxed)
            looks = newest == seen ? looks + 1 : 0
            seen = newest
            if looks >= Self.idleLooks {
                rest()
                looks = 0
            }
        }
    }

    private func takeOver(from job: UInt64) -> UInt64? {
        state.withLock { _ in
            guard running.compareExchange(expected: job, desired: 0, ordering: .acquiringAndReleasing).exchanged else {
                return nil
            }
            hasStandby.store(false, ordering: .releasing)
            return turn.add(1, ordering: .acquiringAndReleasing).newValue
        }
    }

    /// Waits for the next look; returns whether the loop has ended.
    private func watch() -> Bool {
        let isAwake = state.wait { state in state.isEnded || state.isWatching ? !state.isEnded : nil }
        guard isAwake else { return true }
        return state.wait(milliseconds: Self.periodMilliseconds) { $0.isEnded ? true : nil } ?? false
    }

    /// Sleeps from now on, unless a job began meanwhile.
    private func rest() {
        state.withLock { state in
            isWatching.store(false, ordering: .sequentiallyConsistent)
            state.isWatching = running.load(ordering: .sequentiallyConsistent) != 0
            if state.isWatching { isWatching.store(true, ordering: .sequentiallyConsistent) }
        }
    }

    /// Lets the standby go.
    func end() { state.update { $0.isEnded = true } }
}
