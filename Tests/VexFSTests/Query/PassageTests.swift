import Testing

@testable import VexFS

@Suite struct PassageTests {
    private static let text = """
        # Refunds

        We sell shoes and ship them.

        Who returns a pair
        gets a refund within thirty days.
        Refunds go to the card.

        End.
        """

    private func passage(_ query: String, limit: Int = 60, in text: String = text) -> Passage {
        Passage.best(in: text, for: Passage.Words(of: query), limit: limit)
    }

    @Test func beginsWithTheParagraph() {
        let found = passage("refunding after thirty days")
        #expect(found.skippedLines == 4)
        #expect(found.text.hasPrefix("Who returns a pair\ngets a refund"))
    }

    @Test func aParagraphThatIsTooLongBeginsWithTheLine() {
        let long =
            String(repeating: "nothing of it here\n", count: 20) + "a needle\n" + String(repeating: "no\n", count: 99)
        let found = passage("needles", in: long)
        #expect(found.skippedLines == 20)
        #expect(found.text.hasPrefix("a needle\nno\n"))
    }

    @Test func whatFitsIsWhole() { #expect(passage("thirty", limit: 4000).skippedLines == 0) }

    @Test(arguments: ["", "the of and", "zeppelin", "東京"])
    func withoutAWordItIsTheBeginning(_ query: String) {
        #expect(passage(query).text == Self.text)
        #expect(Passage.bestLine(of: Self.text, for: Passage.Words(of: query)) == nil)
    }

    @Test func aRareWordOutweighsAFrequentOne() {
        let text = "ship\nship\nship\n\nlighthouse\n\nship\n"
        #expect(Passage.bestLine(of: text, for: Passage.Words(of: "ship lighthouse"))?.skippedLines == 4)
    }

    @Test func theFirstOfEqualLinesIsTaken() {
        #expect(Passage.bestLine(of: "a\nb fox\na fox\n", for: Passage.Words(of: "fox"))?.skippedLines == 1)
    }

    /// The weight of each start, computed the plain way.
    @Test func agreesWithThePlainWay() {
        let seed: UInt64 = 0x9A55_A6E5
        var generator = SeededGenerator(seed: seed)
        let vocabulary = ["ships", "nets", "harbour", "lighthouse", "x", "", "the"]
        for round in 0..<200 {
            let lines = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in vocabulary.randomElement(using: &generator)! }
                    .joined(separator: " ")
            }
            let words = ["ships", "nets", "harbour", "lighthouse"].shuffled(using: &generator).prefix(2)
            let found = Passage.bestLine(
                of: lines.joined(separator: "\n"), for: Passage.Words(of: words.joined(separator: " ")))
            let sets = lines.map { Set($0.split(separator: " ").map(String.init)).intersection(words) }
            let weights = sets.map { set in
                set.reduce(0.0) { sum, word in sum + 1 / Double(1 + sets.count { $0.contains(word) }) }
            }
            let most = weights.max() ?? 0
            let expected = most > 0 ? weights.firstIndex { abs($0 - most) < 1e-9 } : nil
            #expect(found?.skippedLines == expected, "seed \(seed) round \(round)")
        }
    }
}
