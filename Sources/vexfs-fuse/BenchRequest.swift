import VexFS

/// What `vexfs-fuse bench` is asked to measure.
struct BenchRequest: Sendable {
    /// Which rows pass the filter of a filtered benchmark.
    enum FilterKind: String, CaseIterable, Sendable {
        /// Rows that have nothing to do with their vectors.
        case random
        /// The rows nearest to an anchor near the query.
        case correlated
        /// The rows farthest from an anchor near the query.
        case anticorrelated
    }

    /// The kinds of index.
    enum IndexKind: String, CaseIterable, Sendable {
        case `default`, flat, hnsw, lists, lsh
    }

    /// How much memory an index may take for speed.
    enum MemoryMode: String, CaseIterable, Sendable {
        case fast, compact
    }

    /// What is measured.
    enum Workload: String, CaseIterable, Sendable {
        /// Searches at wanted recalls.
        case ann
        /// Inserts, and searches meanwhile.
        case insert
    }

    var workload: Workload
    var base: String
    var queries: String
    var metric = Metric.cosine
    var limit = 10
    var recallTargets: [Double]
    var filterKind = FilterKind.random
    /// The share of rows that pass, nil without a filter.
    var selectivity: Double?
    var indexKind = IndexKind.default
    var mode = MemoryMode.fast
    var rounds = 5
    /// Rows of one insert.
    var batch = 1000
    /// The breadth of the searches meanwhile; nil for the index's own.
    var ef: Int?
    /// Where the throw-away collection is made.
    var directory: String
    var isJSON = false
    var serves = false

    /// Takes a command line apart.
    /// - Throws: `usage` with what is wrong.
    init(_ arguments: ParsedArguments, temporaryDirectory: String) throws(Failure) {
        guard let word = arguments.operands.first, arguments.operands.count == 1,
            let workload = Workload(rawValue: word)
        else {
            throw Failure(.usage, "usage: vexfs-fuse bench ann|insert --base FILE --queries FILE (--help)")
        }
        self.workload = workload
        base = try Self.required("base", arguments)
        queries = try Self.required("queries", arguments)
        recallTargets = workload == .ann ? try Self.targets(try Self.required("recall", arguments)) : []
        batch = try arguments.number("batch", in: 1...100_000) ?? batch
        ef = try arguments.number("ef", in: 1...65_536)
        metric = try Self.word("metric", arguments, Metric.allCases) ?? metric
        indexKind = try Self.word("index", arguments, IndexKind.allCases) ?? indexKind
        mode = try Self.word("mode", arguments, MemoryMode.allCases) ?? mode
        limit = try arguments.number("k", in: 1...1000) ?? limit
        rounds = try arguments.number("rounds", in: 1...1000) ?? rounds
        directory = arguments.value("directory") ?? temporaryDirectory
        isJSON = arguments.has("json")
        serves = arguments.has("serve")
        if let text = arguments.value("filter-selectivity") { selectivity = try Self.share(text, "filter-selectivity") }
        if let kind = try Self.word("filter-kind", arguments, FilterKind.allCases) {
            guard selectivity != nil else {
                throw Failure(.usage, "--filter-kind needs --filter-selectivity")
            }
            filterKind = kind
        }
    }

    /// The options of the verb.
    static let options = [
        Option(long: "base", argument: "FILE", help: "the vectors to search in: .npy, float32 or float16"),
        Option(long: "queries", argument: "FILE", help: "the vectors to search for: .npy of the same width"),
        Option(long: "recall", argument: "R,…", help: "measure where recall@k reaches these: 0.95,0.99"),
        Option(long: "metric", argument: "METRIC", help: "cosine (the default), dot, euclidean, manhattan"),
        Option(long: "k", short: "k", argument: "N", help: "neighbours a query (10)"),
        Option(long: "filter-selectivity", argument: "S", help: "search only this share of the rows: 0.01"),
        Option(
            long: "filter-kind", argument: "KIND", help: "random (the default), correlated or anticorrelated"),
        Option(long: "index", argument: "KIND", help: "default, flat, hnsw, lists or lsh"),
        Option(long: "mode", argument: "MODE", help: "fast (the default) or compact"),
        Option(long: "batch", argument: "N", help: "insert: rows that go in together (1000)"),
        Option(long: "ef", argument: "N", help: "insert: the breadth of the searches meanwhile"),
        Option(long: "rounds", argument: "N", help: "rounds of which the best counts (5)"),
        Option(long: "directory", argument: "DIR", help: "where the throw-away collection is made ($TMPDIR or /tmp)"),
        Option(long: "json", help: "print one JSON object"),
        Option(long: "serve", help: "answer commands on standard input, one JSON object a line"),
    ]

    private static func required(_ name: String, _ arguments: ParsedArguments) throws(Failure) -> String {
        guard let value = arguments.value(name), !value.isEmpty else {
            throw Failure(.usage, "--\(name) is missing (see vexfs-fuse bench --help)")
        }
        return value
    }

    /// One of several words.
    static func word<Word: RawRepresentable<String>>(
        _ name: String, _ arguments: ParsedArguments, _ words: [Word]
    ) throws(Failure) -> Word? {
        guard let text = arguments.value(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let known = words.map(\.rawValue).joined(separator: ", ")
            throw Failure(.usage, "--\(name) takes one of \(known), not \"\(text)\"")
        }
        return word
    }

    /// A share above 0, at most 1.
    static func share(_ text: some StringProtocol, _ name: String) throws(Failure) -> Double {
        guard let value = Double(text), value > 0, value <= 1 else {
            throw Failure(.usage, "--\(name) takes numbers above 0 and up to 1, not \"\(text)\"")
        }
        return value
    }

    private static func targets(_ text: String) throws(Failure) -> [Double] {
        var targets: [Double] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            targets.append(try share(part, "recall"))
        }
        return targets
    }
}
