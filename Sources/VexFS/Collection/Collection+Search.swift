/// Searching one collection: request → rows that may answer → nearest rows → their documents.
extension Collection {
    /// A view of what a search needs, taken at one moment.
    struct SearchView {
        var name: ByteString
        var configuration: CollectionConfiguration
        /// The vector that is compared, and what it is.
        var space: VectorSpace
        var settings: VectorSettings
        var live: RowBitmap
        var pending: Int

        var withVector: RowBitmap { space.withVector }
    }

    /// Runs a search.
    /// - Throws: `invalidQuery`, `invalidFilter`, `dimensionMismatch`, `notFound` for `like=` of an unknown id and for
    ///   `using=` of an unknown vector, and what the embedder throws.
    /// - Complexity: O(vectors in scope × dimension).
    public func search(_ request: QueryRequest) throws(VexFSError) -> SearchAnswer {
        let start = SystemCall.monotonicMicroseconds()
        do throws(VexFSError) {
            let answer = try run(request)
            context.metrics.increment(.searches)
            context.metrics.increment(.searchCandidates, by: answer.explanation.candidates)
            context.metrics.increment(.searchResults, by: answer.hits.count)
            context.metrics.observe(.searchSeconds, SystemCall.monotonicMicroseconds() - start)
            return answer
        } catch {
            context.metrics.increment(.searchFailures)
            throw error
        }
    }

    private func run(_ request: QueryRequest) throws(VexFSError) -> SearchAnswer {
        let found = state.withLock { state in
            state.space(named: request.using).map { space in
                SearchView(
                    name: state.name, configuration: state.configuration, space: space,
                    settings: state.settings(of: space), live: state.rows.live, pending: state.pendingCount)
            }
        }
        guard let view = found else { throw configuration.unknownVector(request.using, .notFound) }
        var explanation = SearchExplanation()
        explanation.documents = view.live.count
        explanation.vectors = view.withVector.count
        explanation.pending = view.pending
        let search: RankedSearch?
        switch request.mode {
        case .vector, .exact: search = try vectorSearch(request, view, &explanation)
        case .text: search = try textSearch(request, view, &explanation)
        case .hybrid: search = try hybridSearch(request, view, &explanation)
        }
        guard let search else {
            explanation.plan = "nothing to scan"
            return SearchAnswer(hits: [], explanation: explanation, metric: view.settings.metric)
        }
        explanation.plan = explanation.matching == nil ? search.plan : search.plan + " over filtered rows"
        let hits = try ranked(request, search, &explanation)
        return SearchAnswer(hits: hits, explanation: explanation, metric: search.metric)
    }

