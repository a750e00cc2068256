/// What one of a collection's vectors is and how it is searched; a part of `.vexfs/config.json`.
public struct VectorSettings: Sendable, Equatable {
    /// What a document has of a vector.
    public enum Kind: Sendable {
        /// One list of numbers.
        case dense
        /// Few components of very many, compared by their product.
        case sparse
        /// Several lists of one length, compared by the sum of the best similarities (``MaxSim``).
        case multiple
    }

    /// What is done to the values of a query for sparse vectors.
    public enum Modifier: String, Sendable, CaseIterable {
        case none
        /// Each is multiplied with the ``InverseDocumentFrequency`` of its dimension.
        case idf
    }

    /// What documents have; only vectors with a name have a choice.
    public var kind = Kind.dense
    /// For sparse vectors: what is done to a query's values.
    public var modifier = Modifier.none
    /// For sparse vectors: what makes them of the documents' texts, nil where documents bring them.
    public var textModel: TextModel?
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
    var recipe: SegmentRecipe? {
        kind != .dense || metric == .manhattan ? nil : index.recipe(dimension: dimension ?? 0)
    }

    /// The object in `config.json`.
    var json: JSON {
        if kind == .sparse {
            var members = [JSON.Member("sparse", .bool(true)), .init("modifier", .string(modifier.rawValue))]
            if let textModel { members += [.init("model", .string("bm25")), .init("options", textModel.json)] }
            return .object(members)
        }
        let shape = [
            JSON.Member("metric", .string(metric.rawValue)),
            .init("dimension", dimension.map { .integer(Int64($0)) } ?? .null),
            .init("datatype", .string(element.rawValue)),
        ]
        if kind == .dense { return .object(shape + [.init("index", index.json)]) }
        return .object([.init("multivector", .bool(true)), .init("comparator", .string("max_sim"))] + shape)
    }

