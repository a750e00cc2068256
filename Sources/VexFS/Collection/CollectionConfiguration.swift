/// What a collection can be told: `.vexfs/config.json`.
public struct CollectionConfiguration: Sendable, Equatable {
    /// The name of the embedded model.
    public static let embeddedModel = "all-MiniLM-L6-v2"

    /// The vector without a name.
    public var unnamed = VectorSettings()
    /// The model that embeds texts, or "none" where documents bring their vectors.
    public var model = embeddedModel
    /// The space of the vectors that the model made; nil before the first.
    public var space: String?
    /// The largest document, in bytes.
    public var documentLimitBytes = 16 << 20
    /// The largest scratch file, in bytes.
    public var scratchFileLimitBytes = 1 << 30
    /// All scratch files together, in bytes.
    public var scratchLimitBytes = 4 << 30

    /// The defaults.
    public init() {}

    /// The limits of what can be set.
    public static let dimensionRange = 1...65_536

    /// How the vectors without a name are compared.
    public var metric: Metric {
        get { unnamed.metric }
        set { unnamed.metric = newValue }
    }
    /// Components of a vector without a name; nil until the first one or a setting fixes it.
    public var dimension: Int? {
        get { unnamed.dimension }
        set { unnamed.dimension = newValue }
    }
    /// What the index of the vectors without a name is made of.
    public var index: IndexSettings {
        get { unnamed.index }
        set { unnamed.index = newValue }
    }

    /// The object shown to people and kept in the store.
    var json: JSON {
        .object([
            .init("metric", .string(metric.rawValue)),
            .init("dimension", dimension.map { .integer(Int64($0)) } ?? .null),
            .init("model", .string(model)),
            .init("space", space.map(JSON.string) ?? .null),
            .init("index", index.json),
            .init("document_limit_bytes", .integer(Int64(documentLimitBytes))),
            .init("scratch_file_limit_bytes", .integer(Int64(scratchFileLimitBytes))),
            .init("scratch_limit_bytes", .integer(Int64(scratchLimitBytes))),
        ])
    }

    /// Takes over the keys of an object; keys that are not there stay as they are.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    mutating func merge(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw VexFSError(.invalidConfiguration, "the configuration must be a JSON object")
        }
        for member in members { try set(member.key, to: member.value) }
    }

    private mutating func set(_ key: String, to value: JSON) throws(VexFSError) {
        switch key {
        case "metric":
            guard case .string(let word) = value, let metric = Metric(rawValue: word) else {
                let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.refused(key, "one of: \(known)")
            }
            self.metric = metric
        case "dimension":
            if value == .null {
                dimension = nil
                return
            }
            dimension = try Self.number(key, value, Self.dimensionRange)
        case "model":
            guard case .string(let name) = value, name == Self.embeddedModel || name == "none" else {
                throw Self.refused(key, "\"\(Self.embeddedModel)\" or \"none\"")
            }
            model = name
        case "space":
            switch value {
            case .null: space = nil
            case .string(let id): space = id
            default: throw Self.refused(key, "left as it is: it names the space of the stored vectors")
            }
        case "index": try index.merge(value)
        case "document_limit_bytes": documentLimitBytes = try Self.number(key, value, 1...(1 << 30))
        case "scratch_file_limit_bytes": scratchFileLimitBytes = try Self.number(key, value, 1...(1 << 34))
        case "scratch_limit_bytes": scratchLimitBytes = try Self.number(key, value, 1...(1 << 40))
        default:
            let known =
                "metric, dimension, model, index, document_limit_bytes, scratch_file_limit_bytes, scratch_limit_bytes"
            throw VexFSError(.invalidConfiguration, "there is no setting \"\(key)\"; the settings are: \(known)")
        }
    }

    private static func number(_ key: String, _ value: JSON, _ range: ClosedRange<Int>) throws(VexFSError) -> Int {
        guard case .integer(let number) = value, range.contains(Int(number)) else {
            throw refused(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(number)
    }

    private static func refused(_ key: String, _ allowed: String) -> VexFSError {
        VexFSError(.invalidConfiguration, "\"\(key)\" must be \(allowed)")
    }
}
