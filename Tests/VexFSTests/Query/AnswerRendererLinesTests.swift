import Testing

@testable import VexFS

@Suite struct AnswerRendererLinesTests {
    @Test func jsonLinesHaveTheirKeysInOrder() {
        #expect(
            AnswerFixture.render(.jsonl) == #"""
                {"rank":1,"score":0.83,"id":"refunds.md","file":"/mnt/notes/refunds.md",\#
                "text":"\nWe refund within 30 days.\n\tAsk \"support\".",\#
                "metadata":{"lang":"en","year":2024}}
                {"rank":2,"score":0.512346,"id":"a b\\c","file":"/mnt/notes/sub/returns.json",\#
                "text":"Returns","metadata":{}}

                """#)
    }

    @Test func groupsAndCollectionsComeLast() {
        var hit = AnswerFixture.returns
        hit.group = .string("en")
        #expect(
            AnswerFixture.render(.jsonl, [hit], acrossCollections: true) == #"""
                {"rank":2,"score":0.512346,"id":"a b\\c","file":"/mnt/notes/sub/returns.json",\#
                "text":"Returns","metadata":{},"group":"en","collection":"notes"}

                """#)
    }

    @Test func fieldsLimitWhatIsShown() {
        func lines(_ fields: [String]) -> String { AnswerFixture.render(.jsonl) { $0.fields = fields } }
        #expect(
            lines(["id", "score"])
                == "{\"score\":0.83,\"id\":\"refunds.md\"}\n{\"score\":0.512346,\"id\":\"a b\\\\c\"}\n")
        #expect(
            lines(["rank", "lang"]) == "{\"rank\":1,\"metadata\":{\"lang\":\"en\"}}\n{\"rank\":2,\"metadata\":{}}\n")
        #expect(lines(["metadata.year"]) == "{\"metadata\":{\"year\":2024}}\n{\"metadata\":{}}\n")
        #expect(lines(["metadata", "year"]).hasPrefix("{\"metadata\":{\"lang\":\"en\",\"year\":2024}}\n"))
        #expect(lines(["collection"]) == "{\"collection\":\"notes\"}\n{\"collection\":\"notes\"}\n")
        #expect(lines(["group"]) == "{}\n{}\n")
    }

    @Test func jsonIsOneObject() {
        #expect(
            AnswerFixture.render(.json) { $0.fields = ["id"] }
                == "{\"results\":[{\"id\":\"refunds.md\"},{\"id\":\"a b\\\\c\"}],\"why\":\"2 results\"}\n")
    }

    @Test func tablesEscapeWhatWouldBreakThem() {
        #expect(
            AnswerFixture.render(.tsv) == #"""
                1	0.83	refunds.md	/mnt/notes/refunds.md	\nWe refund within 30 days.\n\tAsk "support".
                2	0.512346	a b\\c	/mnt/notes/sub/returns.json	Returns

                """#)
        #expect(
            AnswerFixture.render(.tsv) { $0.fields = ["year", "id", "metadata.lang", "metadata", "group"] }
                == "2024\trefunds.md\ten\t{\"lang\":\"en\",\"year\":2024}\t\n\ta b\\\\c\t\t{}\t\n")
    }

    @Test func idsAndPathsAreOneALine() {
        #expect(AnswerFixture.render(.ids) == "refunds.md\na b\\c\n")
        var odd = AnswerFixture.returns
        odd.id = "two\nlines\r"
        #expect(AnswerFixture.render(.ids, [odd]) == "two%0Alines%0D\n")
        #expect(AnswerFixture.render(.paths) == "/mnt/notes/refunds.md\n/mnt/notes/sub/returns.json\n")
        #expect(AnswerFixture.render(.paths, mountRoot: "") == "notes/refunds.md\nnotes/sub/returns.json\n")
    }

    @Test func grepShowsTheFirstLineThatIsNotBlank() {
        #expect(
            AnswerFixture.render(.grep)
                == "/mnt/notes/refunds.md:4:We refund within 30 days.\n/mnt/notes/sub/returns.json:1:Returns\n")
        var hit = AnswerFixture.refunds
        hit.text = ""
        #expect(AnswerFixture.render(.grep, [hit]) == "/mnt/notes/refunds.md:3:\n")
        hit.text = " \r\nwindows line\r\nnext"
        #expect(AnswerFixture.render(.grep, [hit]) == "/mnt/notes/refunds.md:4:windows line\n")
    }

    @Test(arguments: [QueryRequest.Format.jsonl, .tsv, .ids, .paths, .grep]) func lineFormatsOfNothingAreEmpty(
        format: QueryRequest.Format
    ) {
        #expect(AnswerFixture.render(format, []) == "")
    }

    @Test func jsonOfNothingSaysWhy() {
        #expect(
            AnswerFixture.render(.json, [], explain: { $0.documents = 0 }, { _ in })
                == "{\"results\":[],\"why\":\"there are no documents\"}\n")
    }

    @Test(arguments: [
        (0.83, "0.83"), (1, "1"), (0, "0"), (-0.0, "0"), (0.5123456789, "0.512346"), (0.0000004, "0"),
        (-0.0000004, "0"), (-0.25, "-0.25"), (0.000001, "0.000001"), (1234567.891, "1234567.891"),
        (0.9999999, "1"), (Double.nan, "null"), (12.05, "12.05"),
    ]) func scoresAreShort(score: Double, text: String) { #expect(ScoreText.of(score) == text) }
}
