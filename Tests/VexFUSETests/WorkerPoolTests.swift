import Testing
import VexFS

@testable import VexFUSE

@Suite struct WorkerPoolTests {
    @Test func everyJobRunsOnceBeforeTheEnd() throws {
        let pool = try WorkerPool(threads: 4)
        let sum = Monitor(0)
        for number in 1...5000 { pool.submit { sum.withLock { $0 += number } } }
        pool.close()
        #expect(sum.withLock { $0 } == 5000 * 5001 / 2)
        #expect(pool.queueDepth == 0)
    }

    @Test func jobsThatWaitDoNotTakeAWorker() throws {
        let pool = try WorkerPool(threads: 1)
        let gate = Monitor(false)
        let order = Monitor([String]())
        try pool.submitWaiting {
            gate.wait { $0 ? () : nil }
            order.update { $0.append("waiting") }
        }
        pool.submit {
            order.update { $0.append("working") }
            gate.update { $0 = true }
        }
        let finished = order.wait(milliseconds: 10_000) { $0.count == 2 ? $0 : nil }
        #expect(finished == ["working", "waiting"])
        pool.close()
    }

    @Test func tooManyWaitingJobsAreRefused() throws {
        let pool = try WorkerPool(threads: 1)
        let gate = Monitor(false)
        for _ in 0..<WorkerPool.waitingJobsMax { try pool.submitWaiting { gate.wait { $0 ? () : nil } } }
        #expect(throws: VexFSError.self) { try pool.submitWaiting {} }
        gate.update { $0 = true }
        pool.close()
    }
}
