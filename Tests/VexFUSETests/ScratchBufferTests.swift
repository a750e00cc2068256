import Testing
import VexFS

@testable import VexFUSE

@Suite struct ScratchBufferTests {
    private func write(_ text: String, at offset: Int?, to buffer: ScratchBuffer) throws {
        try Array(text.utf8).withUnsafeBytes { try buffer.write($0, at: offset) }
    }

    private func text(_ buffer: ScratchBuffer) -> String? {
        buffer.changes().map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func writesAtOffsetsAndAtTheEnd() throws {
        let budget = DraftBudget()
        let buffer = ScratchBuffer(budget: budget)
        try buffer.load(Array("hello".utf8))
        #expect(buffer.changes() == nil)
        try write("J", at: 0, to: buffer)
        try write("!", at: nil, to: buffer)
        #expect(text(buffer) == "Jello!")
        try buffer.resize(to: 2)
        #expect(text(buffer) == "Je")
        #expect(budget.usedBytes == 2)
    }

    @Test func aCommitOfAnOlderGenerationLeavesChanges() throws {
        let buffer = ScratchBuffer(budget: DraftBudget())
        buffer.truncate()
        let first = try #require(buffer.changes())
        try write("x", at: 0, to: buffer)
        buffer.committed(generation: first.generation)
        #expect(text(buffer) == "x")
        let second = try #require(buffer.changes())
        buffer.committed(generation: second.generation)
        #expect(buffer.changes() == nil)
        #expect(buffer.uncommitted == nil)
    }

    @Test func theBudgetIsGivenBack() throws {
        let budget = DraftBudget()
        do {
            let buffer = ScratchBuffer(budget: budget)
            try buffer.load([UInt8](repeating: 1, count: 1000))
            #expect(budget.usedBytes == 1000)
        }
        #expect(budget.usedBytes == 0)
    }

    @Test func theBudgetHasAnEnd() throws {
        let budget = DraftBudget()
        try budget.take(DraftBudget.totalBytesMax)
        #expect(throws: VexFSError.self) { try budget.take(1) }
        budget.giveBack(1)
        try budget.take(1)
        #expect(budget.usedBytes == DraftBudget.totalBytesMax)
    }
}
