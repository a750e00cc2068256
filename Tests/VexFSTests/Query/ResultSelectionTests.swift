import Testing

@testable import VexFS

@Suite struct ResultSelectionTests {
    static func randomNeighbors(_ metric: Metric, using generator: inout SeededGenerator) -> [Neighbor] {
        let scores = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
            Float(Int.random(in: 0...16, using: &generator)) / 16
        }
        let ordered = metric.higherIsNearer ? scores.sorted(by: >) : scores.sorted()
        return ordered.enumerated().map { Neighbor(row: Row($0.offset), score: $0.element) }
    }

    static func randomRequest(using generator: inout SeededGenerator) -> QueryRequest {
        var request = QueryRequest(target: .text("x"), title: "x")
        request.limit = Int.random(in: 1...12, using: &generator)
        request.offset = Int.random(in: 0...6, using: &generator)
        request.groupSize = Int.random(in: 1...4, using: &generator)
        if Bool.random(using: &generator) {
            request.minimumScore = Double(Int.random(in: 0...16, using: &generator)) / 16
        }
        return request
    }

    @Test(arguments: Metric.allCases) func cutsLikePlainFilters(metric: Metric) {
        let seed: UInt64 = 0x5E1_0001
        var generator = SeededGenerator(seed: seed)
        for round in 0..<500 {
            let neighbors = Self.randomNeighbors(metric, using: &generator)
            let request = Self.randomRequest(using: &generator)
            var expected: [Neighbor] = []
            var skipped = 0
            for neighbor in neighbors {
                // Sixteenths are exact as Float and as Double.
                let minimum = Float(request.minimumScore ?? (metric.higherIsNearer ? -1 : 2))
                if metric.higherIsNearer ? neighbor.score < minimum : neighbor.score > minimum { continue }
                skipped += 1
                if skipped > request.offset, expected.count < request.limit { expected.append(neighbor) }
            }
            let selection = ResultSelection(request: request, metric: metric)
            #expect(selection.results(of: neighbors) == expected, "seed \(seed) round \(round)")
        }
    }

    @Test func groupsLikeAFullSort() throws {
        let seed: UInt64 = 0x5E1_0002
        var generator = SeededGenerator(seed: seed)
        for round in 0..<500 {
            let neighbors = Self.randomNeighbors(.cosine, using: &generator)
            let request = Self.randomRequest(using: &generator)
            let keys = neighbors.map { _ in
                (0..<Int.random(in: 0...2, using: &generator)).map { _ in Int.random(in: 0...8, using: &generator) }
            }
            let selection = ResultSelection(request: request, metric: .cosine)
            let accepted = neighbors.filter { selection.accepts($0.score) }
            var order: [Int] = []
            for neighbor in accepted {
                for key in keys[Int(neighbor.row)] where !order.contains(key) { order.append(key) }
            }
            let expected = order.dropFirst(request.offset).prefix(request.limit).map { key in
                accepted.filter { keys[Int($0.row)].contains(key) }.prefix(request.groupSize)
            }
            let grouping = try selection.groups(of: neighbors) { (row: Row) throws(VexFSError) in keys[Int(row)] }
            #expect(grouping.groups.map(\.key) == Array(order.dropFirst(request.offset).prefix(request.limit)))
            #expect(grouping.groups.map { $0.members[...] } == Array(expected), "seed \(seed) round \(round)")
            // Complete groups of a beginning are the groups of the whole.
            let beginning = Array(neighbors.prefix(neighbors.count / 2))
            let early = try selection.groups(of: beginning) { (row: Row) throws(VexFSError) in keys[Int(row)] }
            if early.isComplete {
                #expect(early.groups.map(\.members) == grouping.groups.map(\.members), "seed \(seed) round \(round)")
            }
        }
    }

    @Test func aFailureToReadAKeyIsPassedOn() {
        let selection = ResultSelection(request: QueryRequest(target: .text("x"), title: "x"), metric: .dot)
        let error = #expect(throws: VexFSError.self) {
            try selection.groups(of: [Neighbor(row: 0, score: 1)]) { (_: Row) throws(VexFSError) -> [Int] in
                throw VexFSError(.corruption, "unreadable")
            }
        }
        #expect(error?.code == .corruption)
    }
}
