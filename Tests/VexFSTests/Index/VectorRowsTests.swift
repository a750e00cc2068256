import Testing

@testable import VexFS

@Suite struct VectorRowsTests {
    @Test func findsTheVectorOfARowAndNothingInAGap() {
        let fixture = VectorFixture(
            rowCount: 100, dimension: 2, metric: .dot, chunkRanges: [0..<10, 10..<40, 60..<100]
        ) { [Float($0), -Float($0)] }
        let rows = fixture.rows
        for row in 0..<110 {
            let vector = rows.withVector(Row(row)) { Array($0) }
            let expected: [Float]? = (40..<60).contains(row) || row >= 100 ? nil : [Float(row), -Float(row)]
            #expect(vector == expected, "row \(row)")
        }
    }

    @Test func theOwnerLivesAsLongAsAView() {
        var rows: VectorRows?
        weak var owner: VectorFixture?
        do {
            let fixture = VectorFixture(rowCount: 1, dimension: 1, metric: .dot, chunkRanges: [0..<1]) { _ in [7] }
            owner = fixture
            rows = fixture.rows
        }
        #expect(owner != nil)
        #expect(rows?.withVector(0) { $0[0] } == 7)
        rows = nil
        #expect(owner == nil)
    }
}
