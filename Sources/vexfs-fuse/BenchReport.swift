import Glibc
import VexFS

/// One round of a benchmark.
struct BenchRound: Sendable {
    let ef: Int
    let threads: Int
    let recall: Double
    var queriesPerSecond = 0.0
    /// Seconds of every query.
    var latencies: [Double] = []

    /// As one line of JSON.
    func json(target: Double?) -> JSON {
        var members: [JSON.Member] = []
        if let target { members.append(.init("recall_target", .number(target))) }
        members += [
            .init("recall", BenchReport.rounded(recall, 5)), .init("ef", .integer(Int64(ef))),
            .init("threads", .integer(Int64(threads))), .init("qps", BenchReport.rounded(queriesPerSecond, 1)),
            .init("p50_us", BenchReport.rounded(latencies.quantile(0.5) * 1e6, 1)),
            .init("p99_us", BenchReport.rounded(latencies.quantile(0.99) * 1e6, 1)),
        ]
        return .object(members)
    }
}

/// What was measured at one recall target.
struct BenchPoint: Sendable {
    let target: Double
    let recall: Double
    let ef: Int
    private(set) var bestQPS1 = 0.0
    private(set) var bestQPS2 = 0.0
    /// Seconds of every query that had the machine for itself.
    private(set) var latencies: [Double] = []

    init(target: Double, recall: Double, ef: Int) {
        self.target = target
        self.recall = recall
        self.ef = ef
    }

    /// Takes a round in: the best one counts for queries a second, all of them for the quantiles.
    mutating func add(_ round: BenchRound) {
        if round.threads == 1 {
            bestQPS1 = max(bestQPS1, round.queriesPerSecond)
            latencies += round.latencies
        } else {
            bestQPS2 = max(bestQPS2, round.queriesPerSecond)
        }
    }

    /// Microseconds of the median and of the 99th percentile.
    var microseconds: (p50: Double, p99: Double) {
        (latencies.quantile(0.5) * 1e6, latencies.quantile(0.99) * 1e6)
    }
}

/// Everything that a benchmark found.
struct BenchReport: Sendable {
    var builtPerSecond = 0.0
    var insertedPerSecond = 0.0
    /// Bytes a vector: anonymous memory after building, and after opening again.
    var residentBytes = 0.0
    var reopenedBytes = 0.0
    /// Bytes a vector: what the index says of itself, allocated and mapped, without the vectors.
    var indexBytes = 0.0
    var diskBytes = 0.0
    var openMilliseconds = 0.0
    var points: [BenchPoint] = []
    /// The share of rows that pass; nil without a filter.
    var selectivity: Double?
    var plan: String?

    /// What `--json` prints.
    var json: String { String(decoding: JSON.object(members).compact, as: UTF8.self) }

    /// As ``json``, with what only the other programs' benchmark asks for.
    var extendedJSON: JSON {
        .object(
            members + [
                .init("insert_vectors_per_second", Self.rounded(insertedPerSecond, 0)),
                .init("reopened_bytes_per_vector", Self.rounded(reopenedBytes, 1)),
                .init("index_bytes_per_vector", Self.rounded(indexBytes, 1)),
            ])
    }

    private var members: [JSON.Member] {
        let points = points.map { point in
            JSON.object([
                .init("recall_target", .number(point.target)), .init("recall", Self.rounded(point.recall, 5)),
                .init("ef", .integer(Int64(point.ef))), .init("qps_1", Self.rounded(point.bestQPS1, 1)),
                .init("qps_2", Self.rounded(point.bestQPS2, 1)),
                .init("p50_us", Self.rounded(point.microseconds.p50, 1)),
                .init("p99_us", Self.rounded(point.microseconds.p99, 1)),
            ])
        }
        var members: [JSON.Member] = [
            .init("build_vectors_per_second", Self.rounded(builtPerSecond, 0)),
            .init("points", .array(points)),
            .init("resident_bytes_per_vector", Self.rounded(residentBytes, 1)),
            .init("disk_bytes_per_vector", Self.rounded(diskBytes, 1)),
            .init("open_ms", Self.rounded(openMilliseconds, 2)),
        ]
        if let selectivity { members.append(.init("selectivity", .number(selectivity))) }
        if let plan { members.append(.init("plan", .string(plan))) }
        return members
    }

    /// The report for people.
    var table: String {
        func row(_ cells: [String]) -> String {
            cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined() + "\n"
        }
        func text(_ value: Double, _ digits: Int) -> String {
            digits == 0
                ? String(Int(value.rounded())) : String(decoding: Self.rounded(value, digits).compact, as: UTF8.self)
        }
        var result = row(["target", "recall", "ef", "1 thread/s", "2 threads/s", "p50 µs", "p99 µs"])
        for point in points {
            result += row([
                "\(point.target)", text(point.recall, 4), "\(point.ef)", text(point.bestQPS1, 0),
                text(point.bestQPS2, 0), text(point.microseconds.p50, 1), text(point.microseconds.p99, 1),
            ])
        }
        result +=
            "\ninsert    \(text(insertedPerSecond, 0)) vectors/s\nbuild     \(text(builtPerSecond, 0)) vectors/s\n"
        result += "resident  \(text(residentBytes, 1)) bytes/vector (\(text(reopenedBytes, 1)) after opening again; "
        result += "the index counts \(text(indexBytes, 1)))\n"
        result += "disk      \(text(diskBytes, 1)) bytes/vector\nopen      \(text(openMilliseconds, 1)) ms\n"
        if let selectivity { result += "filter    \(text(selectivity * 100, 3)) % pass: \(plan ?? "")\n" }
        return result
    }

    /// A number with so many decimals.
    static func rounded(_ value: Double, _ digits: Int) -> JSON {
        guard digits > 0 else { return value.isFinite ? .integer(Int64(value.rounded())) : .null }
        let factor = pow(10, Double(digits))
        return .number((value * factor).rounded() / factor)
    }
}

extension [Double] {
    /// The value that the share of all values does not exceed; 0 of none.
    func quantile(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return sorted[Swift.min(count - 1, Int((Double(count) * share).rounded(.down)))]
    }
}
