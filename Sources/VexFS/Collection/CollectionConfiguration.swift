/// What a collection can be told: `.vexfs/config.json`.
public struct CollectionConfiguration: Sendable, Equatable {
    /// The name of the embedded model.
    public static let embeddedModel = "all-MiniLM-L6-v2"

    /// The vector without a name.
    public var unnamed = VectorSettings()
    /// The vectors with a name, in the order in which they were added.
    public var named: [NamedSettings] = []
    /// How texts become words, for `mode=text` and `mode=hybrid`.
    public var text = TextOptions.english
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
    /// What becomes of removed documents.
    public var trash = TrashSettings()

    /// The defaults.
    public init() {}

    /// The settings of one vector with a name.
    public struct NamedSettings: Sendable, Equatable {
        /// The name.
        public var name: String
        /// What it is.
        public var settings: VectorSettings
    }

    /// The limits of what can be set.
    public static let dimensionRange = 1...65_536
    /// The most vectors that a document can have besides the one without a name.
    public static let namedLimit = 256
    /// The longest name of a vector, in bytes.
    public static let nameLimitBytes = 255

    /// The settings of the vector of that name, "" for the one without; nil where there is none. O(names).
    public func settings(of name: String) -> VectorSettings? {
        if name.isEmpty { return unnamed }
        return named.first { $0.name == name }?.settings
    }

    /// Whether vectors that were made ready to be stored under other settings are what these would make of them. They
    /// are made ready without a lock, and settings may change until they are written.
    func storesVectors(as other: CollectionConfiguration) -> Bool {
        func isSame(_ left: VectorSettings, _ right: VectorSettings) -> Bool {
            left.kind == right.kind && left.metric == right.metric && left.element == right.element
                && left.textModel == right.textModel
                && (left.dimension ?? right.dimension) == (right.dimension ?? left.dimension)
        }
        return isSame(unnamed, other.unnamed) && named.count == other.named.count
            && zip(named, other.named).allSatisfy { $0.name == $1.name && isSame($0.settings, $1.settings) }
    }

    /// What whoever tried often enough is told.
    static let changing = VexFSError(
        .busy, "the collection's settings change faster than it can be written to; try again")

    /// Judges the vectors of a document.
    /// - Throws: `dimensionMismatch`, `invalidVector`.
    func check(_ document: ParsedDocument) throws(VexFSError) {
        if let vector = document.vector { try unnamed.check(vector) }
        for vector in document.named { try check(vector) }
    }

    /// Judges a vector with a name.
    /// - Throws: `dimensionMismatch`, `invalidVector`.
    func check(_ vector: NamedVector) throws(VexFSError) {
        guard let settings = settings(of: vector.name) else { throw unknownVector(vector.name) }
        do throws(VexFSError) { try settings.check(vector.vector) } catch {
            throw VexFSError(error.code, "\"\(vector.name)\": \(error.message)")
        }
    }

    /// What is said of a name that no vector has.
    func unknownVector(_ name: String, _ code: VexFSError.Code = .invalidVector) -> VexFSError {
        let known = named.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return VexFSError(
            code,
            "this collection has no vector \"\(name)\"; "
                + (named.isEmpty ? "its documents have one vector, without a name" : "it has \(known)")
                + "; \"vectors\" in .vexfs/config.json adds one")
    }

    /// The named vectors of a document as they are stored; those that no space has a place for are left out.
    func finished(_ vectors: [NamedVector]) -> [NamedVector] {
        vectors.compactMap { vector in
            guard let settings = settings(of: vector.name), (try? settings.check(vector.vector)) != nil else {
                return nil
            }
            return NamedVector(vector.name, settings.finished(vector.vector))
        }
    }

    /// The vectors that models make of a document's text; those that the document brings, or says it has not, are not
    /// among them. O(bytes) for each model.
    func made(of document: ParsedDocument) -> [NamedVector] {
        guard named.contains(where: { $0.settings.textModel != nil }), !document.isBlank else { return [] }
        let own = Set(document.named.map(\.name) + document.declined)
        return made(of: document.text) { !own.contains($0) }
    }

    /// The vectors that models of the names make of a text.
    func made(of text: String, where isWanted: (String) -> Bool = { _ in true }) -> [NamedVector] {
        named.compactMap { space in
            // Settings are taken over only where their model can be made.
            guard isWanted(space.name), let model = try? space.settings.textModel?.bm25() else { return nil }
            return NamedVector(space.name, .sparse(model.document(text)))
        }
    }