    /// The search of the vectors in scope; nil where there is none.
    func vectorSearch(
        _ request: QueryRequest, _ view: SearchView, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> RankedSearch? {
        guard view.settings.kind == .dense else { return try storedSearch(request, view, &explanation) }
        let (vector, excluded) = try queryVector(request, view, &explanation)
        guard view.withVector.count > 0 else { return nil }
        var allowed = view.withVector
        if let passing = try passingRows(request, view, &explanation) { allowed.formIntersection(passing) }
        if let excluded { allowed.remove(excluded) }
        // Rows that came after the view was taken are in the index and not among the allowed.
        // Vectors without an index were dropped since.
        guard let current = currentIndex(of: view.space.number) else {
            throw configuration.unknownVector(request.using, .notFound)
        }
        let index: any VectorIndex = request.mode == .exact ? current.exact : current.index
        let rows = allowed
        return RankedSearch(metric: index.metric, plan: index.plan, available: rows.count) {
            limit throws(VexFSError) in
            let answer = try index.search(vector, IndexQuery(limit: limit, ef: request.ef), allowed: rows)
            if request.using.isEmpty, !answer.isExact, limit >= min(RecallSampler.depth, rows.count) {
                self.recall.offer(vector, rows, answer.neighbors, now: SystemCall.monotonicMicroseconds())
            }
            return answer
        }
    }

    /// The rows nearest to a vector, for programs that know their rows: no document is read.
    ///
    /// `vector` is `[dimension] Float32`; `allowed` are the rows that may answer, nil for all live ones; `name` is that
    /// of the vector that is compared.
    /// - Throws: `dimensionMismatch`, `invalidVector`, `notFound` for an unknown name.
    public func nearest(
        _ vector: [Float], _ query: IndexQuery, among allowed: RowBitmap? = nil, mode: QueryRequest.Mode = .vector,
        using name: String = ""
    ) throws(VexFSError) -> IndexAnswer {
        let found = state.withLock { $0.space(named: name) }
        guard let space = found else { throw configuration.unknownVector(name, .notFound) }
        guard let view = currentIndex(of: space.number) else { return IndexAnswer(neighbors: [], compared: 0) }
        let index: any VectorIndex = mode == .exact ? view.exact : view.index
        return try index.search(vector, query, allowed: allowed ?? space.withVector)
    }

    /// The vector to search with, and the row to leave out (`like=`).
    private func queryVector(
        _ request: QueryRequest, _ view: SearchView, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> (vector: [Float], excluded: Row?) {
        switch request.target {
        case .text(let text):
            // An empty collection has an empty answer, whatever the model. One whose documents wait for the model has
            // not: there the search says what they wait for.
            guard view.withVector.count > 0 || view.pending > 0 else { return ([], nil) }
            let start = SystemCall.monotonicMicroseconds()
            let embedding = try embed([text], role: .query, view.configuration, as: view.space.name)[0]
            explanation.embedMicroseconds = SystemCall.monotonicMicroseconds() - start
            context.metrics.observe(.searchEmbedSeconds, explanation.embedMicroseconds)
            return (embedding.vector, nil)
        case .vector(let vector):
            try view.settings.check(vector)
            return (view.settings.query(vector), nil)
        case .sparse(let vector): throw mismatch(.sparse(vector), view)
        case .multiple(let vectors): throw mismatch(.multiple(vectors), view)
        case .like(let id):
            let (file, row, state) = try likened(id)
            guard let vector = try embedding(of: file, named: view.space.name) else {
                throw withoutVector(id, state, view)
            }
            return (vector, row)
        }
    }

    private func mismatch(_ vector: QueryVector, _ view: SearchView) -> VexFSError {
        do throws(VexFSError) { try view.settings.check(vector) } catch { return error }
        return configuration.unknownVector(view.space.name)
    }

    /// The document of `like=`.
    /// - Throws: `notFound`.
    func likened(_ id: ByteString) throws(VexFSError) -> (file: FileNumber, row: Row, state: DocumentState) {
        guard let file = file(withID: id), let attributes = attributes(of: file), let row = attributes.row else {
            throw VexFSError(.notFound, "there is no document with the id \"\(id)\"")
        }
        return (file, row, attributes.state)
    }

    /// What is said of a document of `like=` without the vector that is compared.
    func withoutVector(_ id: ByteString, _ state: DocumentState, _ view: SearchView) -> VexFSError {
        let which = view.space.name.isEmpty ? "vector" : "vector \"\(view.space.name)\""
        return VexFSError(.invalidQuery, "the document \"\(id)\" has no \(which): it is \(state.word)")
    }

    /// The live rows that filter and folder let through; nil without either.
    func passingRows(
        _ request: QueryRequest, _ view: SearchView, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> RowBitmap? {
        guard request.filter != nil || !request.folder.isEmpty else { return nil }
        let start = SystemCall.monotonicMicroseconds()
        var passing = view.live
        if !request.folder.isEmpty { passing.formIntersection(try rows(below: request.folder)) }
        if let filter = request.filter {
            passing = try rows(matching: filter, among: passing)
        }
        explanation.matching = passing.count
        explanation.filterMicroseconds = SystemCall.monotonicMicroseconds() - start
        context.metrics.observe(.searchFilterSeconds, explanation.filterMicroseconds)
        return passing
    }

    /// The live rows of a folder and the folders below it.
    func rows(below folder: String) throws(VexFSError) -> RowBitmap {
        let rows: RowBitmap? = state.withLock { state in
            guard let directory = state.tree.number(atPath: folder), state.tree[directory]?.kind == .directory else {
                return nil
            }
            var rows = RowBitmap(capacity: Int(state.rows.next))
            state.tree.forEachBelow(directory) { file in
                if let row = file.row { rows.insert(row) }
            }
            return rows
        }
        guard let rows else { throw VexFSError(.notFound, "there is no folder \(folder)") }
        return rows
    }

    /// Asks for as many rows as the request needs and reads their documents.
    private func ranked(
        _ request: QueryRequest, _ search: RankedSearch, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> [SearchHit] {
        var plan = SearchPlan(request: request, available: search.available)
        let selection = ResultSelection(request: request, metric: search.metric)
        while true {
            let scanStart = SystemCall.monotonicMicroseconds()
            let answer = try search.find(plan.limit)
            let scanEnd = SystemCall.monotonicMicroseconds()
            explanation.scanMicroseconds += scanEnd - scanStart
            explanation.candidates += answer.compared
            explanation.rescored += answer.rescored
            explanation.isExact = answer.isExact
            explanation.parts = answer.parts
            explanation.nearestScore = answer.neighbors.first.map { Double($0.score) }
            defer { explanation.fetchMicroseconds += SystemCall.monotonicMicroseconds() - scanEnd }
            guard let field = request.groupBy else {
                return try fetch(selection.results(of: answer.neighbors), firstRank: request.offset + 1)
            }
            let grouping = try selection.groups(of: answer.neighbors) { row throws(VexFSError) in
                try groupKeys(of: row, field)
            }
            if grouping.isComplete || !plan.widen() { return try fetch(grouping.groups) }
        }
    }

    /// Reads the documents of rows; a document that was removed meanwhile is left out.
    private func fetch(_ neighbors: [Neighbor], firstRank: Int) throws(VexFSError) -> [SearchHit] {
        var hits: [SearchHit] = []
        for neighbor in neighbors {
            guard var hit = try hit(of: neighbor.row, score: Double(neighbor.score)) else { continue }
            hit.rank = firstRank + hits.count
            hits.append(hit)
        }
        return hits
    }

    private func fetch(_ groups: [ResultSelection.Group<Filter.Value>]) throws(VexFSError) -> [SearchHit] {
        var hits: [SearchHit] = []
        for group in groups {
            for neighbor in group.members {
                guard var hit = try hit(of: neighbor.row, score: Double(neighbor.score)) else { continue }
                hit.rank = hits.count + 1
                hit.group = group.key.json
                hits.append(hit)
            }
        }
        return hits
    }

    /// The values of the grouping field; an array's elements are values each.
    private func groupKeys(of row: Row, _ field: String) throws(VexFSError) -> [Filter.Value] {
        guard let record = try rowRecord(row),
            let value = try JSON.parse(record.metadata, code: .corruption).value(at: field)
        else { return [] }
        let values = value.arrayValue ?? [value]
        return values.compactMap(Filter.Value.init(json:))
    }

    private func hit(of row: Row, score: Double) throws(VexFSError) -> SearchHit? {
        let place: (FileAttributes, String, ByteString)? = state.withLock { state in
            guard let file = state.rows.file(of: row), let attributes = state.tree[file],
                let path = state.tree.path(of: file)
            else { return nil }
            return (attributes, path, state.name)
        }
        guard let (attributes, path, collection) = place,
            let bytes = try storedDocument(row), let record = try rowRecord(row)
        else { return nil }
        let document =
            bytes.isEmpty ? nil : try? DocumentParser.parse(bytes, as: FileNaming.format(of: attributes.name))
        return SearchHit(
            rank: 0, score: score, id: identifier(ofPath: path, explicit: document?.explicitID),
            path: "\(collection)/\(path)",
            text: document?.text ?? "", line: document?.textLine ?? 1,
            metadata: try JSON.parse(record.metadata, code: .corruption), collection: collection.string)
    }

    /// Whether so few of a collection's records are better found by their files than met in a walk over all: finding
    /// one costs about as much as walking over eight.
    static func isCheaperOneByOne(_ count: Int, of documents: Int) -> Bool { count * 8 < documents }

    /// Hands the rows' metadata to the payload index, where keys are given only the members with these; rows without a
    /// record are skipped. Few rows are read one by one, many in a walk over all.
    func loadPayloads(
        _ rows: RowBitmap, keeping keys: [ByteString]?, _ body: (Row, JSON) -> Void
    ) throws(VexFSError) {
        guard !rows.isEmpty else { return }
        func hand(_ row: Row, _ record: FileRecord) throws(VexFSError) {
            body(row, try JSON.parse(record.row.metadata, keeping: keys, code: .corruption))
        }
        if Self.isCheaperOneByOne(rows.count, of: documentCount) {
            let files = state.withLock { state in rows.rows.map { (row: $0, file: state.rows.file(of: $0)) } }
            for (row, file) in files {
                guard let file, let record = try storedRecord(file) else { continue }
                // Another version of the document has another row.
                if record.attributes.row == row { try hand(row, record) }
            }
            return
        }
        try forEachRecord(withRowIn: rows) { record throws(VexFSError) in
            if let row = record.attributes.row { try hand(row, record) }
        }
    }
}
