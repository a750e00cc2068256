@testable import VexFS

/// Answers for the tests of the formats.
enum AnswerFixture {
    static let refunds = SearchHit(
        rank: 1, score: 0.83, id: "refunds.md", path: "notes/refunds.md",
        text: "\nWe refund within 30 days.\n\tAsk \"support\".", line: 3,
        metadata: .object([.init("lang", .string("en")), .init("year", .integer(2024))]), collection: "notes")
    static let returns = SearchHit(
        rank: 2, score: 0.5123456789, id: "a b\\c", path: "notes/sub/returns.json", text: "Returns",
        metadata: .object([]), collection: "notes")

    static func answer(
        _ hits: [SearchHit], metric: Metric = .cosine, _ change: (inout SearchExplanation) -> Void = { _ in }
    ) -> SearchAnswer {
        var explanation = SearchExplanation()
        explanation.plan = "flat scan"
        explanation.documents = 5
        explanation.vectors = 4
        explanation.candidates = 4
        explanation.nearestScore = hits.first?.score
        change(&explanation)
        return SearchAnswer(hits: hits, explanation: explanation, metric: metric)
    }

    static func render(
        _ format: QueryRequest.Format, _ hits: [SearchHit] = [refunds, returns], acrossCollections: Bool = false,
        mountRoot: String = "/mnt", explain: (inout SearchExplanation) -> Void = { _ in },
        _ change: (inout QueryRequest) -> Void
    ) -> String {
        var request = QueryRequest(target: .text("how do refunds work"), title: "how do refunds work")
        request.format = format
        change(&request)
        let renderer = AnswerRenderer(
            answer: answer(hits, explain), request: request, mountRoot: mountRoot,
            acrossCollections: acrossCollections)
        return String(decoding: renderer.render(), as: UTF8.self)
    }

    static func render(
        _ format: QueryRequest.Format, _ hits: [SearchHit] = [refunds, returns], acrossCollections: Bool = false,
        mountRoot: String = "/mnt"
    ) -> String {
        render(format, hits, acrossCollections: acrossCollections, mountRoot: mountRoot, explain: { _ in }) { _ in }
    }
}
