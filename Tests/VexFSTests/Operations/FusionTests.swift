import Testing

@testable import VexFS

struct FusionTests {
    private func list(_ points: [(Row, Float)]) -> [ScoredRow] { points.map { ScoredRow(row: $0.0, score: $0.1) } }

    @Test func ranksCountFromZeroAndKIsTwo() throws {
        let fused = try Fusion.reciprocalRank().fused([
            list([(2, 0.9), (1, 0.8)]), list([(1, 0.7), (2, 0.6), (3, 0.5)]), list([(5, 0.9), (3, 0.5), (1, 0.4)]),
        ])
        #expect(fused.map(\.row) == [1, 2, 3, 5])
        let expected: [Float] = [1.0 / 3 + 1.0 / 2 + 1.0 / 4, 1.0 / 2 + 1.0 / 3, 1.0 / 4 + 1.0 / 3, 1.0 / 2]
        for (point, score) in zip(fused, expected) { #expect(abs(point.score - score) < 1e-6) }
    }

    @Test func weightsStretchRanks() throws {
        #expect(Fusion.reciprocalRank(2, k: 60, weight: 3) == 1.0 / 60)
        #expect(Fusion.reciprocalRank(0, k: 2, weight: 0) == 0)
        let fused = try Fusion.reciprocalRank(weights: [1, 0]).fused([list([(1, 0.9)]), list([(2, 0.9)])])
        #expect(fused.map(\.score) == [0.5, 0])
        #expect(throws: VexFSError.self) { try Fusion.reciprocalRank(weights: [1]).fused([[], []]) }
    }

    @Test func equalScoresKeepTheOrderOfTheLists() throws {
        let fused = try Fusion.reciprocalRank().fused([list([(9, 1)]), list([(4, 1)]), list([(7, 1)])])
        #expect(fused.map(\.row) == [9, 4, 7])
        #expect(try Fusion.reciprocalRank().fused([]).isEmpty)
        #expect(try Fusion.distribution.fused([[], []]).isEmpty)
    }

    @Test func oneScoreAndEqualScoresAreInTheMiddle() throws {
        #expect(Fusion.normalized(list([(1, 7)])).map(\.score) == [0.5])
        #expect(Fusion.normalized(list([(1, 0.1), (2, 0.1), (3, 0.1)])).map(\.score) == [0.5, 0.5, 0.5])
    }

    @Test(arguments: 0..<50) func distributionsAreMappedByMeanAndDeviation(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let lists = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            let rows = (0..<Row.random(in: 0...9, using: &generator)).shuffled(using: &generator)
            return list(rows.map { ($0, Float.random(in: -2...2, using: &generator)) })
        }
        var expected: [Row: Double] = [:]
        for list in lists {
            let scores = list.map { Double($0.score) }
            let mean = scores.reduce(0, +) / Double(max(1, scores.count))
            let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, scores.count - 1))
            let low = mean - 3 * variance.squareRoot()
            for point in list {
                expected[point.row, default: 0] +=
                    list.count == 1 ? 0.5 : (Double(point.score) - low) / (6 * variance.squareRoot())
            }
        }
        let fused = try Fusion.distribution.fused(lists)
        #expect(Set(fused.map(\.row)) == Set(expected.keys), "seed \(seed)")
        for point in fused { #expect(abs(Double(point.score) - expected[point.row]!) < 1e-5, "seed \(seed)") }
        #expect(zip(fused, fused.dropFirst()).allSatisfy { $0.score >= $1.score }, "seed \(seed)")
    }
}
