/// What a search asks for the best rows: vectors, words, or both.
struct RankedSearch {
    /// How scores compare.
    let metric: Metric
    /// What is done, in words, for `.explain`.
    let plan: String
    /// How many rows may answer.
    let available: Int
    /// The best rows, at most as many as are asked for.
    let find: (Int) throws(VexFSError) -> IndexAnswer
}

/// Searching the words of documents, alone and together with their vectors.
extension Collection {
    /// The fewest rows of each list that are fused: a row that is low in both may be the best of all.
    private static let fusionDepth = 100

    /// The search of the documents' words.
    /// - Throws: `invalidQuery` for `vec=`, and for `like=` of a document without a text.
    func textSearch(
        _ request: QueryRequest, _ view: SearchView, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> RankedSearch? {
        let (words, excluded) = try queryWords(request)
        let (model, index) = try self.words(covering: view.live)
        var allowed = try passingRows(request, view, &explanation) ?? view.live
        if let excluded { allowed.remove(excluded) }
        let rows = allowed
        let weighted = index.weighted(model.query(words), in: view.live)
        return RankedSearch(metric: .dot, plan: "BM25 of \(index.count) texts", available: rows.count) { limit in
            index.search(weighted, limit: limit, among: rows)
        }
    }

    /// Both searches; the lists become one by reciprocal rank.
    /// - Throws: what either throws.
    func hybridSearch(
        _ request: QueryRequest, _ view: SearchView, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> RankedSearch? {
        let words = try textSearch(request, view, &explanation)
        let vectors = try vectorSearch(request, view, &explanation)
        let searches = [vectors, words].compactMap { $0 }
        return RankedSearch(
            metric: .dot, plan: searches.map(\.plan).joined(separator: " and ") + ", fused by reciprocal rank",
            available: words?.available ?? 0
        ) { limit throws(VexFSError) in
            var lists: [[ScoredRow]] = []
            var answer = IndexAnswer(neighbors: [], compared: 0)
            for search in searches {
                let found = try search.find(max(limit, Self.fusionDepth))
                lists.append(found.neighbors.map { ScoredRow(row: $0.row, score: $0.score) })
                answer.compared += found.compared
                answer.rescored += found.rescored
                answer.isExact = answer.isExact && found.isExact
                answer.parts += found.parts
            }
            answer.neighbors = try Fusion.reciprocalRank().fused(lists).prefix(limit).map {
                Neighbor(row: $0.row, score: $0.score)
            }
            return answer
        }
    }

    /// The text whose words are searched for, and the row to leave out (`like=`).
    private func queryWords(_ request: QueryRequest) throws(VexFSError) -> (text: String, excluded: Row?) {
        switch request.target {
        case .text(let text): return (text, nil)
        case .vector, .sparse, .multiple:
            throw VexFSError(
                .invalidQuery,
                "mode=\(request.mode.rawValue) searches for words and a vector has none; "
                    + "give a text, or use mode=vector")
        case .like(let id):
            guard let row = file(withID: id).flatMap({ attributes(of: $0)?.row }) else {
                throw VexFSError(.notFound, "there is no document with the id \"\(id)\"")
            }
            guard let text = try texts(of: [row])[0] else {
                throw VexFSError(.invalidQuery, "the document \"\(id)\" has no text to take words from")
            }
            return (text, row)
        }
    }

    /// The texts of rows; nil for one that has none, or is no longer any document's.
    func texts(of rows: [Row]) throws(VexFSError) -> [String?] {
        let names = state.withLock { state in
            rows.map { row in state.rows.file(of: row).flatMap { state.tree[$0]?.name } }
        }
        var texts: [String?] = []
        texts.reserveCapacity(rows.count)
        for (row, name) in zip(rows, names) {
            guard let name, let bytes = try storedDocument(row), !bytes.isEmpty else {
                texts.append(nil)
                continue
            }
            let document = try? DocumentParser.parse(bytes, as: FileNaming.format(of: name))
            texts.append(document?.text)
        }
        return texts
    }
}
