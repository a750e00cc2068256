import VexValues

/// What of records a request wants to see.
struct ChromaInclude: Equatable, Sendable {
    enum Field: String, CaseIterable, Sendable {
        case distances
        case documents
        case embeddings
        case metadatas
        case uris
    }

    /// In the order in which they were asked for, which the answer repeats.
    var fields: [Field]

    /// Reads `include`.
    init(_ request: ChromaFields, default defaults: [Field]) throws(ChromaError) {
        if request.json["include"]?.isNull == true { throw .shape("include: invalid type: null, expected a sequence") }
        guard let names = try request.strings("include") else {
            fields = defaults
            return
        }
        fields = []
        for (index, name) in names.enumerated() {
            guard let field = Field(rawValue: name) else {
                let known = Field.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                throw .shape("include[\(index)]: unknown variant `\(name)`, expected one of \(known)")
            }
            fields.append(field)
        }
    }

    func has(_ field: Field) -> Bool { fields.contains(field) }

    /// What the mount is asked for; URIs are metadata there.
    func mountColumns(isQuery: Bool) -> JSON {
        var columns: [JSON] = []
        if has(.documents) { columns.append(.string("documents")) }
        if has(.metadatas) || has(.uris) { columns.append(.string("metadatas")) }
        if has(.embeddings) { columns.append(.string("vectors")) }
        if isQuery, has(.distances) { columns.append(.string("distances")) }
        return .array(columns)
    }

    /// The member of the answer.
    var json: JSON { .array(fields.map { .string($0.rawValue) }) }
}
