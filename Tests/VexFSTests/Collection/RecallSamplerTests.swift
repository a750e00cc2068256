import Testing

@testable import VexFS

@Suite struct RecallSamplerTests {
    private func neighbors(_ scores: [Float]) -> [Neighbor] {
        scores.enumerated().map { Neighbor(row: Row($0), score: $1) }
    }

    @Test func countsWhatWasFoundOfTheNearest() {
        let exact = neighbors([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(RecallSampler.recall(of: exact, exact: exact, metric: .dot) == 1)
        let found = neighbors([10, 9, 8, 7, 6, 0.5, 0.4, 0.3, 0.2, 0.1])
        #expect(RecallSampler.recall(of: found, exact: exact, metric: .dot) == 0.5)
        #expect(RecallSampler.recall(of: [], exact: exact, metric: .dot) == 0)
        #expect(RecallSampler.recall(of: found, exact: [], metric: .dot) == nil)
        let near = neighbors([1, 2, 3])
        #expect(RecallSampler.recall(of: neighbors([1, 2, 4]), exact: near, metric: .euclidean) == 2.0 / 3)
    }

    @Test func equalsCountAsFound() {
        let exact = neighbors([1, 0.5, 0.5])
        let found = [Neighbor(row: 0, score: 1), Neighbor(row: 7, score: 0.5), Neighbor(row: 8, score: 0.5)]
        #expect(RecallSampler.recall(of: found, exact: exact, metric: .cosine) == 1)
    }

    @Test func takesFewSamples() throws {
        let sampler = RecallSampler()
        #expect(sampler.figure == nil)
        let answer = neighbors([3, 2, 1])
        sampler.offer([1], RowBitmap(), answer, now: 100)
        sampler.offer([2], RowBitmap(), answer, now: 101)
        let sample = try #require(sampler.take())
        #expect(sample.vector == [1])
        sampler.offer([3], RowBitmap(), answer, now: 200)
        #expect(sampler.take() == nil)
        sampler.note(sample, exact: answer, metric: .dot)
        sampler.note(sample, exact: neighbors([9, 8, 7]), metric: .dot)
        #expect(sampler.figure?.recall == 0.5)
        #expect(sampler.figure?.samples == 2)
    }
}
