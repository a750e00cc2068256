import Testing
import VexFS

@testable import VexFUSE

@Suite struct PinnedQueriesTests {
    @Test func aResultSurvivesItsEncoding() {
        let links = [
            PinnedResult.Link(name: "001-0.873-a.json", target: "../../a.json"),
            PinnedResult.Link(name: "002--0.100-sub%2Fb c.md", target: "../../sub/b c.md"),
        ]
        for count in 0...2 {
            let result = PinnedResult(refreshed: 1_700_000_000_123_456_789, links: Array(links.prefix(count)))
            #expect(PinnedResult(result.encoded) == result)
        }
        #expect(PinnedResult([]).links.isEmpty)
    }

    @Test func namesSortByRankAndFit() {
        #expect(PinnedResult.name(rank: 1, score: 0.8731, path: "a.json") == "001-0.873-a.json")
        #expect(PinnedResult.name(rank: 12, score: -0.25, path: "sub/a.json") == "012--0.250-sub%2Fa.json")
        let long = PinnedResult.name(rank: 1000, score: 1, path: String(repeating: "é", count: 300))
        #expect(long.count <= 255)
        #expect(long.string.hasPrefix("1000-1.000-éé"))
    }

    @Test func scoresHaveThreeDecimals() {
        #expect(ScoreDigits.thousandths(0) == "0.000")
        #expect(ScoreDigits.thousandths(0.0004) == "0.000")
        #expect(ScoreDigits.thousandths(-0.0004) == "0.000")
        #expect(ScoreDigits.thousandths(0.9996) == "1.000")
        #expect(ScoreDigits.thousandths(-12.5) == "-12.500")
        #expect(ScoreDigits.thousandths(.nan) == "inf")
    }

    @Test func namesEscapeWhatTheyCannotHold() {
        for text in ["plain", "a/b", "..", ".hidden", "50%", "tab\tend", "", "ü/%2F"] {
            let name = VirtualName.encode(text, escapingPercent: true)
            #expect(!name.utf8.contains(0x2F) && name.utf8.first != 0x2E)
            #expect(VirtualName.decode(ByteString(name)) == ByteString(text))
        }
        #expect(VirtualName.decode("%") == nil)
        #expect(VirtualName.decode("%zz") == nil)
        #expect(VirtualName.cut("aé", toBytes: 2) == "a")
    }
}
