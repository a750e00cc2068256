import Foundation
import Testing

@testable import VexFS

/// Queries with the answers of qdrant-client's local mode, from Tests/ClientTests/query_cases.py.
struct LocalMode {
    var points: [MemoryPoints.Point]
    var other: [MemoryPoints.Point]
    var cases: [Case]

    struct Case: CustomStringConvertible {
        var number: Int
        var kind: String
        var metric: Metric
        var request: JSON
        /// nil where local mode refuses.
        var answer: JSON?
        var description: String {
            "case \(number): \(kind) \(metric) \(String(decoding: request.compact, as: UTF8.self))"
        }
    }

    init() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/queries/local_mode.json")
        let json = try JSON.parse([UInt8](Data(contentsOf: path)))
        points = try Self.points(#require(json["points"]))
        other = try Self.points(#require(json["other"]))
        cases = try #require(json["cases"]?.arrayValue).enumerated().map { number, item in
            Case(
                number: number, kind: try #require(item["kind"]?.stringValue),
                metric: try #require(item["metric"]?.stringValue.flatMap(Metric.init(rawValue:))),
                request: try #require(item["request"]), answer: item["answer"])
        }
    }

    private static func points(_ json: JSON) throws -> [MemoryPoints.Point] {
        try (json.arrayValue ?? []).map { item in
            MemoryPoints.Point(
                id: try identifier(#require(item["id"])),
                vector: item["vector"]?.arrayValue?.compactMap { $0.numberValue.map { Float($0) } },
                payload: try #require(item["payload"]))
        }
    }

    static func identifier(_ json: JSON) throws -> PointIdentifier {
        PointIdentifier(ByteString(try json.stringValue ?? String(#require(json.integerValue))))
    }

    /// Plain points for a metric.
    func source(_ metric: Metric) -> MemoryPoints {
        MemoryPoints(
            name: metric.rawValue, metric: metric, points: points, others: [metric.rawValue + "-other": other])
    }
}

/// An answer, whoever gave it: ids, scores and order values.
struct AnswerLine: CustomStringConvertible {
    var id: PointIdentifier
    var score: Double
    var value: Double?
    var description: String { "\(id) \(score)\(value.map { " \($0)" } ?? "")" }

    init(_ json: JSON) throws {
        let parts = try #require(json.arrayValue)
        id = try LocalMode.identifier(parts[0])
        score = try #require(parts[1].numberValue)
        value = parts.count > 2 ? parts[2].numberValue : nil
    }

    init(_ point: ScoredRow, _ source: any PointSource) throws {
        id = try #require(source.identifier(of: point.row))
        score = Double(point.score)
        value = point.orderValue?.json.numberValue
    }

    /// Whether scores and order values are the same but for rounding: of the score, or of sums that cancel each other.
    func isClose(_ other: AnswerLine) -> Bool {
        value == other.value && abs(score - other.score) <= max(4e-6, 1e-5 * max(abs(score), abs(other.score)))
    }

    /// Whether two answers are the same: equal scores place by place; ids too, save that points of equal scores may
    /// stand in any order, and beyond the cuts.
    static func same(_ found: [AnswerLine], _ expected: [AnswerLine]) -> Bool {
        guard found.count == expected.count, zip(found, expected).allSatisfy({ $0.isClose($1) }) else { return false }
        guard let first = expected.first, let last = expected.last else { return true }
        return found.allSatisfy { line in
            line.isClose(first) || line.isClose(last) || expected.contains { $0.id == line.id && $0.isClose(line) }
        }
    }
}
