import Testing

@testable import VexFS

@Suite struct TokenQueryTests {
    @Test(arguments: 0..<20) func phrasesAreFoundWhereTheyStand(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // Two words only, so that beginnings of the phrase come again and again.
        func words(_ count: Int) -> [String] { (0..<count).map { _ in Bool.random(using: &generator) ? "a" : "b" } }
        for _ in 0..<200 {
            let phrase = words(Int.random(in: 1...6, using: &generator))
            let text = words(Int.random(in: 0...20, using: &generator))
            let starts = 0..<max(0, text.count - phrase.count + 1)
            let wanted = starts.contains { Array(text[$0..<$0 + phrase.count]) == phrase }
            let query = TokenQuery(.phrase, phrase.joined(separator: " "), options: TextOptions())
            #expect(
                TokenMatcher(query)?.matches(ByteString(text.joined(separator: "-"))) == wanted,
                "seed \(seed): \(phrase) in \(text)")
        }
    }

    /// Comparing the phrase at every place would take 10¹⁰ steps.
    @Test func aLongPhraseInALongTextTakesNoLongerThanBoth() throws {
        let text = Array(repeating: "a", count: 200_000)
        let phrase = Array(repeating: "a", count: 100_000) + ["b"]
        let matcher = try #require(
            TokenMatcher(TokenQuery(.phrase, phrase.joined(separator: " "), options: TextOptions())))
        #expect(!matcher.matches(text))
        #expect(matcher.matches(text + ["b"]))
    }

    @Test func matchersArePreparedOnce() throws {
        let query = TokenQuery(.all, "fox dog", options: TextOptions())
        for _ in 0..<3 {
            let matcher = try #require(TokenMatcher.prepared(query))
            #expect(matcher.matches("dog, fox") && !matcher.matches("dog"))
        }
        #expect(TokenMatcher.prepared(TokenQuery(.any, " ", options: TextOptions())) == nil)
        // More than are kept.
        for number in 0..<200 {
            let other = TokenQuery(.any, "word\(number)", options: TextOptions())
            #expect(TokenMatcher.prepared(other)?.matches(ByteString("word\(number)")) == true)
        }
        #expect(TokenMatcher.prepared(query)?.matches("fox dog") == true)
    }
}
