import Testing

@testable import VexFS

struct DistanceMatrixTests {
    @Test func pairsAndOffsetsSayTheSame() {
        let matrix = DistanceMatrix(
            rows: [4, 8, 6],
            nearest: [
                [ScoredRow(row: 8, score: 0.2), ScoredRow(row: 6, score: 0.1)], [ScoredRow(row: 6, score: 0.4)], [],
            ])
        #expect(
            matrix.pairs == [
                .init(first: 4, second: 8, score: 0.2), .init(first: 4, second: 6, score: 0.1),
                .init(first: 8, second: 6, score: 0.4),
            ])
        let (line, column, scores) = matrix.offsets
        #expect(line == [0, 0, 1] && column == [1, 2, 2] && scores == [0.2, 0.1, 0.4])
    }
}
