import Testing

@testable import VexFS

@Suite struct AnswerRendererMarkdownTests {
    @Test func markdownCitesAndQuotes() {
        var second = AnswerFixture.returns
        second.group = .string("en")
        #expect(
            AnswerFixture.render(.md, [AnswerFixture.refunds, second]) { $0.groupBy = "lang" } == """
                # how do refunds work

                [1] /mnt/notes/refunds.md:3 (score 0.83)

                >
                > We refund within 30 days.
                > \tAsk "support".

                [2] /mnt/notes/sub/returns.json:1 (score 0.512346, lang en)

                > Returns

                """)
    }

    @Test func longTextsAreCutAndMarked() {
        var hit = AnswerFixture.returns
        hit.text = String(repeating: "A sentence of words. ", count: 200)
        let text = AnswerFixture.render(.md, [hit])
        #expect(text.hasSuffix("A sentence of words. […]\n"))
        #expect(text.utf8.count < AnswerRenderer.excerptBytes + 100)
    }

    @Test(arguments: [QueryRequest.Format.md, .ctx]) func nothingFoundIsAComment(format: QueryRequest.Format) {
        #expect(
            AnswerFixture.render(format, [], explain: { $0.nearestScore = 0.4 }) { $0.minimumScore = 0.5 }
                == "# how do refunds work\n\n<!-- nothing found: the nearest score, 0.4, is below min=0.5 -->\n")
        let hostile = AnswerFixture.render(format, [], explain: { $0.nearestScore = 0.4 }) { $0.groupBy = "a-->b\nc" }
        #expect(hostile.contains("a-- >b c"))
        #expect(hostile.split(separator: "-->").count == 2)
    }

    @Test func theHeadingIsOneLine() {
        #expect(AnswerFixture.render(.md) { $0.title = "two\nlines  of" }.hasPrefix("# two lines of\n\n[1]"))
    }

    @Test func contextIsMarkdownWhereTheBudgetAllows() {
        #expect(AnswerFixture.render(.ctx) == AnswerFixture.render(.md))
    }

    @Test func contextNeverExceedsItsBudget() {
        let words = ["refund ", "день ", "東京。", "end. ", "\n", "a\u{301}", "x"]
        let seed: UInt64 = 0xC0DE_0001
        var generator = SeededGenerator(seed: seed)
        for round in 0..<300 {
            let hits = (0..<Int.random(in: 0...4, using: &generator)).map { rank in
                var hit = AnswerFixture.refunds
                hit.rank = rank + 1
                let length = Int.random(in: 0...400, using: &generator)
                hit.text = (0..<length).map { _ in words.randomElement(using: &generator) ?? "" }.joined()
                return hit
            }
            let budget = Int.random(in: 1...400, using: &generator)
            let text = AnswerFixture.render(.ctx, hits) { $0.tokenBudget = budget }
            #expect(text.utf8.count <= budget * AnswerRenderer.bytesPerToken, "seed \(seed) round \(round)")
            #expect(!text.contains("\u{FFFD}"), "seed \(seed) round \(round)")
            if !hits.isEmpty, budget >= 60 { #expect(text.contains("[1] /mnt/"), "seed \(seed) round \(round)") }
        }
    }

    @Test func theLastResultOfAContextIsCutAtAWord() {
        var hit = AnswerFixture.returns
        hit.text = String(repeating: "word ", count: 100) + "end"
        let text = AnswerFixture.render(.ctx, [hit]) { $0.tokenBudget = 50 }
        #expect(text.hasSuffix("word word […]\n"))
        #expect(text.utf8.count <= 200 && text.utf8.count > 150)
    }
}
