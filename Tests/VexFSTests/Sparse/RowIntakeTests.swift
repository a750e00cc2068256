import Synchronization
import Testing

@testable import VexFS

@Suite struct RowIntakeTests {
    @Test func rowsAreTakenOnceAndAnErrorLosesNone() throws {
        let intake = RowIntake(from: 3)
        #expect(throws: VexFSError.self) {
            try intake.take(through: 9) { next throws(VexFSError) in
                next = 6
                throw VexFSError(.inputOutput, "no disk")
            }
        }
        #expect(intake.end == 6)
        var began: [Row] = []
        for last in [5, 9, 9, 4] as [Row] {
            try intake.take(through: last) { next throws(VexFSError) in
                began.append(next)
                next = last + 1
            }
        }
        #expect(began == [6])
        #expect(intake.end == 10)
    }

    /// Whoever takes in rows, each is taken once and in its order.
    @Test func manyTakeTurns() throws {
        let intake = RowIntake(from: 0)
        let taken = Mutex<[Row]>([])
        let ended = Monitor(0)
        for thread in 0..<6 {
            let isStarted = BackgroundThread.start {
                let isAhead = thread % 2 == 0
                for last in stride(from: Row(isAhead ? 3 : 97), through: 4000, by: isAhead ? 7 : 101) {
                    try? intake.take(through: last, isAhead: isAhead) { next throws(VexFSError) in
                        while next <= last {
                            taken.withLock { $0.append(next) }
                            next += 1
                        }
                    }
                }
                ended.update { $0 += 1 }
            }
            #expect(isStarted)
        }
        ended.wait { $0 == 6 ? () : nil }
        #expect(taken.withLock { $0 } == Array(0..<intake.end))
        #expect(intake.end > 3900)
    }
}
