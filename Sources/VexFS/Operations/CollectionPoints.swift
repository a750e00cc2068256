/// A collection's points as they were at one moment.
///
/// Payloads, names and vectors of points that are changed meanwhile are no longer found.
struct CollectionPoints: PointSource {
    let collection: Collection
    /// Finds other collections.
    let others: @Sendable (String) -> Collection?
    let name: String
    let rows: RowBitmap
    private let configuration: CollectionConfiguration
    /// By name, "" for the vector without one.
    private let spaces: [String: Space]
    private let names: UInt64

    /// One of the vectors that points can have.
    private struct Space {
        var number: SpaceNumber
        var settings: VectorSettings
        var withVector: RowBitmap
        /// Nil where no point has the vector.
        var index: IndexView?
    }

    init(_ collection: Collection, others: @escaping @Sendable (String) -> Collection?) {
        self.collection = collection
        self.others = others
        let vectors: [VectorSpace]
        (name, rows, vectors, configuration, names) = collection.state.withLock {
            ($0.name.string, $0.rows.live, $0.spaces, $0.configuration, $0.renames)
        }
        var spaces: [String: Space] = [:]
        for space in vectors {
            guard let settings = configuration.settings(of: space.name) else { continue }
            // The index is taken after the rows, so that it has all of them.
            spaces[space.name] = Space(
                number: space.number, settings: settings, withVector: space.withVector,
                index: collection.currentIndex(of: space.number))
        }
        self.spaces = spaces
    }

    func collection(named name: String) throws(VexFSError) -> any PointSource {
        guard let other = others(name) else { throw VexFSError(.notFound, "there is no collection \(name)") }
        return CollectionPoints(other, others: others)
    }

    // MARK: Vectors

    private func space(_ vector: String) throws(VexFSError) -> Space {
        guard let space = spaces[vector] else { throw configuration.unknownVector(vector, .invalidQuery) }
        return space
    }

    func rows(withVector vector: String) throws(VexFSError) -> RowBitmap { try space(vector).withVector }

    func metric(of vector: String) throws(VexFSError) -> Metric { try space(vector).settings.metric }

    private func dense(_ vector: QueryVector, _ settings: VectorSettings) throws(VexFSError) -> [Float] {
        try settings.check(vector)
        guard case .dense(let components) = vector else { return [] }
        return settings.query(components)
    }

    func weighted(_ vector: QueryVector, in name: String) throws(VexFSError) -> QueryVector {
        let space = try space(name)
        guard space.settings.modifier == .idf, case .sparse(let sparse) = vector,
            let index = try collection.sparseIndex(of: space.number, covering: space.withVector)
        else { return vector }
        return .sparse(index.weighted(sparse, in: rows))
    }

    func nearest(
        to query: QueryVector, in vector: String, limit: Int, among rows: RowBitmap, _ parameters: SearchParameters
    ) throws(VexFSError) -> [Neighbor] {
        let space = try space(vector)
        guard space.settings.kind == .dense else {
            return try nearestStored(to: query, vector, space, limit: limit, among: rows)
        }
        let components = try dense(query, space.settings)
        guard let index = space.index else { return [] }
        let searched: any VectorIndex = parameters.isExact ? index.exact : index.index
        return try searched.search(components, IndexQuery(limit: limit, ef: parameters.ef), allowed: rows).neighbors
    }

