import Testing

@testable import VexFS

struct MaximalMarginalRelevanceTests {
    @Test func withoutDiversityTheNearestCome() throws {
        let chosen = try MaximalMarginalRelevance(diversity: 0).selection([0.1, 0.9, 0.5], limit: 3) { _ in [1, 1, 1] }
        #expect(chosen == [1, 2, 0])
    }

    @Test func ofEqualOnesTheLastIsTaken() throws {
        // The last one moves to the place of the one that was taken: 3, then of [0, 1, 2] 2, then of [0, 1] 1.
        let chosen = try MaximalMarginalRelevance().selection([1, 1, 1, 1], limit: 4) { _ in [0, 0, 0, 0] }
        #expect(chosen == [3, 2, 1, 0])
        // After 1 was taken, 3 stands before 2.
        let moved = try MaximalMarginalRelevance().selection([1, 2, 1, 1], limit: 4) { _ in [0, 0, 0, 0] }
        #expect(moved == [1, 2, 3, 0])
    }

    @Test func nothingIsChosenFromNothing() throws {
        #expect(try MaximalMarginalRelevance().selection([], limit: 3) { _ in [] }.isEmpty)
        #expect(try MaximalMarginalRelevance().selection([1], limit: 0) { _ in [0] }.isEmpty)
    }

    @Test(arguments: 0..<40) func everyChoiceIsTheBestOfThoseLeft(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...12, using: &generator)
        let relevances = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
        let near = (0..<count).map { _ in (0..<count).map { _ in Float.random(in: -1...1, using: &generator) } }
        let diversity = Float.random(in: 0...1, using: &generator)
        let limit = Int.random(in: 1...14, using: &generator)
        let chosen = try MaximalMarginalRelevance(diversity: diversity).selection(relevances, limit: limit) { near[$0] }
        #expect(chosen.count == min(limit, count) && Set(chosen).count == chosen.count, "seed \(seed)")
        #expect(relevances[chosen[0]] == relevances.max(), "seed \(seed)")
        for place in 1..<max(1, chosen.count) {
            func score(_ candidate: Int) -> Float {
                let nearest = chosen[..<place].map { near[$0][candidate] }.max()!
                return (1 - diversity) * relevances[candidate] - diversity * nearest
            }
            let left = Set(0..<count).subtracting(chosen[..<place])
            #expect(left.map(score).max()! - score(chosen[place]) < 1e-5, "seed \(seed)")
        }
    }
}
