import Testing

@testable import VexFS

struct ContextScoreTests {
    @Test func pointsOnThePositiveSideLoseNothing() {
        #expect(ContextScore.context(pairs: [0.9, 0.1]) == 0)
        // The difference of −1 and the margin, mapped by x / (1 + |x|).
        #expect(abs(ContextScore.context(pairs: [0, 1, 0.9, 0.1]) + 0.5) < 1e-6)
        #expect(ContextScore.context(pairs: [0.5, 0.5]) < 0)
        #expect(ContextScore.context(pairs: [] as [Float]) == 0)
    }

    @Test func pairsComeBeforeTheTarget() {
        #expect(ContextScore.discover(target: 1, pairs: [0.9, 0.1, 0.8, 0.2]) == 2.75)
        #expect(ContextScore.discover(target: 1, pairs: [0.1, 0.9, 0.5, 0.5]) == -0.25)
        #expect(ExampleScore.discover.score([1, 0.9, 0.1]) == 1.75)
        #expect(ExampleScore.context.score([0.9, 0.1]) == 0)
    }

    @Test(arguments: 0..<20) func lossStaysAboveMinusOneForAPair(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pair = (0..<2).map { _ in Float.random(in: -1000...1000, using: &generator) }
        let loss = ContextScore.context(pairs: pair)
        #expect(loss <= 0 && loss > -1, "seed \(seed)")
        #expect((loss == 0) == (pair[0] > pair[1]), "seed \(seed)")
    }
}
