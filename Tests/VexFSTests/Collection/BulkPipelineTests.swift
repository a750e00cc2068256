import Testing

@testable import VexFS

@Suite struct BulkPipelineTests {
    /// However many lines are refused, only those are kept that a report names.
    @Test func refusalsAreCountedAndTheFirstKept() throws {
        let pipeline = BulkPipeline { (batch, outcome) throws(VexFSError) in
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
}