    /// Fixes the dimension of a vector, unless it is fixed.
    mutating func fix(_ dimension: Int, of name: String) {
        guard var settings = settings(of: name), settings.dimension == nil, settings.kind != .sparse else { return }
        settings.dimension = dimension
        set(settings, of: name)
    }

    /// Sets what a vector is, adding it where there is none of the name.
    mutating func set(_ settings: VectorSettings, of name: String) {
        if name.isEmpty {
            unnamed = settings
        } else if let place = named.firstIndex(where: { $0.name == name }) {
            named[place].settings = settings
        } else {
            named.append(NamedSettings(name: name, settings: settings))
        }
    }

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
            .init("vectors", .object(named.map { .init($0.name, $0.settings.json) })),
            .init("model", .string(model)),
            .init("space", space.map(JSON.string) ?? .null),
            .init("text", .object(text.members)),
            .init("index", index.json),
            .init("document_limit_bytes", .integer(Int64(documentLimitBytes))),
            .init("scratch_file_limit_bytes", .integer(Int64(scratchFileLimitBytes))),
            .init("scratch_limit_bytes", .integer(Int64(scratchLimitBytes))),
            .init("trash", trash.json),
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
        case "metric", "dimension", "index": try unnamed.set(key, to: value)
        case "vectors": try mergeNamed(value)
        case "sparse_vectors": try mergeSparse(value)
        case "text": try mergeText(value)
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
        case "document_limit_bytes": documentLimitBytes = try Self.number(key, value, 1...(1 << 30))
        case "scratch_file_limit_bytes": scratchFileLimitBytes = try Self.number(key, value, 1...(1 << 34))
        case "scratch_limit_bytes": scratchLimitBytes = try Self.number(key, value, 1...(1 << 40))
        case "trash": try trash.merge(value)
        default:
            let known =
                "metric, dimension, index, vectors, text, model, document_limit_bytes, scratch_file_limit_bytes, "
                + "scratch_limit_bytes, trash"
            throw VexFSError(.invalidConfiguration, "there is no setting \"\(key)\"; the settings are: \(known)")
        }
    }

    /// Takes over what says how texts become words.
    private mutating func mergeText(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else { throw Self.refused("text", "an object of options") }
        for member in TextOptions.ordered(members) where try !text.set(member.key, to: member.value) {
            throw VexFSError(
                .invalidConfiguration,
                "there is no option \"\(member.key)\" of \"text\"; the options are: "
                    + TextOptions.settingKeys.joined(separator: ", "))
        }
        _ = try TextAnalyzer(text)
    }

    /// Sparse vectors under a key of their own, as Qdrant has them.
    private mutating func mergeSparse(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw Self.refused("sparse_vectors", "an object of settings by name")
        }
        try mergeNamed(
            .object(
                members.map { member in
                    guard case .object(let settings) = member.value else { return member }
                    return .init(member.key, .object([.init("sparse", .bool(true))] + settings))
                }))
    }

    /// Adds vectors, changes them, and removes those that are null; the others stay.
    private mutating func mergeNamed(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else { throw Self.refused("vectors", "an object of settings by name") }
        for member in members {
            guard !member.key.isEmpty, member.key.utf8.count <= Self.nameLimitBytes else {
                throw VexFSError(
                    .invalidConfiguration,
                    "the name of a vector has 1 to \(Self.nameLimitBytes) bytes; the settings of "
                        + "the vector without a name stand outside of \"vectors\"")
            }
            if member.value == .null {
                named.removeAll { $0.name == member.key }
                continue
            }
            var settings = settings(of: member.key) ?? VectorSettings()
            do throws(VexFSError) { try settings.merge(member.value) } catch {
                throw VexFSError(error.code, "vectors.\(member.key): \(error.message)")
            }
            set(settings, of: member.key)
        }
        guard named.count <= Self.namedLimit else {
            throw VexFSError(.invalidConfiguration, "a collection has \(Self.namedLimit) named vectors at the most")
        }
    }

    static func number(_ key: String, _ value: JSON, _ range: ClosedRange<Int>) throws(VexFSError) -> Int {
        guard case .integer(let number) = value, range.contains(Int(number)) else {
            throw refused(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(number)
    }

    static func refused(_ key: String, _ allowed: String) -> VexFSError {
        VexFSError(.invalidConfiguration, "\"\(key)\" must be \(allowed)")
    }
}