    private func nearestStored(
        to query: QueryVector, _ name: String, _ space: Space, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [Neighbor] {
        try space.settings.check(query)
        let rows = rows.intersection(space.withVector)
        guard case .sparse(let sparse) = try weighted(query, in: name) else {
            return try collection.nearest(to: query, space.settings, in: space.number, limit: limit, among: rows)
                .neighbors
        }
        let index = try collection.sparseIndex(of: space.number, covering: space.withVector)
        return index?.search(sparse, limit: limit, among: rows).neighbors ?? []
    }

    func similarities(
        of rows: [Row], to queries: [QueryVector], in vector: String
    ) throws(VexFSError) -> [Float] {
        let space = try space(vector)
        if space.settings.kind != .dense { return try storedSimilarities(of: rows, to: queries, space) }
        var prepared: [[Float]] = []
        for query in queries {
            let components = try dense(query, space.settings)
            prepared.append(space.settings.metric == .cosine ? components.normalized() : components)
        }
        guard let index = space.index else { return [Float](repeating: -.infinity, count: rows.count * queries.count) }
        return index.rows.similarities(of: rows, to: prepared, space.settings.metric)
    }

    private func storedSimilarities(
        of rows: [Row], to queries: [QueryVector], _ space: Space
    ) throws(VexFSError) -> [Float] {
        for query in queries { try space.settings.check(query) }
        var result = [Float](repeating: -.infinity, count: rows.count * queries.count)
        let places = Dictionary(rows.enumerated().map { ($1, $0) }) { first, _ in first }
        try collection.forEachSimilarity(RowBitmap(rows), to: queries, space.settings, in: space.number) {
            row, similarities in
            guard let place = places[row] else { return }
            let start = place * queries.count
            result.replaceSubrange(start..<start + queries.count, with: similarities)
        }
        return result
    }

    func vector(of row: Row, named vector: String) throws(VexFSError) -> QueryVector? {
        let space = try space(vector)
        guard space.withVector.contains(row) else { return nil }
        if space.settings.kind != .dense { return try collection.vector(of: row, in: space.number).map { .init($0) } }
        return space.index?.rows.withVector(row) { .dense(Array($0)) }
    }

    func embedding(of text: String, model: String?, for vector: String) throws(VexFSError) -> QueryVector {
        let settings = try space(vector).settings
        if settings.kind == .sparse {
            let isNamed = model.map(TextModel.isNamed) ?? (settings.textModel != nil)
            guard isNamed else {
                throw VexFSError(
                    .unsupported, "the sparse vectors \"\(vector)\" are made of texts by the model bm25 only")
            }
            return .sparse(try (settings.textModel ?? TextModel()).bm25().query(text))
        }
        // "sentence-transformers/all-MiniLM-L6-v2" is the same model under its publisher's name.
        if let model, model != configuration.model, !model.hasSuffix("/" + configuration.model) {
            throw VexFSError(
                .unsupported, "the collection \(name) embeds texts with \(configuration.model), not with \(model)")
        }
        return .dense(try collection.embed([text], role: .query, configuration, as: vector)[0].vector)
    }

    // MARK: Ids

    func row(of id: PointIdentifier) -> Row? {
        guard let row = collection.document(withID: id.text)?.row, rows.contains(row) else { return nil }
        return row
    }

    func identifier(of row: Row) -> PointIdentifier? {
        collection.state.withLock { $0.rows.file(of: row) }.map { PointIdentifier(collection.identifier(of: $0)) }
    }

    func page(
        from start: PointIdentifier?, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [(id: PointIdentifier, row: Row)] {
        let request = IdentifierOrder.Request(
            start: start, limit: limit, rows: rows, live: self.rows, names: names)
        return collection.identifierOrder.page(request) { collection.identifiers(of: $0) }
    }

    func inInsertionOrder(_ rows: RowBitmap, offset: Int, limit: Int) -> [Row] {
        collection.insertionOrder.page(of: rows, offset: offset, limit: limit) { wanted in
            collection.state.withLock { state in wanted.map { state.rows.file(of: $0) } }
        }
    }
}

extension Collection {
    /// The points as they are now, for queries; `others` finds the collections that a query names.
    public func points(others: @escaping @Sendable (String) -> Collection? = { _ in nil }) -> any PointSource {
        CollectionPoints(self, others: others)
    }

    /// The ids of rows; nil for one that is gone.
    func identifiers(of rows: [Row]) -> [PointIdentifier?] {
        var found: [PointIdentifier?] = []
        found.reserveCapacity(rows.count)
        var start = 0
        while start < rows.count {
            // Few at a time: writers wait meanwhile.
            let part = rows[start..<min(rows.count, start + 1024)]
            let places = state.withLock { state in
                part.map { row in state.rows.file(of: row).map { ($0, state.tree.path(of: $0) ?? "") } }
            }
            for place in places {
                found.append(
                    place.map { file, path in
                        // Only hashed names, which begin so, need the document for their id.
                        path.utf8.contains(UInt8(ascii: "~"))
                            ? PointIdentifier(identifier(of: file))
                            : PointIdentifier(FileNaming.identifier(ofPath: path))
                    })
            }
            start += part.count
        }
        return found
    }
}

extension Store {
    /// The points of a collection as they are now, for queries that may name other collections.
    public func points(of collection: Collection) -> any PointSource {
        collection.points { [weak self] name in self?.collection(named: ByteString(name)) }
    }
}
