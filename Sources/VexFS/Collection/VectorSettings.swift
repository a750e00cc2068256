/// What one of a collection's vectors is and how it is searched; a part of `.vexfs/config.json`.
public struct VectorSettings: Sendable, Equatable {
    /// How vectors are compared.
    public var metric = Metric.cosine
    /// Components of a vector; nil until the first vector or a setting fixes it.
    public var dimension: Int?
    /// How the components are stored; only vectors with a name have a choice.
    public var element = VectorElement.float32
    /// What the index is made of.
    public var index = IndexSettings()

    /// The defaults.
    public init() {}

    /// What most rows should be in; nil where they are only scanned.
    var recipe: SegmentRecipe? { metric == .manhattan ? nil : index.recipe(dimension: dimension ?? 0) }

    /// The object in `config.json`.
    var json: JSON {
        .object([
            .init("metric", .string(metric.rawValue)),
            .init("dimension", dimension.map { .integer(Int64($0)) } ?? .null),
            .init("datatype", .string(element.rawValue)),
            .init("index", index.json),
        ])
    }

    /// Takes over the keys of an object; keys that are not there stay as they are.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    mutating func merge(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw VexFSError(
                .invalidConfiguration, "the settings of a vector are an object, or null to remove it")
        }
        for member in members { try set(member.key, to: member.value) }
    }

    mutating func set(_ key: String, to value: JSON) throws(VexFSError) {
        switch key {
        case "metric":
            guard case .string(let word) = value, let metric = Metric(rawValue: word) else {
                let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
                throw CollectionConfiguration.refused(key, "one of: \(known)")
            }
            self.metric = metric
        case "dimension":
            dimension =
                value == .null
                ? nil : try CollectionConfiguration.number(key, value, CollectionConfiguration.dimensionRange)
        case "datatype":
            guard case .string(let word) = value, let element = VectorElement(rawValue: word) else {
                let known = VectorElement.allCases.map(\.rawValue).joined(separator: ", ")
                throw CollectionConfiguration.refused(key, "one of: \(known)")
            }
            self.element = element
        case "index": try index.merge(value)
        default:
            throw VexFSError(
                .invalidConfiguration,
                "there is no setting \"\(key)\"; the settings are: metric, dimension, datatype, index")
        }
    }

    /// Judges one vector.
    /// - Throws: `dimensionMismatch`, `invalidVector`.
    func check(_ vector: [Float]) throws(VexFSError) {
        guard CollectionConfiguration.dimensionRange.contains(vector.count) else {
            throw VexFSError(.invalidVector, "a vector has 1 to 65536 components, this one has \(vector.count)")
        }
        if let dimension, dimension != vector.count {
            throw VexFSError(
                .dimensionMismatch,
                "the vector has \(vector.count) components and this collection's have \(dimension)")
        }
        if let index = vector.firstIndex(where: { !$0.isFinite }) {
            throw VexFSError(.invalidVector, "component \(index) of the vector is not a finite number")
        }
        // Cosine gives a 16-bit float unit length before it is rounded, and compares bytes as they are.
        if element != .float32, metric != .cosine || element == .uint8 { try element.check(vector) }
        // A 32-bit vector of zeros stays one when it is normalised, and its cosine with every other is 0: clients of
        // Chroma rely on that.
        if metric == .cosine, element != .float32, !rounded(vector).contains(where: { $0 != 0 }) {
            throw VexFSError(.invalidVector, "a vector of zeros has no direction, which the metric cosine compares")
        }
    }

    /// Judges a vector of a document.
    /// - Throws: `dimensionMismatch`, `invalidVector`.
    func check(_ vector: DocumentVector) throws(VexFSError) {
        guard case .dense(let values) = vector else {
            throw VexFSError(.invalidVector, "this is \(vector.kindName); give an array of numbers")
        }
        try check(values)
    }

    /// A document's vector as it is stored.
    func finished(_ vector: DocumentVector) -> DocumentVector {
        guard case .dense(let values) = vector else { return vector }
        return .dense(finished(values))
    }

    /// The vector as it is stored: of unit length where the metric is cosine, unless its components are whole numbers,
    /// which are compared in their directions as they are; then rounded to the type that is stored.
    func finished(_ vector: [Float]) -> [Float] {
        element.rounded(metric == .cosine && element != .uint8 ? vector.normalized() : vector)
    }

    /// A query's vector as it is compared: rounded as the stored ones are, but for directions of 16-bit floats.
    func query(_ vector: [Float]) -> [Float] { rounded(vector) }

    private func rounded(_ vector: [Float]) -> [Float] {
        metric == .cosine && element == .float16 ? vector : element.rounded(vector)
    }
}
