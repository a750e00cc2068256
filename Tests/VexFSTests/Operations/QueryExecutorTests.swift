import Testing

@testable import VexFS

struct QueryExecutorTests {
    /// Points on a line: point 1 at 1, 2 at 2, …; every second one is even.
    private func line(_ count: Int, _ metric: Metric = .euclidean) -> MemoryPoints {
        var points: [MemoryPoints.Point] = []
        for number in 1...count {
            let payload = JSON.object([
                .init("n", .integer(Int64(number))), .init("even", .bool(number % 2 == 0)),
            ])
            let vector: [Float]? = number == 5 ? nil : [Float(number)]
            points.append(MemoryPoints.Point(id: .integer(UInt64(number)), vector: vector, payload: payload))
        }
        return MemoryPoints(metric: metric, points: points)
    }

    private func ids(_ operation: QueryOperation, _ source: MemoryPoints) throws -> [UInt64] {
        var executor = QueryExecutor(source)
        return try executor.run(operation).map { point in
            guard case .integer(let number)? = source.identifier(of: point.row) else { return 0 }
            return number
        }
    }

    private func at(_ place: Float) -> QueryOperation.VectorInput { .vector(.dense([place])) }
    private func point(_ id: UInt64) -> QueryOperation.VectorInput { .point(.integer(id)) }

