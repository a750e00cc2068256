import VexFS
import VexWire

/// Searches.
extension Service {
    private static let plainKeys: Set<String> = [
        "text", "texts", "vector", "vectors", "like", "k", "offset", "min", "using", "mode", "ef",
    ]
    private static let standardColumns: Set<String> = ["documents", "metadatas", "scores"]
    private static let forms: Set<String> = ["request", "requests", "groups"]
    /// Made once: a search should not take longer to be judged than to be made.
    private static let formKeys = Members.common.union(AnswerColumns.keys).union(forms)
    private static let allKeys = formKeys.union(Members.selection).union(plainKeys)

    func query(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let asks = (request.body.members ?? []).contains { Self.forms.contains($0.key) && !$0.value.isNull }
        let members = try Members(request.body, keys: asks ? Self.formKeys : Self.allKeys)
        let collection = try collection(members, request)
        let columns = try AnswerColumns(members, standard: Self.standardColumns, request)
        let began = ContinuousClock.now
        defer {
            let took = (ContinuousClock.now - began).components
            store.metrics.increment(.searches)
            store.metrics.observe(
                .searchSeconds, Double(took.seconds) * 1e6 + Double(took.attoseconds) / 1e12)
        }
        do throws(VexFSError) {
            if let groups = members["groups"] {
                try queryGroups(try GroupQuery(qdrant: groups), columns, request, collection, &answer)
            } else if let one = members["request"] {
                let operation = try QueryOperation(qdrant: one)
                var executor = executor(points(of: collection, request), request)
                try write(try executor.run(operation), operation, columns, executor, collection, &answer)
            } else if let many = try members.array("requests") {
                try queryMany(many, columns, request, collection, &answer)
            } else {
                try queryPlainly(members, columns, request, collection, &answer)
            }
        } catch {
            store.metrics.increment(.searchFailures)
            throw error
        }
    }

    private func write(
        _ points: [ScoredRow], _ operation: QueryOperation, _ columns: AnswerColumns, _ executor: QueryExecutor,
        _ collection: Collection, _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        var columns = columns
        if case .nearest? = operation.query { columns.metric = try executor.source.metric(of: operation.using) }
        store.metrics.increment(.searchResults, by: points.count)
        try columns.write(points, of: executor.source, in: collection, &answer)
    }

    // MARK: As Qdrant has it

    private func queryMany(
        _ requests: [JSON], _ columns: AnswerColumns, _ request: ServiceRequest, _ collection: Collection,
        _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        guard requests.count <= WireLimits.queriesMax else {
            throw VexFSError(.invalidArgument, "a request has at the most \(WireLimits.queriesMax) queries")
        }
        var executor = executor(points(of: collection, request), request)
        try answer.addObjects("results", requests) { (body, answer) throws(VexFSError) in
            guard !request.isCancelled() else { throw Self.cancelled }
            let mark = answer.mark
            do throws(VexFSError) {
                let operation = try QueryOperation(qdrant: body)
                let points = try executor.run(operation)
                try write(points, operation, columns, executor, collection, &answer)
            } catch {
                if error.code == .interrupted || answer.isTooLarge { throw error }
                answer.rewind(to: mark)
                answer.add("error", error.wireJSON)
            }
        }
    }

    private func queryGroups(
        _ query: GroupQuery, _ columns: AnswerColumns, _ request: ServiceRequest, _ collection: Collection,
        _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        var executor = executor(points(of: collection, request), request)
        let groups = try executor.groups(query)
        let source = executor.source
        let other = query.lookup.flatMap { store.collection(named: ByteString($0)) }
        if let other { try request.access.requireRead(other) }
        var columns = columns
        if case .nearest? = query.operation.query { columns.metric = try source.metric(of: query.operation.using) }
        try answer.addObjects("groups", groups) { (group, answer) throws(VexFSError) in
            answer.add("id", Self.json(group.id))
            try columns.write(group.points, of: source, in: collection, &answer)
            guard let row = group.lookup, let other else { return }
            try answer.addObject("lookup") { (answer) throws(VexFSError) in
                let there = points(of: other, request)
                try columns.write([ScoredRow(row: row, score: 1)], of: there, in: other, &answer)
            }
        }
    }

    // MARK: Plain queries

    /// What is searched for.
    private enum Targets {
        case texts([String])
        case vectors([QueryVector])
        case like(ByteString)
    }

