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

    /// Takes over what an `hnsw` object says.
    mutating func merge(_ fields: ChromaFields) throws(ChromaError) {
        for key in fields.keys where !Self.keys.contains(key) {
            let known = Self.keys.map { "`\($0)`" }.joined(separator: ", ")
            throw .shape("\(fields.place(key)): unknown field `\(key)`, expected one of \(known)")
        }
        if let space = try fields.string("space") { self.space = try Self.space(space, at: fields.place("space")) }
        efConstruction = try fields.count("ef_construction") ?? efConstruction
        efSearch = try fields.count("ef_search") ?? efSearch
        maxNeighbors = try fields.count("max_neighbors") ?? maxNeighbors
        threads = try fields.count("num_threads") ?? threads
        batchSize = try fields.count("batch_size") ?? batchSize
        syncThreshold = try fields.count("sync_threshold") ?? syncThreshold
        resizeFactor = try fields.number("resize_factor") ?? resizeFactor
        guard syncThreshold >= 2, batchSize >= 2 else {
            throw .validation("hnsw", "batch_size and sync_threshold must be at least 2")
        }
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
        if let name = metadata?["hnsw:space"]?.stringValue {
            guard let space = Space(rawValue: name) else {
                throw .invalid("Failed to parse hnsw parameters from segment metadata: unknown space \(name)")
            }
            self.space = space
        }
        func number(_ key: String) -> Int? { metadata?["hnsw:\(key)"]?.integerValue.map { Int($0) } }
        efConstruction = number("construction_ef") ?? efConstruction
        efSearch = number("search_ef") ?? efSearch
        maxNeighbors = number("M") ?? maxNeighbors
        threads = number("num_threads") ?? threads
        batchSize = number("batch_size") ?? batchSize
        syncThreshold = number("sync_threshold") ?? syncThreshold
        resizeFactor = metadata?["hnsw:resize_factor"]?.numberValue ?? resizeFactor
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
