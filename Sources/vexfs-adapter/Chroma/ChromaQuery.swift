import VexValues

/// A query, read from the body without a value for every number.
struct ChromaQuery {
    /// `[count × dimension] Float32`, row-major.
    var floats: [Float] = []
    var count = 0
    var dimension = 0
    var limit: Int
    var selection: ChromaSelection
    var include: ChromaInclude

    /// Reads a body.
    /// - Throws: 400 where it is no JSON or breaks a rule, 422 where it has another shape.
    init(body: [UInt8], isOld: Bool) throws(ChromaError) {
        var others: [JSON.Member] = []
        (floats, count) = try ChromaBody.read(body) { tape throws(ChromaError) in try Self.read(tape, &others) }
        dimension = count == 0 ? 0 : floats.count / count
        let fields = try ChromaFields(.object(others), prefix: "")
        limit = try fields.count("n_results") ?? 10
        selection = try ChromaSelection(fields, acceptsEmptyFilters: isOld)
        include = try ChromaInclude(fields, default: [.documents, .metadatas, .distances])
    }

    private static func read(
        _ tape: JSONTape, _ others: inout [JSON.Member]
    ) throws(ChromaError) -> (floats: [Float], count: Int) {
        var floats: [Float] = []
        var count: Int?
        try tape.forEachMember(of: tape.root) { (key, value) throws(ChromaError) in
            guard tape.string(key) == "query_embeddings" else {
                return others.append(.init(tape.string(key), tape.value(value)))
            }
            guard tape.kind(value) == .array else {
                throw .shape("query_embeddings: invalid type: \(tape.value(value).kindName), expected a sequence")
            }
            var rows = 0
            try tape.forEachElement(of: value) { (item) throws(ChromaError) in
                guard tape.kind(item) == .array else {
                    throw .shape(
                        "query_embeddings[\(rows)]: invalid type: \(tape.value(item).kindName), expected a sequence")
                }
                guard tape.next(item) > item + 2 else { throw .invalid("query_embeddings[\(rows)] is empty") }
                guard let vector = tape.chromaFloats(item) else {
                    throw .shape("query_embeddings[\(rows)]: invalid type, expected f32")
                }
                guard vector.allSatisfy(\.isFinite) else {
                    throw .validation("query_embeddings", "Embeddings must not contain NaN or Infinity values")
                }
                floats.append(contentsOf: vector)
                rows += 1
                guard floats.count == rows * vector.count else {
                    throw .invalid("Inconsistent dimensions in provided embeddings")
                }
            }
            count = rows
        }
        guard let count else { throw .shape("missing field `query_embeddings`") }
        return (floats, count)
    }
}
