import Glibc
import Testing
import VexFS

@testable import VexFUSE

@Suite struct ReaderRelayTests {
    /// What the standing-by thread of a test has come to.
    private enum Standby: Equatable { case waiting, tookOver(UInt64), ended }

    private func standBy(_ relay: ReaderRelay, _ outcome: Monitor<Standby>) throws {
        let thread = try Thread.start {
            let turn = relay.standBy()
            outcome.update { $0 = turn.map(Standby.tookOver) ?? .ended }
        }
        // Its end is seen in the outcome.
        pthread_detach(thread)
    }

    @Test func nothingIsRunWithoutAStandby() {
        let relay = ReaderRelay()
        var wasRun = false
        #expect(!relay.run { wasRun = true })
        #expect(!wasRun)
    }

    @Test func aLongJobLosesTheReading() throws {
        let relay = ReaderRelay()
        let outcome = Monitor(Standby.waiting)
        let first = relay.currentTurn
        try standBy(relay, outcome)
        var began = false
        // The job ends only when the standby has taken over: a relay that never does fails by the time limit of the
        // wait.
        while !began {
            began = relay.run {
                _ = outcome.wait(milliseconds: 10_000) { $0 == .waiting ? nil : () }
            }
        }
        #expect(!relay.isReading(since: first))
        #expect(outcome.withLock { $0 } == .tookOver(relay.currentTurn))
        // With no thread standing by, the next job is refused.
        #expect(!relay.run {})
    }

    @Test func shortJobsKeepTheReading() throws {
        let relay = ReaderRelay()
        let outcome = Monitor(Standby.waiting)
        let first = relay.currentTurn
        try standBy(relay, outcome)
        var begun = 0
        while begun < 1000 { if relay.run({}) { begun += 1 } }
        #expect(relay.isReading(since: first))
        relay.end()
        #expect(outcome.wait(milliseconds: 10_000) { $0 == .ended ? true : nil } == true)
    }
}
