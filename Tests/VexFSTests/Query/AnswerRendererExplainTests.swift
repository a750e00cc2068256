import Testing

@testable import VexFS

@Suite struct AnswerRendererExplainTests {
    @Test func showsPlanCountsAndTimes() {
        let text = AnswerFixture.render(
            .explain, [AnswerFixture.refunds],
            explain: {
                $0.matching = 3
                $0.pending = 1
                $0.embedMicroseconds = 1000.25
                $0.scanMicroseconds = 12.34
            }
        ) {
            $0.limit = 3
            $0.filter = .anyOf(field: "lang", values: [.string("en")])
        }
        #expect(
            text == """
                {
                  "query": "k=3/how do refunds work.explain",
                  "plan": "flat scan",
                  "parts": [],
                  "exact": true,
                  "mode": "vector",
                  "using": "",
                  "metric": "cosine",
                  "filter": "lang = \\"en\\"",
                  "results": 1,
                  "why": "1 result",
                  "nearest_score": 0.83,
                  "counts": {
                    "documents": 5,
                    "vectors": 4,
                    "matching": 3,
                    "candidates": 4,
                    "rescored": 0,
                    "pending": 1
                  },
                  "microseconds": {
                    "embed": 1000.3,
                    "filter": 0.0,
                    "scan": 12.3,
                    "fetch": 0.0,
                    "total": 1012.6
                  }
                }

                """)
    }

    @Test func absentFactsAreNull() throws {
        let text = AnswerFixture.render(.explain, [])
        #expect(text.contains("\"nearest_score\": null"))
        #expect(text.contains("\"matching\": null"))
        #expect(text.contains("\"filter\": null"))
    }
}
