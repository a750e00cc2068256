import Testing

@testable import VexFS

@Suite struct BulkPipelineTests {
    /// However many lines are refused, only those are kept that a report names.
    @Test func refusalsAreCountedAndTheFirstKept() throws {
        let pipeline = BulkPipeline { (batch, _, outcome) throws(VexFSError) in
            outcome.refuse(
                batch.lines.map { .init(line: $0.number, error: VexFSError(.malformedDocument, "line \($0.number)")) })
        }
        for first in stride(from: 1, to: 5000, by: 70) {
            let lines = (first..<first + 70).map {
                BulkBatch.Line(number: $0, name: "x", prepared: PreparedDocument(bytes: []))
            }
            try pipeline.submit(BulkBatch(lines: lines))
        }
        try pipeline.drain()
        #expect(pipeline.outcome.refusedCount == 72 * 70)
        #expect(pipeline.outcome.refused.map(\.line) == Array(1...100))
    }

    private func batch(_ number: Int) -> BulkBatch {
        BulkBatch(lines: [.init(number: number, name: "x", prepared: PreparedDocument(bytes: []))])
    }

    /// Whoever is interrupted neither waits for room nor for the end, and loses nothing by it.
    @Test func theInterruptedDoNotWait() throws {
        let gate = Monitor(false)
        let pipeline = BulkPipeline { (batch, _, outcome) throws(VexFSError) in
            gate.wait { $0 ? () : nil }
            outcome.created += batch.lines.count
        }
        // One is being committed, two wait, and there is no room for more.
        for number in 1...8 { try pipeline.submit(batch(number), isInterrupted: { true }) }
        let error = #expect(throws: VexFSError.self) { try pipeline.drain(isInterrupted: { true }) }
        #expect(error?.code == .interrupted)
        #expect(pipeline.outcome.created == 0)
        gate.update { $0 = true }
        try pipeline.drain()
        #expect(pipeline.outcome.created == 8)
    }

    /// What is dropped is whole batches that nobody has begun with.
    @Test func whatIsCancelledIsNotCommitted() throws {
        let gate = Monitor((hasBegun: false, mayEnd: false))
        let pipeline = BulkPipeline { (batch, pipeline, outcome) throws(VexFSError) in
            gate.update { $0.hasBegun = true }
            gate.wait { $0.mayEnd || pipeline.isCancelled ? () : nil }
            outcome.created += batch.lines.count
        }
        for number in 1...5 { try pipeline.submit(batch(number), isInterrupted: { true }) }
        gate.wait { $0.hasBegun ? () : nil }
        let ended = Monitor(false)
        #expect(
            BackgroundThread.start {
                // The commit that has begun waits for this thread's next line, and it for the commit.
                while !pipeline.isCancelled { gate.update { _ in } }
                gate.update { $0.mayEnd = true }
                ended.update { $0 = true }
            })
        #expect(pipeline.cancel())
        ended.wait { $0 ? () : nil }
        #expect(pipeline.outcome.created == 1)
        #expect(!pipeline.cancel())
        try pipeline.submit(batch(6))
        try pipeline.drain()
        #expect(pipeline.outcome.created == 1, "nothing is taken any more")
    }
}