    private func targets(
        _ members: Members, _ parts: WireParts
    ) throws(VexFSError) -> (targets: Targets, isList: Bool) {
        let kinds = ["text", "texts", "vector", "vectors", "like"]
        let given = kinds.filter { members[$0] != nil }
        guard given.count == 1, let kind = given.first else {
            throw VexFSError(.invalidQuery, "a query has exactly one of \(kinds.joined(separator: ", ")), or a request")
        }
        let reader = VectorReader(parts: parts)
        switch kind {
        case "text": return (.texts([try members.requiredString("text")]), false)
        case "texts": return (.texts(try members.strings("texts") ?? []), true)
        case "vector":
            let vector = try reader.vector(members["vector"] ?? .null, at: "vector")
            return (.vectors([QueryVector(vector)]), false)
        case "like":
            guard let id = members["like"].flatMap(Members.identifier) else {
                throw members.refused("like", "must be an id")
            }
            return (.like(id), false)
        default:
            var vectors: [QueryVector] = []
            for vector in try reader.anyColumn(members["vectors"] ?? .null, at: "vectors") {
                guard let vector else { throw members.refused("vectors", "has a query without a vector") }
                vectors.append(QueryVector(vector))
            }
            return (.vectors(vectors), true)
        }
    }

    private func queryPlainly(
        _ members: Members, _ columns: AnswerColumns, _ request: ServiceRequest, _ collection: Collection,
        _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        let (targets, isList) = try targets(members, request.parts)
        let mode = try members.string("mode") ?? "vector"
        if mode == "text" || mode == "hybrid" {
            guard case .texts(let texts) = targets else {
                throw members.refused("mode", "is \(mode), which searches for a text")
            }
            try searchWords(texts, isList, members, columns, request, collection, &answer)
            return
        }
        guard mode == "vector" || mode == "exact" else {
            throw members.refused("mode", "must be vector, exact, text or hybrid")
        }
        var operation = QueryOperation()
        operation.using = try members.string("using") ?? ""
        operation.filter = try filter(members, request)
        operation.limit = try members.integer("k", 0...Int(Int32.max)) ?? QueryOperation.defaultLimit
        operation.offset = try members.integer("offset", 0...Int(Int32.max)) ?? 0
        operation.scoreThreshold = try members.number("min").map(Float.init)
        operation.parameters = SearchParameters(
            isExact: mode == "exact", ef: try members.integer("ef", 1...100_000))
        var queries: [QueryOperation.VectorInput]
        switch targets {
        case .vectors(let vectors): queries = vectors.map { .vector($0) }
        case .like(let id): queries = [.point(PointIdentifier(id))]
        case .texts(let texts):
            queries = try collection.embeddings(of: texts, role: .query, as: operation.using)
                .map { .vector(.dense($0.vector)) }
        }
        guard queries.count <= WireLimits.queriesMax else {
            throw VexFSError(.invalidArgument, "a request has at the most \(WireLimits.queriesMax) queries")
        }
        var executor = executor(points(of: collection, request), request)
        guard isList else {
            operation.query = .nearest(queries[0])
            try write(try executor.run(operation), operation, columns, executor, collection, &answer)
            return
        }
        try answer.addObjects("results", queries) { (query, answer) throws(VexFSError) in
            guard !request.isCancelled() else { throw Self.cancelled }
            operation.query = .nearest(query)
            try write(try executor.run(operation), operation, columns, executor, collection, &answer)
        }
    }

    /// Searches by words, or by words and vectors.
    private func searchWords(
        _ texts: [String], _ isList: Bool, _ members: Members, _ columns: AnswerColumns, _ request: ServiceRequest,
        _ collection: Collection, _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        var query = QueryRequest(target: .text(""), title: "")
        query.mode = try members.string("mode").flatMap(QueryRequest.Mode.init(rawValue:)) ?? .text
        query.limit = try members.integer("k", 1...10_000) ?? QueryOperation.defaultLimit
        query.offset = try members.integer("offset", 0...Int(Int32.max)) ?? 0
        query.minimumScore = try members.number("min")
        query.using = try members.string("using") ?? ""
        query.ef = try members.integer("ef", 1...100_000)
        query.filter = try filter(members, request)
        func search(_ text: String, _ answer: inout AnswerWriter) throws(VexFSError) {
            guard !request.isCancelled() else { throw Self.cancelled }
            var query = query
            query.target = .text(text)
            query.title = text
            let source = points(of: collection, request)
            let points = try collection.search(query).hits.compactMap { hit in
                source.row(of: PointIdentifier(hit.id)).map { ScoredRow(row: $0, score: Float(hit.score)) }
            }
            try columns.write(points, of: source, in: collection, &answer)
        }
        guard isList else { return try search(texts[0], &answer) }
        try answer.addObjects("results", texts) { (text, answer) throws(VexFSError) in try search(text, &answer) }
    }
}
