import Testing

@testable import VexFS

@Suite struct NeighborTests {
    @Test(arguments: Metric.allCases) func theHeapKeepsWhatASortWould(metric: Metric) {
        let seed: UInt64 = 0x4EA9_0001
        var generator = SeededGenerator(seed: seed)
        let order = NeighborOrder(metric)
        for round in 0..<300 {
            let count = Int.random(in: 0...80, using: &generator)
            let limit = Int.random(in: 1...40, using: &generator)
            var neighbors = (0..<count).map {
                Neighbor(row: Row($0), score: Float(Int.random(in: 0...10, using: &generator)))
            }
            neighbors.shuffle(using: &generator)
            var heap = NeighborHeap(limit: limit, metric: metric)
            for neighbor in neighbors { heap.offer(neighbor) }
            let expected = Array(neighbors.sorted(by: order.precedes).prefix(limit))
            #expect(heap.sorted() == expected, "seed \(seed) round \(round)")
            let halves = [Array(neighbors.prefix(count / 2)), Array(neighbors.dropFirst(count / 2))]
            #expect([Neighbor].merged(halves, limit: limit, metric: metric) == expected, "seed \(seed) round \(round)")
        }
    }

    @Test func whatIsNotANumberIsNotKept() {
        var heap = NeighborHeap(limit: 2, metric: .euclidean)
        for score in [Float.nan, 3, .nan, 1, .nan, 2] { heap.offer(Neighbor(row: 7, score: score)) }
        #expect(heap.sorted().map(\.score) == [1, 2])
    }
}
