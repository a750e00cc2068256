@testable import VexFS

/// Points in an array, looked at one by one: what a collection's points have to agree with.
struct MemoryPoints: PointSource {
    struct Point {
        var id: PointIdentifier
        var vector: [Float]?
        var payload: JSON
    }

    var name = "memory"
    var metric = Metric.cosine
    var points: [Point]
    var others: [String: [Point]] = [:]
    /// Points that were changed or removed since; they are still part of what is queried.
    var gone = RowBitmap()

    var rows: RowBitmap { RowBitmap(rowsBelow: points.count) }

    private func point(_ row: Row) -> Point { points[Int(row)] }

    private func isKnown(_ vector: String) throws(VexFSError) {
        guard vector.isEmpty else { throw VexFSError(.invalidQuery, "no vector \(vector)") }
    }

    func rows(withVector vector: String) throws(VexFSError) -> RowBitmap {
        try isKnown(vector)
        return RowBitmap(rows.rows.filter { point($0).vector != nil })
    }

    func metric(of vector: String) throws(VexFSError) -> Metric { metric }

    func rows(matching filter: Filter, among rows: RowBitmap) throws(VexFSError) -> RowBitmap {
        RowBitmap(
            rows.rows.filter { row in
                let point = point(row)
                let vectors: Set<ByteString> = point.vector == nil ? [] : [""]
                return filter.matches(FilterSubject(payload: point.payload, id: point.id.text, vectors: vectors))
            })
    }

    func estimatedCount(matching filter: Filter) throws(VexFSError) -> Int {
        try rows(matching: filter, among: rows).count
    }

    /// By the definitions, in double precision.
    func similarity(_ left: [Float], _ right: [Float]) -> Double {
        let pairs = zip(left, right).map { (Double($0), Double($1)) }
        let dot = pairs.reduce(0) { $0 + $1.0 * $1.1 }
        switch metric {
        case .dot: return dot
        case .cosine:
            let lengths = pairs.reduce((0.0, 0.0)) { ($0.0 + $1.0 * $1.0, $0.1 + $1.1 * $1.1) }
            return lengths.0 * lengths.1 == 0 ? 0 : dot / (lengths.0 * lengths.1).squareRoot()
        case .euclidean: return -pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        case .manhattan: return -pairs.reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }

    func score(_ similarity: Double) -> Float {
        switch metric {
        case .cosine, .dot: Float(similarity)
        case .euclidean: Float((-similarity).squareRoot())
        case .manhattan: Float(-similarity)
        }
    }

    private func dense(_ vector: QueryVector) throws(VexFSError) -> [Float] {
        guard case .dense(let components) = vector else { throw VexFSError(.invalidVector, "not dense") }
        return components
    }

    func nearest(
        to query: QueryVector, in vector: String, limit: Int, among rows: RowBitmap, _ parameters: SearchParameters
    ) throws(VexFSError) -> [Neighbor] {
        let query = try dense(query)
        let found = rows.rows.compactMap { row in point(row).vector.map { (row, similarity(query, $0)) } }
        let ranked = found.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
        return ranked.prefix(limit).map { Neighbor(row: $0.0, score: score($0.1)) }
    }

    func similarities(
        of rows: [Row], to queries: [QueryVector], in vector: String
    ) throws(VexFSError) -> [Float] {
        var result: [Float] = []
        for row in rows {
            for query in queries { result.append(Float(similarity(try dense(query), point(row).vector ?? []))) }
        }
        return result
    }

    func vector(of row: Row, named vector: String) throws(VexFSError) -> QueryVector? {
        try isKnown(vector)
        return point(row).vector.map { .dense(metric == .cosine ? $0.normalized() : $0) }
    }

    func embedding(of text: String, model: String?, for vector: String) throws(VexFSError) -> QueryVector {
        throw VexFSError(.nothingToEmbed, "no model")
    }

    func payload(of row: Row) throws(VexFSError) -> JSON? { point(row).payload }

    func orderValues(
        of order: OrderBy, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [(row: Row, value: OrderValue)] {
        rows.rows.flatMap { row in
            point(row).payload.values(at: order.key).compactMap { OrderValue($0) }.map { (row: row, value: $0) }
        }
    }

    func valueCounts(
        of key: PayloadPath, among rows: RowBitmap
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        var counts: [Filter.Value: Int] = [:]
        for row in rows.rows {
            let values = point(row).payload.values(at: key).compactMap { Filter.Value(json: $0) }
            for value in Set(values) { counts[value, default: 0] += 1 }
        }
        return counts.map { (value: $0.key, count: $0.value) }
    }

    func row(of id: PointIdentifier) -> Row? { points.firstIndex { $0.id == id }.map { Row($0) } }
    func identifier(of row: Row) -> PointIdentifier? { gone.contains(row) ? nil : point(row).id }

    func page(
        from start: PointIdentifier?, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [(id: PointIdentifier, row: Row)] {
        let ordered = rows.rows.map { (id: point($0).id, row: $0) }.sorted { $0.id < $1.id }
        return Array(ordered.filter { entry in start.map { entry.id >= $0 } ?? true }.prefix(limit))
    }

    func inInsertionOrder(_ rows: RowBitmap, offset: Int, limit: Int) -> [Row] {
        Array(rows.rows.dropFirst(offset).prefix(limit))
    }

    func collection(named name: String) throws(VexFSError) -> any PointSource {
        guard let points = others[name] else { throw VexFSError(.notFound, "no collection \(name)") }
        return MemoryPoints(name: name, metric: metric, points: points)
    }
}
