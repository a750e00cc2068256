import Testing

@testable import VexFS

@Suite struct TrigramIndexTests {
    private static let letters = ["a", "b", "A", "K", "\u{212A}", "k", "\u{130}", "i", "é", "ſ", "s", "本", " ", "\n"]

    private static func text(_ generator: inout SeededGenerator, _ length: ClosedRange<Int>) -> ByteString {
        let count = Int.random(in: length, using: &generator)
        return ByteString((0..<count).map { _ in letters.randomElement(using: &generator) ?? "a" }.joined())
    }

    private static func index(_ texts: [ByteString]) -> TrigramIndex {
        var index = TrigramIndex()
        for text in texts { text.withBytes { index.append($0) } }
        return index
    }

    private static let patterns = [
        "aba", "(?i)kab", "(?i)iab|aab", "a(bb|kk)+a", "[ab]{3}", "^ab.*ka$", "(?i)sis", "ab|ba", "a.*b.*k", "é",
        "(?i)bik.*(aa|bb).*(ab|ba)a",
    ]

    @Test func noTextThatMatchesIsMissing() throws {
        let seed: UInt64 = 31
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<2000).map { _ in Self.text(&generator, 0...24) }
        let index = Self.index(texts)
        var conditions = try Self.patterns.map { StringCondition.expression(try RegularExpression($0)) }
        for _ in 0..<300 {
            let part = Self.text(&generator, 1...5)
            conditions += [.substring(part), .words(part), .prefix(part)]
        }
        for condition in conditions {
            guard let candidates = index.candidates(for: condition) else { continue }
            for (number, text) in texts.enumerated() where condition.isMet(by: text) {
                #expect(candidates.contains(Row(number)), "\(condition) in \(text)")
            }
        }
    }

    @Test func candidatesAreFew() throws {
        let texts = (0..<10_000).map { ByteString("document number \($0) of a collection") }
        let index = Self.index(texts)
        #expect(index.candidates(holding: "number 4711")?.count == 1)
        #expect(index.candidates(holding: "collexion")?.isEmpty == true)
        #expect(index.candidates(holding: "of") == nil)
        let expression = try RegularExpression("number (4711|4712) .*collection")
        #expect(index.candidates(matching: expression)?.count == 2)
        #expect(index.candidates(matching: try RegularExpression("[0-9]+")) == nil)
    }

    @Test func theCommonIsFoundToo() {
        let texts = (0..<70_000).map { ByteString($0 % 3 == 0 ? "alpha beta" : "gamma") }
        let found = Self.index(texts).candidates(holding: "ha be")
        #expect(found?.count == (70_000 + 2) / 3 && found?.first == 0 && found?.last == 69_999)
    }

    /// What the folding promises: every ASCII letter of a lower-cased character, and every one that an expression finds
    /// in it without regard to case, is one of the folded character.
    @Test func everyASCIILetterIsKept() throws {
        let letter = try RegularExpression("^(?i)[a-z]$")
        for value in UInt32(0x80)...0x1_FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = ByteString(String(Character(scalar)))
            let lower = text.string.lowercased().utf8.filter { $0 < 0x80 }
            let folded = text.withBytes { TrigramFolding().fold($0) }.filter { $0 < 0x80 }
            #expect(lower.isEmpty || lower.elementsEqual(folded), "\(value)")
            #expect(letter.matches(text) == false || folded.count == 1, "\(value)")
        }
    }
}