    /// Takes over the keys of an object; keys that are not there stay as they are.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    mutating func merge(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw VexFSError(
                .invalidConfiguration, "the settings of a vector are an object, or null to remove it")
        }
        // What the vector is comes first: the other settings belong to one kind.
        let kinds = ["sparse", "multivector", "multivector_config", "model"]
        for member in members where kinds.contains(member.key) { try set(member.key, to: member.value) }
        for member in members where !kinds.contains(member.key) { try set(member.key, to: member.value) }
        _ = try textModel?.bm25()
    }

    mutating func set(_ key: String, to value: JSON) throws(VexFSError) {
        switch key {
        case "sparse", "multivector", "multivector_config", "comparator", "modifier", "model", "options":
            try setKind(key, value)
        case "metric", "distance":
            guard case .string(let word) = value, let metric = Self.metric(word) else {
                let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
                throw CollectionConfiguration.refused(key, "one of: \(known)")
            }
            self.metric = metric
        case "dimension", "size":
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
                "there is no setting \"\(key)\"; the settings are: metric, dimension, datatype, index, "
                    + "sparse, modifier, model, options, multivector, comparator")
        }
    }

    /// Under its own name or Qdrant's.
    private static func metric(_ word: String) -> Metric? {
        let lower = word.lowercased()
        return Metric(rawValue: word) ?? (lower == "euclid" ? .euclidean : Metric(rawValue: lower))
    }

    private mutating func setKind(_ key: String, _ value: JSON) throws(VexFSError) {
        switch (key, value) {
        case ("sparse", .bool(let flag)): try set(flag ? .sparse : kind == .sparse ? .dense : kind, key)
        case ("multivector", .bool(let flag)): try set(flag ? .multiple : kind == .multiple ? .dense : kind, key)
        case ("multivector_config", .null): break
        case ("multivector_config", .object(let members)):
            try set(.multiple, key)
            for member in members { try setKind(member.key, member.value) }
        case ("comparator", .string("max_sim")) where kind == .multiple: break
        case ("comparator", _):
            throw CollectionConfiguration.refused(key, "\"max_sim\", for a vector with \"multivector\": true")
        case ("modifier", .string(let word)) where kind == .sparse:
            guard let known = Modifier(rawValue: word.lowercased()) else {
                throw CollectionConfiguration.refused(key, "\"none\" or \"idf\"")
            }
            modifier = known
        case ("modifier", _):
            throw CollectionConfiguration.refused(key, "\"none\" or \"idf\", for a vector with \"sparse\": true")
        case ("model", .null), ("model", .string("none")): textModel = nil
        case ("model", .string(let name)) where TextModel.isNamed(name) && kind != .multiple:
            if kind == .dense { try set(.sparse, key) }
            if textModel == nil { (textModel, modifier) = (TextModel(), .idf) }
        case ("model", _): throw CollectionConfiguration.refused(key, "\"bm25\", for a sparse vector, or \"none\"")
        case ("options", _):
            guard textModel != nil else { throw CollectionConfiguration.refused(key, "beside \"model\": \"bm25\"") }
            try textModel?.merge(value)
        default: throw CollectionConfiguration.refused(key, key == "multivector_config" ? "an object" : "true or false")
        }
    }

    /// One kind excludes the others.
    private mutating func set(_ new: Kind, _ key: String) throws(VexFSError) {
        guard kind == .dense || new == kind || new == .dense else {
            throw CollectionConfiguration.refused(key, "set for another vector: this one is of another kind")
        }
        kind = new
        if new != .sparse { (modifier, textModel) = (.none, nil) }
        if new == .sparse { (metric, element, dimension) = (.dot, .float32, nil) }
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
        // The bits of what is not finite are the highest: one pass without a branch finds none.
        let largest = vector.reduce(0) { max($0, $1.bitPattern & 0x7FFF_FFFF) }
        if largest >= Float.infinity.bitPattern, let index = vector.firstIndex(where: { !$0.isFinite }) {
            throw VexFSError(.invalidVector, "component \(index) of the vector is not a finite number")
        }
        // Cosine gives a 16-bit float unit length before it is rounded.
        if metric != .cosine { try element.check(vector) }
        // A 32-bit vector of zeros stays one when it is normalised, and its cosine with every other is 0: clients of
        // Chroma rely on that.
        if metric == .cosine, element != .float32, !rounded(vector).contains(where: { $0 != 0 }) {
            throw VexFSError(.invalidVector, "a vector of zeros has no direction, which the metric cosine compares")
        }
    }

    /// Judges a vector of a document.
    /// - Throws: `dimensionMismatch`, `invalidVector`.
    func check(_ vector: DocumentVector) throws(VexFSError) {
        switch (kind, vector) {
        case (.dense, .dense(let values)), (.multiple, .dense(let values)): try check(values)
        case (.sparse, .sparse): break
        case (.multiple, .multiple(let values, let count)):
            let width = vector.dimension
            for place in 0..<count { try check(Array(values[place * width..<(place + 1) * width])) }
        default: throw VexFSError(.invalidVector, "this is \(vector.kindName); give \(wanted)")
        }
    }

    /// How a document writes such a vector.
    private var wanted: String {
        switch kind {
        case .dense: "an array of numbers"
        case .sparse: "{\"indices\": [\u{2026}], \"values\": [\u{2026}]}"
        case .multiple: "an array of arrays of numbers"
        }
    }

    /// Judges a query's vector, which may be a single one where documents have several.
    /// - Throws: `dimensionMismatch`, `invalidVector`.
    func check(_ vector: QueryVector) throws(VexFSError) {
        switch (kind, vector) {
        case (.dense, .dense(let values)), (.multiple, .dense(let values)): try check(values)
        case (.sparse, .sparse): break
        case (.multiple, .multiple(let vectors)):
            guard !vectors.isEmpty else { throw VexFSError(.invalidVector, "a query needs one vector at least") }
            for values in vectors { try check(values) }
        default:
            throw VexFSError(.invalidVector, "the query's vector is \(vector.kindName); give \(wanted)")
        }
    }

    /// A document's vector as it is stored.
    func finished(_ vector: DocumentVector) -> DocumentVector {
        switch (kind, vector) {
        case (.dense, .dense(let values)): .dense(finished(values))
        case (.multiple, .dense(let values)): .multiple(finished(values), count: 1)
        case (.multiple, .multiple(let values, let count)): .multiple(finished(values, count: count), count: count)
        default: vector
        }
    }

    private func finished(_ values: [Float], count: Int) -> [Float] {
        let width = count > 0 ? values.count / count : 0
        return (0..<count).flatMap { finished(Array(values[$0 * width..<($0 + 1) * width])) }
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
