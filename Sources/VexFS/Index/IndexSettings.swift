/// What a collection's index is made of: `"index"` in `.vexfs/config.json`. Every change takes effect by a rebuild in
/// the background; searches go on over the old index until the new one is there.
public struct IndexSettings: Sendable, Equatable {
    /// The kinds of index.
    public enum Kind: String, Sendable, CaseIterable {
        /// Lists first, then a graph built in bulk; lists only in compact memory.
        case automatic = "default"
        /// A scan over every vector, exact.
        case flat
        /// A graph that grows by insertion (arXiv 1603.09320).
        case hnsw
        /// Inverted lists of short codes.
        case lists
        /// Hash tables of random projections (doi:10.1145/509907.509965).
        case lsh
    }

    /// What is kept in memory for each vector.
    public enum Memory: String, Sendable, CaseIterable {
        /// 8-bit codes and links.
        case fast
        /// 1-bit codes.
        case compact
    }

    /// The short codes of lists.
    public enum Quantization: String, Sendable, CaseIterable {
        /// What suits the kind: 8 bits a component in graphs, 1 bit in lists.
        case automatic = "default"
        /// 8 bits a component.
        case int8
        /// 1 bit a component (arXiv 2405.12497).
        case binary
        /// 4 bits for every few components (doi:10.1109/TPAMI.2010.57).
        case product
    }

    /// The kind of index.
    public var kind = Kind.automatic
    /// What is kept in memory.
    public var memory = Memory.fast
    /// The short codes.
    public var quantization = Quantization.automatic
    /// Whether the index's files are read as they are needed rather than kept in memory from the start.
    public var onDisk = false
    /// Links of a vertex in a graph; nil for what suits the size.
    public var m: Int?
    /// Candidates looked at for a new vertex's links.
    public var efConstruct = 200
    /// The breadth of a search that names none; nil for what suits the kind.
    public var ef: Int?

    /// The defaults.
    public init() {}

    /// The object in `config.json`.
    var json: JSON {
        .object([
            .init("kind", .string(kind.rawValue)),
            .init("memory", .string(memory.rawValue)),
            .init("quantization", .string(quantization.rawValue)),
            .init("on_disk", .bool(onDisk)),
            .init("m", m.map { .integer(Int64($0)) } ?? .null),
            .init("ef_construct", .integer(Int64(efConstruct))),
            .init("ef", ef.map { .integer(Int64($0)) } ?? .null),
        ])
    }

    /// Takes over the keys of an object; keys that are not there stay as they are. A string is the kind alone.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    mutating func merge(_ json: JSON) throws(VexFSError) {
        if case .string = json { return try set("kind", to: json) }
        guard case .object(let members) = json else {
            throw Self.refused("index", "an object, or the name of a kind")
        }
        for member in members { try set(member.key, to: member.value) }
        try check()
    }

    private mutating func set(_ key: String, to value: JSON) throws(VexFSError) {
        switch key {
        case "kind": kind = try Self.choice(key, value)
        case "memory": memory = try Self.choice(key, value)
        case "quantization": quantization = try Self.choice(key, value)
        case "on_disk":
            guard case .bool(let flag) = value else { throw Self.refused(key, "true or false") }
            onDisk = flag
        case "m": m = try Self.number(key, value, 4...128)
        case "ef_construct": efConstruct = try Self.number(key, value, 8...4096) ?? IndexSettings().efConstruct
        case "ef": ef = try Self.number(key, value, 1...65_536)
        default:
            throw VexFSError(
                .invalidConfiguration,
                "there is no setting \"index.\(key)\"; the settings are: kind, memory, quantization, on_disk, m, "
                    + "ef_construct, ef")
        }
    }

    private func check() throws(VexFSError) {
        let isGraph = kind == .hnsw
        if isGraph && (quantization == .binary || quantization == .product) {
            throw Self.refused("quantization", "\"int8\" or \"default\" with the kind \"hnsw\"")
        }
        if isGraph && memory == .compact { throw Self.refused("memory", "\"fast\" with the kind \"hnsw\"") }
        if kind == .lists && quantization == .int8 {
            throw Self.refused("quantization", "\"binary\", \"product\" or \"default\" with the kind \"lists\"")
        }
        if (kind == .lsh || kind == .flat) && (quantization == .binary || quantization == .product) {
            throw Self.refused("quantization", "\"default\" with the kind \"\(kind.rawValue)\"")
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ value: JSON
    ) throws(VexFSError) -> Choice {
        guard case .string(let word) = value, let choice = Choice(rawValue: word) else {
            throw refused(key, "one of: " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    private static func number(_ key: String, _ value: JSON, _ range: ClosedRange<Int>) throws(VexFSError) -> Int? {
        if value == .null { return nil }
        guard case .integer(let number) = value, range.contains(Int(clamping: number)) else {
            throw refused(key, "null or a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(number)
    }

    private static func refused(_ key: String, _ allowed: String) -> VexFSError {
        let path = key == "index" ? key : "index.\(key)"
        return VexFSError(.invalidConfiguration, "\"\(path)\" must be \(allowed)")
    }
}
