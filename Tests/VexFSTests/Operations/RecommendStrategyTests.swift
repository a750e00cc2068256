import Testing

@testable import VexFS

struct RecommendStrategyTests {
    @Test func theNearestExampleDecides() {
        // 0.5 · (x / (1 + |x|) + 1): 0.75 for 1, 0.25 for −1.
        #expect(RecommendStrategy.bestScore([1, 0.2], [0.9]) == 0.75)
        #expect(RecommendStrategy.bestScore([-3], [-1]) == -0.25)
        #expect(RecommendStrategy.bestScore([], [1]) == -0.75)
        #expect(RecommendStrategy.bestScore([1], []) == 0.75)
        // Of equal ones the negative example decides.
        #expect(RecommendStrategy.bestScore([1], [1]) == -0.75)
    }

    @Test func similaritiesAddUp() {
        #expect(RecommendStrategy.sumScores([1, 2], [0.5]) == 2.5)
        #expect(RecommendStrategy.sumScores([], [0.5, 0.25]) == -0.75)
        let score = ExampleScore.sumScores(positives: 2)
        #expect(score.score([1, 2, 0.5]) == 2.5)
        #expect(ExampleScore.bestScore(positives: 0).score([1]) == -0.75)
    }

    @Test func theMeanMovesAwayFromTheNegatives() throws {
        #expect(try RecommendStrategy.average([[1, 2], [3, 4]], []) == [2, 3])
        #expect(try RecommendStrategy.average([[1, 2], [3, 4]], [[1, 1]]) == [3, 5])
        #expect(throws: VexFSError.self) { try RecommendStrategy.average([], [[1]]) }
        #expect(throws: VexFSError.self) { try RecommendStrategy.average([[1, 2]], [[1]]) }
    }

    @Test func sparseMeansTakeMissingComponentsForZero() throws {
        let first = QueryVector.sparse(try SparseVector(indices: [7, 2], values: [1, 4]))
        let second = QueryVector.sparse(try SparseVector(indices: [2], values: [2]))
        let negative = QueryVector.sparse(try SparseVector(indices: [9], values: [5]))
        #expect(
            try RecommendStrategy.average([first, second], [])
                == .sparse(SparseVector(indices: [2, 7], values: [3, 0.5])))
        #expect(
            try RecommendStrategy.average([first, second], [negative])
                == .sparse(SparseVector(indices: [2, 7, 9], values: [6, 1, -5])))
    }

    @Test func multipleVectorsAreTakenTogether() throws {
        #expect(
            try RecommendStrategy.average([.multiple([[1, 2]]), .multiple([[3, 4]])], [.multiple([[5, 6]])])
                == .multiple([[1, 2], [3, 4], [-5, -6]]))
        // One vector counts as a multiple one of one row; the order does not matter to the best match.
        #expect(try RecommendStrategy.average([.dense([1])], [.multiple([[1]])]) == .multiple([[-1], [1]]))
        let sparse = QueryVector.sparse(try SparseVector(indices: [1], values: [1]))
        #expect(throws: VexFSError.self) { try RecommendStrategy.average([.dense([1])], [sparse]) }
    }
}
