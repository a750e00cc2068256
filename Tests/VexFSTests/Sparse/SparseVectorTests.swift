import Testing

@testable import VexFS

@Suite struct SparseVectorTests {
    @Test func componentsAreSorted() throws {
        let vector = try SparseVector(indices: [9, 0, 4], values: [1, 2, 3])
        #expect(vector.indices == [0, 4, 9])
        #expect(vector.values == [2, 3, 1])
    }

    @Test func wrongVectorsAreRefused() {
        #expect(throws: VexFSError.self) { try SparseVector(indices: [1, 2], values: [1]) }
        #expect(throws: VexFSError.self) { try SparseVector(indices: [2, 1, 2], values: [1, 2, 3]) }
        #expect(throws: VexFSError.self) { try SparseVector(indices: [1, 1], values: [1, 2]) }
        #expect(throws: VexFSError.self) { try SparseVector(indices: [1], values: [.nan]) }
        #expect(throws: VexFSError.self) { try SparseVector(indices: [1], values: [.infinity]) }
    }
}