    @Test func examplesAreLeftOut() throws {
        let source = line(9)
        #expect(try ids(QueryOperation(.nearest(point(3)), limit: 3), source) == [2, 4, 1])
        #expect(
            try ids(QueryOperation(.recommend(positive: [point(3)], negative: [point(1)], .bestScore)), source)
                .contains(3)
                == false)
        // Also those of prefetches, everywhere.
        let nested = QueryOperation(
            .nearest(at(3)), prefetch: [QueryOperation(.nearest(point(2))), QueryOperation(.nearest(at(0)))])
        #expect(try ids(nested, source) == [3, 4, 1, 6, 7, 8, 9])
    }

    @Test func examplesElsewhereAreNotLeftOut() throws {
        var source = line(4)
        source.others["other"] = [MemoryPoints.Point(id: .integer(3), vector: [1.2], payload: .object([]))]
        let lookup = VectorLookup(collection: "other")
        #expect(try ids(QueryOperation(.nearest(point(3)), limit: 3, lookup: lookup), source) == [1, 2, 3])
        let own = VectorLookup(collection: "memory")
        #expect(try ids(QueryOperation(.nearest(point(3)), limit: 3, lookup: own), source) == [2, 4, 1])
    }

    @Test func whatIsNotThereIsNamed() {
        let source = line(6)
        func code(_ operation: QueryOperation) -> VexFSError.Code? {
            do { _ = try ids(operation, source) } catch { return (error as? VexFSError)?.code }
            return nil
        }
        #expect(code(QueryOperation(.nearest(point(77)))) == .notFound)
        #expect(code(QueryOperation(.nearest(point(5)))) == .notFound)
        #expect(code(QueryOperation(.recommend(positive: [point(5)], negative: [], .sumScores))) == .notFound)
        #expect(code(QueryOperation(.recommend(positive: [point(5), point(1)], negative: [], .sumScores))) == nil)
        #expect(code(QueryOperation(.nearest(point(1)), lookup: VectorLookup(collection: "none"))) == .notFound)
        #expect(code(QueryOperation(.nearest(at(1)), using: "image")) == .invalidQuery)
        #expect(code(QueryOperation(.fusion(.distribution))) == .invalidQuery)
        #expect(code(QueryOperation(.recommend(positive: [], negative: [at(1)], .averageVector))) == .invalidQuery)
        #expect(code(QueryOperation(.context([]))) == .invalidQuery)
        #expect(code(QueryOperation(nil, scoreThreshold: 1)) == .invalidQuery)
        #expect(code(QueryOperation(.fusion(.distribution), prefetch: [QueryOperation()], using: "x")) == .invalidQuery)
    }

    @Test func thresholdsHaveTheDirectionOfTheMetric() throws {
        #expect(try ids(QueryOperation(.nearest(at(3)), scoreThreshold: 1.5), line(9)) == [3, 2, 4])
        #expect(try ids(QueryOperation(.nearest(at(1)), scoreThreshold: 7), line(9, .dot)) == [9, 8])
        // Only better scores, not equal ones; of fused ones equal scores too.
        #expect(try ids(QueryOperation(.nearest(at(3)), scoreThreshold: 1), line(9)) == [3])
        let fused = QueryOperation(
            .fusion(.reciprocalRank()), prefetch: [QueryOperation(.nearest(at(3)))], scoreThreshold: 1.0 / 3)
        #expect(try ids(fused, line(9)) == [3, 2])
    }

    @Test func prefetchesWithoutAQueryAreUnited() throws {
        let inner = [QueryOperation(.nearest(at(8)), limit: 2), QueryOperation(.nearest(at(1)), limit: 2)]
        #expect(try ids(QueryOperation(prefetch: inner), line(9)) == [1, 2, 7, 8])
        #expect(try ids(QueryOperation(limit: 3, offset: 2), line(9)) == [3, 4, 5])
    }

    @Test func filtersHoldForPrefetches() throws {
        let even = Filter.anyOf(field: "even", values: [.bool(true)])
        let operation = QueryOperation(
            .nearest(at(0)), prefetch: [QueryOperation(.nearest(at(9)), limit: 2)], filter: even)
        #expect(try ids(operation, line(9)) == [6, 8])
    }

    @Test func batchesKeepTheirPlaces() throws {
        var executor = QueryExecutor(line(4))
        let answers = executor.run([
            QueryOperation(.nearest(at(1)), limit: 1), QueryOperation(.nearest(point(99))), QueryOperation(limit: 1),
        ])
        #expect(try answers[0].get().map(\.row) == [0])
        #expect(throws: VexFSError.self) { try answers[1].get() }
        #expect(try answers[2].get().map(\.row) == [0])
    }

    @Test func emptyCollectionsAnswerNothing() throws {
        let source = MemoryPoints(points: [])
        for query: QueryOperation.Query in [
            .nearest(at(1)), .sample, .context([.init(positive: at(1), negative: at(2))]),
            .discover(target: at(1), context: []), .orderBy(OrderBy(key: PayloadPath(key: "n"))),
            .recommend(positive: [at(1)], negative: [], .averageVector),
            .nearest(at(1), diversity: MaximalMarginalRelevance()),
        ] {
            #expect(try ids(QueryOperation(query), source).isEmpty)
        }
        var executor = QueryExecutor(source)
        #expect(try executor.matrix() == .empty)
        #expect(try executor.facet(PayloadPath(key: "n")).isEmpty)
        #expect(try executor.scroll(ScrollQuery()) == ScrollPage(points: []))
        #expect(try executor.groups(GroupQuery(QueryOperation(.nearest(at(1))), by: PayloadPath(key: "n"))).isEmpty)
    }

    @Test func samplesRespectFilterAndLimit() throws {
        let even = Filter.anyOf(field: "even", values: [.bool(true)])
        let found = try ids(QueryOperation(.sample, filter: even, limit: 3, offset: 90), line(9))
        #expect(found.count == 3 && Set(found).count == 3 && found.allSatisfy { $0 % 2 == 0 })
    }

    @Test func ofTiesTheLowerRowComesFirst() throws {
        let source = MemoryPoints(
            metric: .dot,
            points: (1...6).map { MemoryPoints.Point(id: .integer($0), vector: [1, 1], payload: .object([])) })
        let vector = QueryOperation.VectorInput.vector(.dense([1, 0]))
        #expect(try ids(QueryOperation(.nearest(vector), limit: 3), source) == [1, 2, 3])
        #expect(
            try ids(QueryOperation(.recommend(positive: [vector], negative: [], .sumScores), limit: 3), source)
                == [1, 2, 3])
    }

    @Test func pagesFollowEachOther() throws {
        var executor = QueryExecutor(line(25))
        for limit in [1, 4, 25, 40] {
            var page = ScrollQuery(filter: .anyOf(field: "even", values: [.bool(true)]), limit: limit)
            var rows: [Row] = []
            repeat {
                let found = try executor.scroll(page)
                rows += found.points.map(\.row)
                page.start = found.next
            } while page.start != nil
            #expect(rows == (0..<25).filter { $0 % 2 == 1 })
        }
        #expect(try executor.scroll(ScrollQuery(order: .insertion, offset: 3, limit: 2)).points.map(\.row) == [3, 4])
        #expect(throws: VexFSError.self) { try executor.scroll(ScrollQuery(offset: 3)) }
        #expect(throws: VexFSError.self) { try executor.scroll(ScrollQuery(order: .insertion, start: .integer(3))) }
    }

    @Test(arguments: 0..<60) func groupsAreThoseOfTheWholeRanking(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func number(_ range: ClosedRange<Int64>) -> JSON { .integer(Int64.random(in: range, using: &generator)) }
        let source = MemoryPoints(
            metric: .euclidean,
            points: (0..<Int.random(in: 0...60, using: &generator)).map { place in
                let keys: [JSON] = [
                    number(0...9), .string("x"), .array([number(0...9), number(0...9)]), .array([]), .null,
                    .array([number(0...9), .bool(true)]), .number(1.5),
                ]
                let key = Bool.random(using: &generator) ? keys[0] : keys.randomElement(using: &generator) ?? .null
                return MemoryPoints.Point(
                    id: .integer(UInt64(place)), vector: [Float.random(in: 0...1, using: &generator)],
                    payload: .object([.init("g", key)]))
            })
        let limit = Int.random(in: 1...6, using: &generator)
        let size = Int.random(in: 1...5, using: &generator)
        let place = Float.random(in: 0...1, using: &generator)
        let queries: [QueryOperation.Query] = [
            .nearest(at(place)), .recommend(positive: [at(place)], negative: [at(0)], .sumScores),
        ]
        for query in queries {
            var executor = QueryExecutor(source)
            let ranking = try executor.run(QueryOperation(query, limit: 100))
            var order: [JSON] = []
            var members: [[Row]] = []
            for point in ranking {
                let value = source.points[Int(point.row)].payload["g"] ?? .null
                var keys: [JSON] = []
                for key in value.arrayValue ?? [value] where !keys.contains(key) { keys.append(key) }
                let isGrouped = keys.allSatisfy { $0.stringValue != nil || $0 == $0.integerValue.map { .integer($0) } }
                for key in isGrouped ? keys : [] {
                    if let known = order.firstIndex(of: key) {
                        members[known].append(point.row)
                    } else {
                        order.append(key)
                        members.append([point.row])
                    }
                }
            }
            let found = try executor.groups(
                GroupQuery(QueryOperation(query), by: PayloadPath(key: "g"), limit: limit, size: size))
            #expect(found.map(\.id.json) == Array(order.prefix(limit)), "seed \(seed)")
            #expect(
                found.map { $0.points.map(\.row) } == members.prefix(limit).map { Array($0.prefix(size)) },
                "seed \(seed)")
        }
    }

    @Test func aPageEndsWhereTheNextOneBeginsWhateverBecameOfThePoint() throws {
        var source = line(25)
        source.gone = source.rows
        var executor = QueryExecutor(source)
        let page = try executor.scroll(ScrollQuery(limit: 10))
        #expect(page.points.count == 10 && page.next == .integer(11))
    }

    @Test func filtersOfABatchAreToldApartByTheirBytes() throws {
        var source = line(1)
        source.points[0].payload = .object([.init("t", .string("caf\u{E9}"))])
        var executor = QueryExecutor(source)
        #expect(try executor.count(matching: .textMatch(field: "t", text: "caf\u{E9}")) == 1)
        _ = try executor.run(QueryOperation(filter: .textMatch(field: "t", text: "caf\u{E9}")))
        #expect(try executor.run(QueryOperation(filter: .textMatch(field: "t", text: "cafe\u{301}"))).isEmpty)
    }

    @Test func whatCostsTooMuchIsRefused() throws {
        func refusal(_ operation: QueryOperation) -> VexFSError? {
            do { _ = try ids(operation, line(3)) } catch { return error as? VexFSError }
            return nil
        }
        let diverse = QueryOperation.Query.nearest(at(1), diversity: MaximalMarginalRelevance())
        #expect(refusal(QueryOperation(diverse, limit: 16_384)) == nil)
        #expect(refusal(QueryOperation(diverse, limit: 16_385))?.message.contains("16384 is the most") == true)
        func feedback(_ count: Int) -> QueryOperation {
            let relevances = RelevanceFeedback(a: 1, b: 1, c: 1, relevances: (0..<count).map { Float($0) })
            return QueryOperation(
                .relevanceFeedback(target: at(1), examples: (0..<count).map { at(Float($0)) }, relevances))
        }
        #expect(refusal(feedback(64)) == nil)
        #expect(refusal(feedback(65))?.message.contains("64 is the most") == true)
    }

    @Test func largestNumbersAreNumbers() throws {
        let source = line(9)
        #expect(try ids(QueryOperation(.nearest(at(3)), limit: .max, offset: 7), source) == [9])
        #expect(try ids(QueryOperation(.nearest(at(3)), limit: 1, offset: .max), source).isEmpty)
        #expect(try ids(QueryOperation(limit: .max, offset: .max), source).isEmpty)
        var executor = QueryExecutor(source)
        #expect(try executor.scroll(ScrollQuery(limit: .max)).points.count == 9)
        #expect(try executor.scroll(ScrollQuery(limit: .max)).next == nil)
    }

    /// Two files can say that they have one id; whoever reads page by page has to come to the end all the same.
    @Test(arguments: [1, 2, 3, 4, 5]) func pagesOfEqualIdsEnd(limit: Int) throws {
        let ids: [UInt64] = [1, 2, 2, 2, 2, 2, 3, 4, 4]
        let source = MemoryPoints(
            points: ids.map { MemoryPoints.Point(id: .integer($0), vector: nil, payload: .object([])) })
        var executor = QueryExecutor(source)
        var rows: [Row] = []
        var start: PointIdentifier?
        var pages = 0
        repeat {
            let page = try executor.scroll(ScrollQuery(start: start, limit: limit))
            rows += page.points.map(\.row)
            start = page.next
            pages += 1
        } while start != nil && pages < 20
        #expect(start == nil)
        #expect(rows == Array(0..<9))
        #expect(try executor.scroll(ScrollQuery(limit: 0)) == ScrollPage(points: [], next: .integer(1)))
    }

    @Test func aGroupHoldsAPointOnce() throws {
        var points: [MemoryPoints.Point] = []
        for number in 1...40 {
            let keys: [JSON] = [
                .integer(Int64(number % 3)), .string("all"), .string("all"), .integer(Int64(number % 3)),
            ]
            points.append(
                MemoryPoints.Point(
                    id: .integer(UInt64(number)), vector: [Float(number)],
                    payload: .object([.init("k", .array(keys))])))
        }
        var executor = QueryExecutor(MemoryPoints(metric: .euclidean, points: points))
        let groups = try executor.groups(
            GroupQuery(QueryOperation(.nearest(at(0))), by: try PayloadPath(qdrant: "k[]"), limit: 4, size: 100))
        #expect(
            groups.map(\.points.count) == [13, 40, 14, 13] || groups.map(\.points.count).sorted() == [13, 13, 14, 40])
        #expect(groups.allSatisfy { Set($0.points.map(\.row)).count == $0.points.count })
    }
}
