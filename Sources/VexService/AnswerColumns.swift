import VexFS

/// What an answer shows of its points.
struct AnswerColumns {
    static let keys: Set<String> = ["include", "vector_names"]

    private static let words: Set<String> = [
        "documents", "metadatas", "vectors", "files", "states", "scores", "distances", "order_values",
    ]

    private let included: Set<String>
    private let vectorNames: [String]
    private let isCancelled: @Sendable () -> Bool
    /// How scores of the query become distances; nil where there are none.
    var metric: Metric?

    /// - Throws: `invalidArgument` for a word that stands for no column.
    init(_ members: Members, standard: Set<String>, _ request: ServiceRequest) throws(VexFSError) {
        isCancelled = request.isCancelled
        if let words = try members.strings("include") {
            for word in words where !Self.words.contains(word) {
                let known = Self.words.sorted().joined(separator: ", ")
                throw members.refused("include", "has \"\(word)\"; there are \(known)")
            }
            included = Set(words)
        } else {
            included = standard
        }
        vectorNames = try members.strings("vector_names") ?? [""]
    }

    /// Answers of more points than this leave what is kept of others as it is.
    private static let keptPointsMax = 256
    /// How many points are read before it is asked whether anybody still waits for them, and they have room.
    private static let step = 64

    /// Writes the columns of points; one that is gone meanwhile is left out.
    /// - Throws: `documentTooLarge` before more is read than an answer may have; `interrupted`.
    func write(
        _ points: [ScoredRow], of source: any PointSource, in collection: Collection, _ answer: inout AnswerWriter
    )
        throws(VexFSError)
    {
        var fields: PointFields = []
        if included.contains("documents") { fields.insert(.texts) }
        if included.contains("metadatas") { fields.insert(.metadatas) }
        // The index keeps vectors that are compared by their angle normalised; documents have them as they were given.
        let wantsVectors = included.contains("vectors") && vectorNames.contains("")
        if wantsVectors, try source.metric(of: "") == .cosine { fields.insert(.givenVectors) }
        var (records, kept): ([PointRecord], [ScoredRow]) = ([], [])
        records.reserveCapacity(points.count)
        var room = answer.room.text
        for start in stride(from: 0, to: points.count, by: Self.step) {
            guard !isCancelled() else { throw Service.cancelled }
            let part = points[start..<min(points.count, start + Self.step)]
            let read = try collection.records(
                of: part.map(\.row), fields, keeps: points.count <= Self.keptPointsMax)
            for (point, record) in zip(part, read) {
                guard let record else { continue }
                room -= record.id.count + record.text.count + record.metadata.count
                records.append(record)
                kept.append(point)
            }
            guard room >= 0 else { throw AnswerWriter.tooLarge }
        }
        answer.addArray("ids", records) { record, bytes in JSON.write(string: record.id.string, to: &bytes) }
        if included.contains("scores") { answer.addScores("scores", kept.map(\.score)) }
        if included.contains("distances"), let metric {
            answer.addScores("distances", kept.map { metric.distance(ofScore: $0.score) })
        }
        if included.contains("order_values") {
            answer.addArray("order_values", kept) { point, bytes in
                (point.orderValue?.json ?? .null).write(to: &bytes)
            }
        }
        if included.contains("documents") {
            answer.addArray("documents", records) { record, bytes in bytes.append(contentsOf: record.text) }
        }
        if included.contains("metadatas") {
            answer.addArray("metadatas", records) { record, bytes in bytes.append(contentsOf: record.metadata) }
        }
        if included.contains("files") {
            let directory = collection.name.string
            answer.addArray("files", records) { JSON.write(string: "\(directory)/\($0.path)", to: &$1) }
        }
        if included.contains("states") {
            answer.addArray("states", records) { JSON.write(string: $0.state.word, to: &$1) }
        }
        if included.contains("vectors") { try writeVectors(kept, records.map(\.vector), of: source, &answer) }
        guard !answer.isTooLarge else { throw AnswerWriter.tooLarge }
    }

    private func writeVectors(
        _ points: [ScoredRow], _ given: [[Float]?], of source: any PointSource, _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        let names = vectorNames.filter { !$0.isEmpty }
        if names.count < vectorNames.count {
            try writeVectors("vectors", named: "", points, given, of: source, &answer)
        }
        guard !names.isEmpty else { return }
        try answer.addObject("named") { (answer) throws(VexFSError) in
            for name in names { try writeVectors(name, named: name, points, [], of: source, &answer) }
        }
    }

    private func writeVectors(
        _ key: String, named name: String, _ points: [ScoredRow], _ given: [[Float]?], of source: any PointSource,
        _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        var vectors: [QueryVector?] = []
        vectors.reserveCapacity(points.count)
        var room = answer.room.binary
        for (place, point) in points.enumerated() {
            if place % Self.step == 0, isCancelled() { throw Service.cancelled }
            guard room >= 0 else { throw AnswerWriter.tooLarge }
            if place < given.count, let own = given[place] {
                vectors.append(.dense(own))
            } else {
                vectors.append(try source.vector(of: point.row, named: name))
            }
            // The least that a component takes: "0,".
            if case .dense(let values)?? = vectors.last { room -= 2 * values.count }
        }
        var dense: [[Float]?] = []
        for vector in vectors {
            switch vector {
            case .dense(let values)?: dense.append(values)
            case nil: dense.append(nil)
            case .sparse?, .multiple?:
                answer.addArray(key, vectors) { vector, bytes in (vector?.json ?? .null).write(to: &bytes) }
                return
            }
        }
        try answer.add(key, vectors: dense)
    }
}

extension QueryVector {
    /// The vector as JSON.
    var json: JSON {
        func array(_ numbers: [Float]) -> JSON { .array(numbers.map { .number(Double($0)) }) }
        switch self {
        case .dense(let values): return array(values)
        case .multiple(let rows): return .array(rows.map(array))
        case .sparse(let vector):
            return .object([
                .init("indices", .array(vector.indices.map { .integer(Int64($0)) })),
                .init("values", array(vector.values)),
            ])
        }
    }
}

extension Metric {
    /// A number that is smaller for what is nearer.
    func distance(ofScore score: Float) -> Float {
        switch self {
        case .cosine, .dot: 1 - score
        case .euclidean: Self.square(ofRoot: score)
        case .manhattan: score
        }
    }

    /// The number whose root, rounded to a Float, is this: two or three are, of which the one with the fewest digits is
    /// meant where vectors are of small whole numbers, and none is nearer to the truth elsewhere.
    private static func square(ofRoot root: Float) -> Float {
        let square = root * root
        guard square.isFinite, square > 0 else { return square }
        var found = square
        for candidate in [square.nextDown, square.nextUp] where candidate.squareRoot() == root {
            let digits = { (number: Float) in 23 - min(23, number.significandBitPattern.trailingZeroBitCount) }
            if found.squareRoot() != root || digits(candidate) < digits(found) { found = candidate }
        }
        return found
    }
}
