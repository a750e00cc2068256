import Foundation
import TestSupport
import Testing

@testable import vexfs_fuse

/// `vexfs-fuse bench ann` on a few hundred vectors.
@Suite struct BenchVerbTests {
    /// A directory with b.npy and q.npy.
    private func directory(width: Int = 24, queryWidth: Int? = nil) throws -> String {
        var generator = SeededGenerator(seed: 11)
        let directory = try makeTemporaryDirectory()
        let base = (0..<700).map { _ in generator.vector(dimension: width) }
        let queries = (0..<12).map { _ in generator.vector(dimension: queryWidth ?? width) }
        try TestPath(directory + "/b.npy").write(NumPyArrayTests.bytes(base))
        try TestPath(directory + "/q.npy").write(NumPyArrayTests.bytes(queries))
        return directory
    }

    private func bench(_ directory: String, _ options: [String], input: String = "") throws -> CommandResult {
        let command = [
            Environment.binary, "bench", "ann", "--base", "b.npy", "--queries", "q.npy", "--recall", "0.9,1",
            "--directory", directory, "--rounds", "1",
        ]
        return try run(command + options, in: directory, input: Array(input.utf8))
    }

    private func objects(_ result: CommandResult) throws -> [[String: Any]] {
        try result.lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    private static let keys: Set = [
        "build_vectors_per_second", "points", "resident_bytes_per_vector", "disk_bytes_per_vector", "open_ms",
    ]

    @Test func measuresAndLeavesNothingBehind() throws {
        let directory = try directory()
        defer { removeTree(directory) }
        let result = try bench(directory, ["--json"])
        #expect(result.status == 0, "\(result.errorText)")
        let report = try #require(try objects(result).first)
        #expect(Set(report.keys) == Self.keys && result.lines.count == 1)
        let points = try #require(report["points"] as? [[String: Any]])
        #expect(points.map { $0["recall_target"] as? Double } == [0.9, 1])
        for point in points {
            #expect(Set(point.keys) == ["recall_target", "recall", "ef", "qps_1", "qps_2", "p50_us", "p99_us"])
            let recall = try #require(point["recall"] as? Double)
            #expect(try recall >= #require(point["recall_target"] as? Double) && recall <= 1)
            for key in ["qps_1", "qps_2", "p50_us"] { #expect(try #require(point[key] as? Double) > 0, "\(key)") }
            #expect(try #require(point["p99_us"] as? Double) >= #require(point["p50_us"] as? Double))
        }
        #expect(try #require(report["build_vectors_per_second"] as? Double) > 0)
        #expect(try #require(report["open_ms"] as? Double) > 0)
        // The vectors themselves are on the disk.
        #expect(try #require(report["disk_bytes_per_vector"] as? Double) >= 24 * 4)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["b.npy", "q.npy"])
    }

    @Test(arguments: BenchRequest.FilterKind.allCases)
    func filtersSayHowMuchPassesAndHow(kind: BenchRequest.FilterKind) throws {
        let directory = try directory()
        defer { removeTree(directory) }
        let options = ["--json", "--filter-selectivity", "0.1", "--filter-kind", kind.rawValue]
        let result = try bench(directory, options)
        #expect(result.status == 0, "\(result.errorText)")
        let report = try #require(try objects(result).first)
        #expect(Set(report.keys) == Self.keys.union(["selectivity", "plan"]))
        #expect(try abs(#require(report["selectivity"] as? Double) - 0.1) < 0.04)
        #expect(try !#require(report["plan"] as? String).isEmpty)
    }

    @Test(arguments: ["cosine", "dot", "euclidean", "manhattan"])
    func theTableIsForPeople(metric: String) throws {
        let directory = try directory()
        defer { removeTree(directory) }
        let result = try bench(directory, ["--metric", metric, "--index", "flat", "-k", "3"])
        #expect(result.status == 0, "\(result.errorText)")
        for word in ["recall", "build", "resident", "disk", "open"] { #expect(result.text.contains(word), "\(word)") }
    }

    @Test func commandsAreAnsweredLineByLine() throws {
        let directory = try directory()
        defer { removeTree(directory) }
        let commands = [
            "round 1 2", "round ef=50 1", "filter correlated 0.05", "filter none", "report", "round 0.5 1", "nonsense",
        ]
        let result = try bench(directory, ["--serve"], input: commands.joined(separator: "\n") + "\n")
        #expect(result.status == 0, "\(result.errorText)")
        let answers = try objects(result)
        #expect(answers.count == commands.count + 1)
        #expect(Self.keys.isSubset(of: answers[0].keys))
        #expect(answers[1]["threads"] as? Int == 2 && answers[1]["recall"] as? Double == 1)
        #expect(answers[2]["ef"] as? Int == 50 && (answers[2]["qps"] as? Double ?? 0) > 0)
        #expect(try abs(#require(answers[3]["selectivity"] as? Double) - 0.05) < 0.01)
        #expect(answers[4]["selectivity"] == nil)
        #expect((answers[5]["points"] as? [Any])?.count == 2)
        #expect(answers[6]["error"] != nil && answers[7]["error"] != nil)
    }

    @Test func vectorsOfTwoWidthsAreBadInput() throws {
        let directory = try directory(queryWidth: 25)
        defer { removeTree(directory) }
        let result = try bench(directory, ["--json"])
        #expect(result.status == ExitCode.badInput.rawValue && result.output.isEmpty)
        #expect(result.errorText.contains("24") && result.errorText.contains("25"))
    }

    @Test func aPlaceThatIsMissingIsNamed() throws {
        let directory = try directory()
        defer { removeTree(directory) }
        let result = try bench(directory, ["--json", "--directory", directory + "/none"])
        #expect(result.status == ExitCode.failure.rawValue && result.errorText.contains(directory + "/none"))
    }
}
