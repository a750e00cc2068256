import Glibc
import VexValues

/// How a collection compares vectors, and what Chroma lets one say about its index.
///
/// The space decides how vectors are compared; the other settings are kept and shown as they were given.
struct ChromaIndexSettings: Equatable, Sendable {
    enum Space: String, CaseIterable, Sendable {
        case l2
        case cosine
        case ip

        /// What the mount calls it.
        var metric: String {
            switch self {
            case .l2: "euclidean"
            case .cosine: "cosine"
            case .ip: "dot"
            }
        }

        /// The space of a collection that somebody made with this metric.
        init(metric: String) {
            switch metric {
            case "cosine": self = .cosine
            case "dot": self = .ip
            default: self = .l2
            }
        }
    }

    var space = Space.l2
    var efConstruction = 100
    var efSearch = 100
    var maxNeighbors = 16
    var threads = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    var batchSize = 100
    var syncThreshold = 1000
    var resizeFactor = 1.2

    private static let keys = [
        "space", "ef_construction", "ef_search", "max_neighbors", "num_threads", "resize_factor", "sync_threshold",
        "batch_size",
    ]
    /// Those that can be changed.
    static let changeableKeys = keys.filter { $0 != "space" && $0 != "ef_construction" }
    private static let spannKeys = [
        "search_nprobe", "write_nprobe", "space", "ef_construction", "ef_search", "max_neighbors",
        "reassign_neighbor_count", "split_threshold", "merge_threshold",
    ]

    /// Takes over what an `hnsw` object says.
    mutating func merge(_ fields: ChromaFields) throws(ChromaError) {
        try Self.check(fields, keys: Self.keys)
        if let space = try fields.string("space") { self.space = try Self.space(space, at: fields.place("space")) }
        efConstruction = try fields.count("ef_construction") ?? efConstruction
        efSearch = try fields.count("ef_search") ?? efSearch
        maxNeighbors = try fields.count("max_neighbors") ?? maxNeighbors
        threads = try fields.count("num_threads") ?? threads
        batchSize = try fields.count("batch_size") ?? batchSize
        syncThreshold = try fields.count("sync_threshold") ?? syncThreshold
        resizeFactor = try fields.number("resize_factor") ?? resizeFactor
    }

    /// Takes over what a `spann` object says in the way of comparing vectors; the rest is of an index that is not here.
    mutating func merge(spann fields: ChromaFields) throws(ChromaError) {
        try Self.check(fields, keys: Self.spannKeys)
        for key in fields.keys where key != "space" { _ = try fields.count(key) }
        if let space = try fields.string("space") { self.space = try Self.space(space, at: fields.place("space")) }
    }

    /// Refuses what is not among the keys.
    static func check(_ fields: ChromaFields, keys: [String]) throws(ChromaError) {
        guard let key = fields.keys.first(where: { !keys.contains($0) }) else { return }
        let known = keys.map { "`\($0)`" }.joined(separator: ", ")
        throw .shape("\(fields.place(key)): unknown field `\(key)`, expected one of \(known)")
    }

    /// The space of this name.
    static func space(_ name: String, at place: String) throws(ChromaError) -> Space {
        guard let space = Space(rawValue: name) else {
            let known = Space.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            throw .shape("\(place): unknown variant `\(name)`, expected one of \(known)")
        }
        return space
    }

    /// Takes over what a collection's metadata says in the way of clients before 1.0.
    mutating func merge(metadata: JSON?) throws(ChromaError) {
        for member in metadata?.members ?? [] where member.key.hasPrefix("hnsw:") {
            guard take(member.key.dropFirst(5), member.value) else {
                throw .invalid("Failed to parse hnsw parameters from segment metadata: \(member.key)")
            }
        }
    }

    /// - Returns: whether there is such a setting, with such a value.
    private mutating func take(_ key: Substring, _ value: JSON) -> Bool {
        switch (key, value) {
        case ("space", .string(let name)):
            guard let space = Space(rawValue: name) else { return false }
            self.space = space
        case ("construction_ef", .integer(let number)) where number >= 0: efConstruction = Int(number)
        case ("search_ef", .integer(let number)) where number >= 0: efSearch = Int(number)
        case ("M", .integer(let number)) where number >= 0: maxNeighbors = Int(number)
        case ("num_threads", .integer(let number)) where number >= 0: threads = Int(number)
        case ("batch_size", .integer(let number)) where number >= 2: batchSize = Int(number)
        case ("sync_threshold", .integer(let number)) where number >= 2: syncThreshold = Int(number)
        case ("resize_factor", _):
            guard let number = value.numberValue else { return false }
            resizeFactor = number
        default: return false
        }
        return true
    }

    /// As in `configuration_json`.
    var configurationJSON: JSON {
        .object([
            .init("space", .string(space.rawValue)), .init("ef_construction", .integer(Int64(efConstruction))),
            .init("ef_search", .integer(Int64(efSearch))), .init("max_neighbors", .integer(Int64(maxNeighbors))),
            .init("resize_factor", .number(resizeFactor)), .init("sync_threshold", .integer(Int64(syncThreshold))),
        ])
    }

    /// As in `schema`, where the space stands beside it.
    var schemaJSON: JSON {
        .object([
            .init("ef_construction", .integer(Int64(efConstruction))),
            .init("max_neighbors", .integer(Int64(maxNeighbors))), .init("ef_search", .integer(Int64(efSearch))),
            .init("num_threads", .integer(Int64(threads))), .init("batch_size", .integer(Int64(batchSize))),
            .init("sync_threshold", .integer(Int64(syncThreshold))), .init("resize_factor", .number(resizeFactor)),
        ])
    }

    /// As clients from 0.5.12 to 0.6.3 read it.
    var oldJSON: JSON {
        .object([
            .init("_type", .string("HNSWConfigurationInternal")), .init("space", .string(space.rawValue)),
            .init("ef_construction", .integer(Int64(efConstruction))), .init("ef_search", .integer(Int64(efSearch))),
            .init("num_threads", .integer(Int64(threads))), .init("M", .integer(Int64(maxNeighbors))),
            .init("resize_factor", .number(resizeFactor)), .init("batch_size", .integer(Int64(batchSize))),
            .init("sync_threshold", .integer(Int64(syncThreshold))),
        ])
    }
}
