import Synchronization
import Testing

@testable import VexFS

@Suite struct SyncGateTests {
    private static let full = VexFSError(.storeFull, "the disk is full")

    @Test func aFailureEndsWithItsRun() throws {
        let gate = SyncGate()
        let error = #expect(throws: VexFSError.self) {
            try gate.pass { () throws(VexFSError) in throw Self.full }
        }
        #expect(error?.code == .storeFull)
        let runs = Mutex(0)
        try gate.pass { () throws(VexFSError) in runs.withLock { $0 += 1 } }
        #expect(runs.withLock { $0 } == 1)
    }

    /// Whoever waited for a run that failed is told, and nobody else is.
    @Test func whoWaitedIsTold() {
        let gate = SyncGate()
        let begun = Monitor(false)
        let mayEnd = Monitor(false)
        let outcomes = Monitor<[String: VexFSError.Code?]>([:])
        func caller(_ name: String, _ sync: @escaping @Sendable () throws(VexFSError) -> Void) {
            let isStarted = BackgroundThread.start {
                var code: VexFSError.Code?
                do throws(VexFSError) { try gate.pass(sync) } catch { code = error.code }
                let outcome = code
                outcomes.update { $0[name] = outcome }
            }
            #expect(isStarted)
        }
        caller("first") { () throws(VexFSError) in
            begun.update { $0 = true }
            _ = mayEnd.wait { $0 ? true : nil }
        }
        _ = begun.wait { $0 ? true : nil }
        // Both come while a run is under way: one of them makes the next run, which serves both and fails.
        caller("second") { () throws(VexFSError) in throw Self.full }
        caller("third") { () throws(VexFSError) in throw Self.full }
        mayEnd.update { $0 = true }
        _ = outcomes.wait { $0.count == 3 ? true : nil }
        let found = outcomes.withLock { $0 }
        #expect(found["first"] == .some(nil))
        #expect(found["second"] == .some(.storeFull))
        #expect(found["third"] == .some(.storeFull))
    }
}
