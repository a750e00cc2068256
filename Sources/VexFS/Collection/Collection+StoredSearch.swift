import CVexKernels

/// Searching vectors of no fixed size: sparse ones by their index, several of a document by comparing all candidates.
extension Collection {
    /// The search of stored vectors in scope; nil where there is none.
    func storedSearch(
        _ request: QueryRequest, _ view: SearchView, _ explanation: inout SearchExplanation
    ) throws(VexFSError) -> RankedSearch? {
        let (vector, excluded) = try storedQuery(request, view)
        guard view.withVector.count > 0 else { return nil }
        var allowed = view.withVector
        if let passing = try passingRows(request, view, &explanation) { allowed.formIntersection(passing) }
        if let excluded { allowed.remove(excluded) }
        let (rows, space, settings) = (allowed, view.space.number, view.settings)
        guard case .sparse(let sparse) = vector else {
            return RankedSearch(
                metric: settings.metric, plan: "max-sim of every vector", available: rows.count
            ) { (limit) throws(VexFSError) in
                try self.nearest(to: vector, settings, in: space, limit: limit, among: rows)
            }
        }
        guard let index = try sparseIndex(of: space, covering: view.withVector) else {
            throw configuration.unknownVector(request.using, .notFound)
        }
        let weighted = settings.modifier == .idf ? index.weighted(sparse, in: view.live) : sparse
        return RankedSearch(
            metric: .dot, plan: "products with \(view.withVector.count) sparse vectors", available: rows.count
        ) { limit in index.search(weighted, limit: limit, among: rows) }
    }

    /// The vector to search with, and the row to leave out (`like=`).
    private func storedQuery(
        _ request: QueryRequest, _ view: SearchView
    ) throws(VexFSError) -> (vector: QueryVector, excluded: Row?) {
        let given: QueryVector
        switch request.target {
        case .text(let text):
            if view.settings.kind == .multiple {
                given = .dense(try embed([text], role: .query, view.configuration, as: view.space.name)[0].vector)
            } else if let model = view.settings.textModel {
                return (.sparse(try model.bm25().query(text)), nil)
            } else {
                throw VexFSError(
                    .nothingToEmbed,
                    "no model makes the sparse vectors \"\(view.space.name)\" of texts: search with vec=, or set their "
                        + "\"model\" to \"bm25\" in .vexfs/config.json")
            }
        case .vector(let vector): given = .dense(vector)
        case .sparse(let vector): given = .sparse(vector)
        case .multiple(let vectors): given = .multiple(vectors)
        case .like(let id):
            let (file, row, state) = try likened(id)
            guard let vector = try vector(of: file, named: view.space.name) else {
                throw withoutVector(id, state, view)
            }
            return (QueryVector(vector), row)
        }
        try view.settings.check(given)
        return (given, nil)
    }

    /// The rows nearest to several vectors: every candidate is compared.
    func nearest(
        to query: QueryVector, _ settings: VectorSettings, in space: SpaceNumber, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> IndexAnswer {
        let metric = settings.metric
        var heap = NeighborHeap(limit: limit, metric: metric)
        var compared = 0
        try forEachSimilarity(rows, to: [query], settings, in: space) { row, similarities in
            heap.offer(Neighbor(row: row, score: MaxSim.score(similarities[0], metric)))
            compared += 1
        }
        return IndexAnswer(neighbors: limit > 0 ? heap.sorted() : [], compared: compared)
    }

    /// Compares the rows' stored vectors, of any kind but dense, with queries: calls `body` with the similarities,
    /// higher being nearer, in the order of the queries.
    func forEachSimilarity(
        _ rows: RowBitmap, to queries: [QueryVector], _ settings: VectorSettings, in space: SpaceNumber,
        _ body: (Row, [Float]) -> Void
    ) throws(VexFSError) {
        var similarities = [Float](repeating: 0, count: queries.count)
        if settings.kind == .sparse {
            try forEachStored(rows, in: space) { row, bytes throws(VexFSError) in
                let vector = try StoredVector.sparse(bytes)
                for (place, query) in queries.enumerated() {
                    similarities[place] = query.sparse.map { Float($0.product(with: vector)) } ?? 0
                }
                body(row, similarities)
            }
            return
        }
        let prepared = queries.map { $0.several(settings) }
        var scorers = prepared.map { MaxSim($0, settings.metric) }
        let isDirection = settings.metric == .cosine && settings.element == .uint8
        var values: [Float] = []
        try forEachStored(rows, in: space) { row, bytes throws(VexFSError) in
            let count = try StoredVector.multiple(bytes, into: &values)
            guard let width = settings.dimension, values.count == count * width else { throw .damagedVector }
            // Whole numbers are kept as they are and compared in their directions.
            if isDirection { Self.normalize(&values, width) }
            for place in scorers.indices { similarities[place] = scorers[place].similarity(values, count: count) }
            body(row, similarities)
        }
    }

    private static func normalize(_ values: inout [Float], _ dimension: Int) {
        values.withUnsafeMutableBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for start in stride(from: 0, to: values.count, by: dimension) {
                // The buffer holds whole vectors, checked by the caller.
                _ = vexfs_normalize_f32(base + start, dimension)
            }
        }
    }
}

extension QueryVector {
    /// A stored vector as a query.
    public init(_ vector: DocumentVector) {
        switch vector {
        case .dense(let values): self = .dense(values)
        case .sparse(let sparse): self = .sparse(sparse)
        case .multiple(let values, let count):
            let width = vector.dimension
            self = .multiple((0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) })
        }
    }

    fileprivate var sparse: SparseVector? { if case .sparse(let vector) = self { vector } else { nil } }

    /// The vectors as they are compared with several of a document.
    fileprivate func several(_ settings: VectorSettings) -> [[Float]] {
        switch self {
        case .dense(let values): [settings.query(values)]
        case .multiple(let vectors): vectors.map { settings.query($0) }
        case .sparse: []
        }
    }
}
