extension AnswerRenderer {
    /// The plan, the timings and the counts, as `.explain` shows them.
    var explanation: JSON {
        let facts = answer.explanation
        let total =
            facts.embedMicroseconds + facts.filterMicroseconds + facts.scanMicroseconds + facts.fetchMicroseconds
        return .object([
            .init("query", .string(QueryPath.text(for: request))),
            .init("plan", .string(facts.plan)),
            .init("parts", .array(facts.parts.map(JSON.string))),
            .init("exact", .bool(facts.isExact)),
            .init("mode", .string(request.mode.rawValue)),
            .init("using", .string(request.using)),
            .init("metric", .string(answer.metric.rawValue)),
            .init("filter", request.filter.map { .string($0.description) } ?? .null),
            .init("results", .integer(Int64(answer.hits.count))),
            .init("why", .string(answer.why(for: request))),
            .init("nearest_score", facts.nearestScore.map { .number($0) } ?? .null),
            .init(
                "counts",
                .object([
                    .init("documents", .integer(Int64(facts.documents))),
                    .init("vectors", .integer(Int64(facts.vectors))),
                    .init("matching", facts.matching.map { .integer(Int64($0)) } ?? .null),
                    .init("candidates", .integer(Int64(facts.candidates))),
                    .init("rescored", .integer(Int64(facts.rescored))),
                    .init("pending", .integer(Int64(facts.pending))),
                ])),
            .init(
                "microseconds",
                .object([
                    .init("embed", Self.microseconds(facts.embedMicroseconds)),
                    .init("filter", Self.microseconds(facts.filterMicroseconds)),
                    .init("scan", Self.microseconds(facts.scanMicroseconds)),
                    .init("fetch", Self.microseconds(facts.fetchMicroseconds)),
                    .init("total", Self.microseconds(total)),
                ])),
        ])
    }

    /// Tenths are more than a clock gives.
    private static func microseconds(_ value: Double) -> JSON { .number((value * 10).rounded() / 10) }
}
