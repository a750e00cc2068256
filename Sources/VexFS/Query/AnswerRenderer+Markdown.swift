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
        for hit in answer.hits {
            bytes.append(contentsOf: block(hit, excerpt: Excerpt.of(hit.text, limit: Self.excerptBytes)).utf8)
        }
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
        for hit in answer.hits {
            let excerpt = Excerpt.of(hit.text, limit: Self.excerptBytes)
            let whole = block(hit, excerpt: excerpt)
            let room = budget - bytes.count
            if whole.utf8.count <= room {
                bytes.append(contentsOf: whole.utf8)
            } else {
                bytes.append(contentsOf: cutBlock(hit, excerpt: excerpt, room: room).utf8)
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

    private func block(_ hit: SearchHit, excerpt: String) -> String {
        var details = "score \(ScoreText.of(hit.score))"
        if let group = hit.group { details += ", \(request.groupBy ?? "group") \(Self.plainText(group))" }
        var text = "\n[\(hit.rank)] \(file(of: hit)):\(hit.line) (\(details))\n"
        guard !excerpt.isEmpty else { return text }
        text += "\n"
        for line in excerpt.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            text += line.isEmpty ? ">\n" : "> \(line)\n"
        }
        return text
    }

    /// The block with as much of the excerpt as fits into `room` bytes, or "" where no word of it does.
    private func cutBlock(_ hit: SearchHit, excerpt: String, room: Int) -> String {
        var limit = min(room, excerpt.utf8.count - 1)
        while limit > Excerpt.mark.utf8.count {
            let cut = Excerpt.of(excerpt, limit: limit)
            guard cut.utf8.count > Excerpt.mark.utf8.count else { return "" }
            let text = block(hit, excerpt: cut)
            if text.utf8.count <= room { return text }
            limit -= max(1, text.utf8.count - room)
        }
        return ""
    }
}
