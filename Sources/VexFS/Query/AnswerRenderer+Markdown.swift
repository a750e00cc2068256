extension AnswerRenderer {
    /// The largest excerpt of one result, in bytes.
    static var excerptBytes: Int { 1200 }
    /// Tokens in a `.ctx` answer where `budget=` says nothing.
    public static var defaultTokenBudget: Int { 1000 }
    /// How a budget in tokens becomes bytes: English has about four to a token of the usual vocabularies.
    public static var bytesPerToken: Int { 4 }

    /// A heading with the query, then for each result its citation `[1] path:line` and an excerpt as a quotation, so
    /// that markup in a document can't be taken for the answer's own.
    func writeMarkdown(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: heading.utf8)
        guard !answer.hits.isEmpty else {
            bytes.append(contentsOf: "\n<!-- nothing found: \(commentText) -->\n".utf8)
            return
        }
        let words = words
        for hit in answer.hits { bytes.append(contentsOf: block(hit, excerpt(of: hit, words)).utf8) }
    }

    /// As Markdown, but never longer than the budget: whole results first, the last one cut.
    func writeContext(to bytes: inout [UInt8]) {
        let budget = (request.tokenBudget ?? Self.defaultTokenBudget) * Self.bytesPerToken
        guard !answer.hits.isEmpty else {
            writeEmptyContext(budget: budget, to: &bytes)
            return
        }
        // A query longer than half the budget must not push its own answer out.
        if heading.utf8.count <= budget / 2 { bytes.append(contentsOf: heading.utf8) }
        let words = words
        for hit in answer.hits {
            let excerpt = excerpt(of: hit, words)
            let whole = block(hit, excerpt)
            let room = budget - bytes.count
            if whole.utf8.count <= room {
                bytes.append(contentsOf: whole.utf8)
            } else {
                bytes.append(contentsOf: cutBlock(hit, excerpt, room: room).utf8)
                return
            }
        }
    }

    private func writeEmptyContext(budget: Int, to bytes: inout [UInt8]) {
        for text in [
            "\(heading)\n<!-- nothing found: \(commentText) -->\n", "<!-- nothing found: \(commentText) -->\n",
            "<!-- nothing found -->\n",
        ] where text.utf8.count <= budget {
            bytes.append(contentsOf: text.utf8)
            return
        }
    }

    private var heading: String {
        let words = request.title.split(whereSeparator: \.isWhitespace)
        return "# \(words.joined(separator: " "))\n"
    }

    /// The reason, safe within a comment: a field's name in it may hold anything.
    private var commentText: String {
        var text = ""
        for character in answer.why(for: request) {
            if character == ">" && text.hasSuffix("--") { text.append(" ") }
            text.append(character.isNewline ? " " : character)
        }
        return text
    }

    /// A part of a result's text, and the line of the file at which it begins.
    private struct Part {
        var text: String
        var line: Int
    }

    private func excerpt(of hit: SearchHit, _ words: Passage.Words) -> Part {
        let passage = Passage.best(in: hit.text, for: words, limit: Self.excerptBytes)
        return Part(
            text: Excerpt.of(passage.text, limit: Self.excerptBytes),
            line: line(of: hit, skipping: passage.skippedLines))
    }

    private func block(_ hit: SearchHit, _ excerpt: Part) -> String {
        var details = "score \(ScoreText.of(hit.score))"
        if let group = hit.group { details += ", \(request.groupBy ?? "group") \(Self.plainText(group))" }
        var text = "\n[\(hit.rank)] \(file(of: hit)):\(excerpt.line) (\(details))\n"
        guard !excerpt.text.isEmpty else { return text }
        text += "\n"
        for line in excerpt.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            text += line.isEmpty ? ">\n" : "> \(line)\n"
        }
        return text
    }

    /// The block with as much of the excerpt as fits into `room` bytes, or "" where no word of it does.
    private func cutBlock(_ hit: SearchHit, _ excerpt: Part, room: Int) -> String {
        var limit = min(room, excerpt.text.utf8.count - 1)
        while limit > Excerpt.mark.utf8.count {
            let cut = Part(text: Excerpt.of(excerpt.text, limit: limit), line: excerpt.line)
            guard cut.text.utf8.count > Excerpt.mark.utf8.count else { return "" }
            let text = block(hit, cut)
            if text.utf8.count <= room { return text }
            limit -= max(1, text.utf8.count - room)
        }
        return ""
    }
}
