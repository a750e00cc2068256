import Testing

@testable import VexFS

@Suite struct GraphMemoryTests {
    @Test func memoryIsZeroAtFirst() throws {
        let memory = try GraphMemory<UInt64>(count: 3000)
        #expect((0..<3000).allSatisfy { memory.base[$0] == 0 })
        #expect(memory.byteCount == 24_000)
    }

    /// More than any address space has.
    @Test func memoryThatIsNotThereIsAnError() {
        let error = #expect(throws: VexFSError.self) { try GraphMemory<UInt8>(count: 1 << 60) }
        #expect(error?.code == .outOfMemory)
    }

    @Test func aBuildWhoseWorkersFailThrowsTheirError() {
        let workers = GraphWorkers(threads: 3, isCancelled: { false })
        let error = #expect(throws: VexFSError.self) {
            try workers.run(100, chunk: 1) { range, _ throws(VexFSError) in
                if range.contains(40) { throw VexFSError(.outOfMemory, "none left") }
            }
        }
        #expect(error?.code == .outOfMemory)
    }
}
