import Testing

@testable import VexFS

@Suite struct WordIndexTests {
    @Test func findsTheTextsThatTheDefinitionMatches() {
        let seed: UInt64 = 0x70D
        var generator = SeededGenerator(seed: seed)
        let parts = [
            "fox", "Fox", "the", "x", "ÉTÉ", "été", "quick\tbrown", "ß", "SS", " ", "\u{A0}", "fo", "日本", "a b",
        ]
        func text() -> String {
            (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                (parts.randomElement(using: &generator) ?? "") + (Bool.random(using: &generator) ? " " : "")
            }.joined()
        }
        var index = WordIndex()
        var texts: [ByteString] = []
        for round in 0..<300 {
            texts.append(ByteString(text()))
            index.append(texts[round])
            let words = FilterWords(text())
            let expected = texts.indices.filter { words.match(texts[$0]) }.map { Row($0) }
            #expect(index.codes(of: words).rows == expected, "seed \(seed) round \(round) \(words.words)")
        }
        #expect(index.count == 300)
        #expect(WordIndex().codes(of: FilterWords("x")).isEmpty)
    }
}
