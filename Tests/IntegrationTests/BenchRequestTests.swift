import Foundation
import TestSupport
import Testing
import VexFS

@testable import vexfs_fuse

/// The command line of `vexfs-fuse bench ann`.
@Suite struct BenchRequestTests {
    private static let least = ["ann", "--base", "b.npy", "--queries", "q.npy", "--recall", "0.95,0.99"]

    private func request(_ arguments: [String]) throws -> BenchRequest {
        let parsed = try OptionParser.parse(arguments, options: BenchVerb.options, permute: true)
        return try BenchRequest(parsed, temporaryDirectory: "/somewhere")
    }

    @Test func defaults() throws {
        let request = try request(Self.least)
        #expect(request.base == "b.npy" && request.queries == "q.npy" && request.recallTargets == [0.95, 0.99])
        #expect(request.metric == .cosine && request.limit == 10 && request.rounds == 5 && request.selectivity == nil)
        #expect(request.indexKind == .default && request.mode == .fast && request.directory == "/somewhere")
        #expect(!request.isJSON && !request.serves)
    }

    @Test func everythingCanBeSaid() throws {
        let more = [
            "--metric=euclidean", "-k", "5", "--filter-selectivity", "0.01", "--filter-kind=anticorrelated",
            "--index=hnsw", "--mode=compact", "--rounds=7", "--directory=/data", "--json", "--serve",
        ]
        let request = try request(Self.least + more)
        #expect(request.metric == .euclidean && request.limit == 5 && request.rounds == 7)
        #expect(request.selectivity == 0.01 && request.filterKind == .anticorrelated)
        #expect(request.indexKind == .hnsw && request.mode == .compact && request.directory == "/data")
        #expect(request.isJSON && request.serves)
    }

    static let wrong: [(arguments: [String], named: String)] = [
        ([], "bench ann"), (["cosines"], "bench ann"), (["ann", "ann"], "bench ann"), (["ann"], "--base"),
        (["ann", "--base", "b"], "--queries"), (["ann", "--base", "b", "--queries", "q"], "--recall"),
        (least + ["--recall", "0.95,"], "--recall"), (least + ["--recall", "95"], "\"95\""),
        (least + ["--recall", "0"], "\"0\""), (least + ["--recall", "high"], "\"high\""),
        (least + ["--metric", "l3"], "\"l3\""), (least + ["--index", "tree"], "lsh"),
        (least + ["--mode", "slow"], "compact"), (least + ["-k", "0"], "--k"), (least + ["--rounds", "0"], "--rounds"),
        (least + ["--filter-selectivity", "1.5"], "1.5"), (least + ["--filter-selectivity", "nan"], "nan"),
        (least + ["--filter-kind", "random"], "--filter-selectivity"),
        (least + ["--filter-selectivity", "0.1", "--filter-kind", "odd"], "anticorrelated"),
    ]

    @Test(arguments: wrong)
    func whatIsWrongIsNamed(arguments: [String], named: String) {
        let failure = #expect(throws: Failure.self) { try request(arguments) }
        #expect(failure?.code == .usage && failure?.message.contains(named) == true, "\(failure?.message ?? "")")
    }
}
