import Foundation
import TestSupport
import Testing
import VexFS

@testable import vexfs_fuse

/// The right answers and the filters of `vexfs-fuse bench ann`.
@Suite struct BenchTruthTests {
    private struct Bench {
        let data: BenchData
        let base: [[Float]]
        let queries: [[Float]]
    }

    private func bench(_ rows: Int, _ queries: Int, metric: String, seed: UInt64) throws -> Bench {
        var generator = SeededGenerator(seed: seed)
        let base = (0..<rows).map { _ in generator.vector(dimension: 11) }
        let asked = (0..<queries).map { _ in generator.vector(dimension: 11) }
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        try TestPath(directory + "/b.npy").write(NumPyArrayTests.bytes(base))
        try TestPath(directory + "/q.npy").write(NumPyArrayTests.bytes(asked))
        let line = ["ann", "--base", directory + "/b.npy", "--queries", directory + "/q.npy", "--recall", "0.9"]
        let parsed = try OptionParser.parse(line + ["--metric", metric], options: BenchVerb.options, permute: true)
        return Bench(
            data: try BenchData(try BenchRequest(parsed, temporaryDirectory: directory)), base: base, queries: asked)
    }

    /// Higher is nearer, in double precision.
    private func nearness(_ left: [Float], _ right: [Float], _ metric: Metric) -> Double {
        let pairs = zip(left, right).map { (Double($0), Double($1)) }
        let dot = pairs.reduce(0) { $0 + $1.0 * $1.1 }
        switch metric {
        case .dot: return dot
        case .cosine:
            let lengths = pairs.reduce((0, 0)) { ($0.0 + $1.0 * $1.0, $0.1 + $1.1 * $1.1) }
            return dot / (lengths.0 * lengths.1).squareRoot()
        case .euclidean: return -pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        case .manhattan: return -pairs.reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }

    @Test(arguments: Metric.allCases)
    func truthIsWhatComparingEverythingFinds(metric: Metric) throws {
        var announced = SeededGenerator.announced(for: "truthIsWhatComparingEverythingFinds")
        // More rows than one piece, and not a multiple of it.
        let bench = try bench(1301, 9, metric: metric.rawValue, seed: announced.next())
        for filter in [nil, try BenchFilter(bench.data, kind: .correlated, share: 0.02)] {
            let truth = try BenchTruth(bench.data, limit: 7, filter: filter)
            for (number, query) in bench.queries.enumerated() {
                let allowed = (0..<1301).filter { filter?.rows(for: number).contains(Row($0)) ?? true }
                let scores = allowed.map { nearness(bench.base[$0], query, metric) }.sorted(by: >)
                let found = truth.neighbors[number]
                #expect(found.count == 7 && found.allSatisfy { allowed.contains(Int($0.row)) })
                for (place, neighbor) in found.enumerated() {
                    // Rows of equal nearness may stand for one another.
                    let mine = nearness(bench.base[Int(neighbor.row)], query, metric)
                    #expect(abs(mine - scores[place]) <= 1e-5 * max(1, abs(mine)))
                }
            }
        }
    }

    @Test func recallCountsTheRightRows() throws {
        let truth = try BenchTruth(try bench(40, 1, metric: "dot", seed: 5).data, limit: 4, filter: nil)
        let right = truth.neighbors[0]
        let others = (0..<40).map { Row($0) }.filter { row in !right.contains { $0.row == row } }
        let wrong = Neighbor(row: others[0], score: 0)
        #expect(truth.recall(right, query: 0) == 1)
        #expect(truth.recall([wrong] + right.prefix(1), query: 0) == 0.25)
        #expect(truth.recall([], query: 0) == 0)
    }

    @Test func randomFiltersPassTheirShare() throws {
        let bench = try bench(4000, 3, metric: "cosine", seed: 6)
        let filter = try BenchFilter(bench.data, kind: .random, share: 0.1)
        #expect(filter.sets.count == 1 && abs(filter.selectivity - 0.1) < 0.02)
        #expect(filter.selectivity == Double(filter.rows(for: 2).count) / 4000)
        // What Benchmarks/ann/datasets.py computes, from the generator's definition.
        for row in 0..<100 as Range<UInt64> {
            var generator = SeededGenerator(seed: row)
            #expect(BenchFilter.mix(row) == Double(generator.next() >> 11) * 0x1p-53)
        }
    }

    @Test(arguments: Metric.allCases)
    func correlatedFiltersPassWhatIsNearTheQuery(metric: Metric) throws {
        let bench = try bench(800, 40, metric: metric.rawValue, seed: 7)
        let near = try BenchFilter(bench.data, kind: .correlated, share: 0.25)
        let far = try BenchFilter(bench.data, kind: .anticorrelated, share: 0.25)
        #expect(near.setOfQuery == far.setOfQuery && Set(near.setOfQuery).count > 1)
        #expect(near.selectivity == 0.25 && far.selectivity == 0.25)
        for (number, query) in bench.queries.enumerated() {
            let anchors = (0..<8).map { bench.base[(2 * $0 + 1) * 800 / 16] }
            let values = anchors.map { nearness($0, query, metric) }
            #expect(values[near.setOfQuery[number]] >= (values.max() ?? 0) - 1e-5)
            let anchor = anchors[near.setOfQuery[number]]
            let all = bench.base.map { nearness($0, anchor, metric) }
            func range(_ rows: RowBitmap) -> [Double] { (0..<800).filter { rows.contains(Row($0)) }.map { all[$0] } }
            let (inside, outside) = (range(near.rows(for: number)), range(far.rows(for: number)))
            #expect(inside.count == 200 && outside.count == 200)
            #expect((inside.min() ?? 0) >= all.sorted(by: >)[199] - 1e-5)
            #expect((outside.max() ?? 0) <= all.sorted()[199] + 1e-5)
        }
    }
}
