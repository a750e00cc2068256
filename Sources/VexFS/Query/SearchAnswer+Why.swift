extension SearchAnswer {
    /// One sentence that says why there is nothing, or how many results there are.
    public func why(for request: QueryRequest) -> String {
        if !hits.isEmpty { return hits.count == 1 ? "1 result" : "\(hits.count) results" }
        let waiting = explanation.pending
        var sentence = emptyReason(for: request)
        if waiting > 0, !sentence.contains("waiting") {
            sentence += "; \(Self.count(waiting, "document")) still waiting for a vector"
        }
        return sentence
    }

    private func emptyReason(for request: QueryRequest) -> String {
        let documents = explanation.documents
        let waiting = explanation.pending
        guard documents > 0 else {
            return request.folder.isEmpty ? "there are no documents" : "there are no documents in this folder"
        }
        if explanation.matching == 0 {
            let scope = request.filter == nil ? "the folder holds none" : "the filter passes 0"
            return "\(scope) of \(Self.count(documents, "document"))"
        }
        if request.mode == .text || request.mode == .hybrid, explanation.nearestScore == nil {
            let scope = Self.count(explanation.matching ?? documents, "document")
            return "none of the \(scope) in scope has one of the words"
        }
        guard explanation.vectors > 0 else {
            let state = waiting > 0 ? "\(waiting) still waiting for one" : "none is waiting for one"
            return "none of \(Self.count(documents, "document")) has a vector, \(state)"
        }
        guard let nearest = explanation.nearestScore else {
            let passing = explanation.matching ?? documents
            return "none of the \(Self.count(passing, "document")) in scope has a vector to compare"
        }
        if let minimum = request.minimumScore, !metric.accepts(nearest, minimum: minimum) {
            let relation = metric.higherIsNearer ? "below" : "above"
            return "the nearest score, \(ScoreText.of(nearest)), is \(relation) min=\(ScoreText.of(minimum))"
        }
        if request.offset > 0 { return "offset=\(request.offset) skips every result" }
        if let field = request.groupBy { return "no near document has the field \"\(field)\" to group by" }
        return "no other document is in scope"
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }
}

extension Metric {
    /// Whether a score is at least as near as the worst one that is still a result.
    func accepts(_ score: Double, minimum: Double) -> Bool { higherIsNearer ? score >= minimum : score <= minimum }
}
