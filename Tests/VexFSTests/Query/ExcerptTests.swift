import Testing

@testable import VexFS

@Suite struct ExcerptTests {
    @Test func shortTextsStay() { #expect(Excerpt.of("as it is", limit: 8) == "as it is") }

    @Test func endsWithASentenceWhereOneEndsInTheSecondHalf() {
        #expect(Excerpt.of("One two. Three four five six", limit: 20) == "One two. […]")
    }

    @Test func endsWithAWordElse() {
        #expect(Excerpt.of("One. Two three four five six seven", limit: 29) == "One. Two three four […]")
        #expect(Excerpt.of("One. Two three four five six seven", limit: 30) == "One. Two three four five […]")
    }

    @Test func cutsAWordOnlyWhereThereIsNoOther() {
        #expect(
            Excerpt.of(String(repeating: "a", count: 30), limit: 16) == "aaaaaaaaaa […]")
    }

    @Test func nothingFitsIntoNoRoom() { #expect(Excerpt.of("abcdefghij", limit: 6) == "") }

    @Test func neverExceedsTheLimitNorSplitsACharactersBytes() {
        let text = "день 東京 a\u{301}b. 🇯🇵 слово\nlast word here"
        for limit in 0...text.utf8.count + 1 {
            let cut = Excerpt.of(text, limit: limit)
            #expect(cut.utf8.count <= limit)
            #expect(!cut.contains("\u{FFFD}"), "limit \(limit)")
            if cut != text, !cut.isEmpty {
                #expect(cut.hasSuffix(Excerpt.mark))
                #expect(text.utf8.starts(with: cut.utf8.dropLast(Excerpt.mark.utf8.count)), "limit \(limit)")
            }
        }
    }
}
