import Foundation
import Testing

@testable import VexFS

struct RelevanceFeedbackTests {
    @Test func everyTwoExamplesOfDifferentRelevanceAreAPair() {
        var feedback = RelevanceFeedback(a: 2, b: 1, c: 0.5, relevances: [0.9, 0.1, 0.9])
        #expect(
            feedback.pairs.map { [$0.positive, $0.negative] } == [[0, 1], [2, 1]],
            "examples of one relevance are no pair")
        feedback.relevances = [1]
        #expect(feedback.pairs.isEmpty)
        #expect(feedback.score(target: 0.5, examples: [9]) == 1)
    }

    @Test(arguments: 0..<20) func scoresFollowTheFormula(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func number() -> Float { Float.random(in: 0...2, using: &generator) }
        let relevances = (0..<5).map { _ in number() }
        let examples = (0..<5).map { _ in number() }
        let (a, b, c, target) = (number(), number(), number(), number())
        var expected = Double(a) * Double(target)
        for high in 0..<5 {
            for low in 0..<5 where relevances[high] > relevances[low] {
                expected +=
                    pow(Double(relevances[high] - relevances[low]), Double(b)) * Double(c)
                    * Double(examples[high] - examples[low])
            }
        }
        let feedback = RelevanceFeedback(a: a, b: b, c: c, relevances: relevances)
        let score = ExampleScore.feedback(feedback).score([target] + examples)
        #expect(abs(Double(score) - expected) < 1e-4, "seed \(seed)")
    }
}
