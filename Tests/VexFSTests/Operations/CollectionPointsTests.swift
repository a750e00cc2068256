import Testing

@testable import VexFS

struct CollectionPointsTests {
    private func collection(_ fixture: StoreFixture, _ metric: Metric = .dot) throws -> Collection {
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array(#"{"metric":"\#(metric.rawValue)","model":"none"}"#.utf8))
        return collection
    }

    private func page(_ collection: Collection, _ query: ScrollQuery = ScrollQuery(limit: 100)) throws -> [String] {
        let source = collection.points()
        var executor = QueryExecutor(source)
        return try executor.scroll(query).points.compactMap { source.identifier(of: $0.row)?.description }
    }

    @Test func idsAreOrderedThroughChangesAndRenames() throws {
        let fixture = try StoreFixture()
        let collection = try collection(fixture)
        for name: ByteString in ["10.json", "9.json", "zoë.json", "notes.json"] {
            try collection.put(name, #"{"vector":null,"n":1}"#)
        }
        #expect(try page(collection) == ["9", "10", "notes", "zoë"])
        try collection.put("8.json", #"{"vector":null,"n":2}"#)
        #expect(try page(collection) == ["8", "9", "10", "notes", "zoë"])
        let root = Collection.rootNumber
        _ = try collection.rename("10.json", in: root, to: "7.json", in: root, mode: .replace)
        #expect(try page(collection) == ["7", "8", "9", "notes", "zoë"])
        // A changed document keeps its place in the order of insertion.
        let nine = try #require(collection.file(withID: "9"))
        _ = try collection.commit(Array(#"{"vector":null,"n":9}"#.utf8), to: nine)
        #expect(try page(collection, ScrollQuery(order: .insertion, limit: 100)) == ["7", "9", "zoë", "notes", "8"])
        #expect(try page(collection, ScrollQuery(order: .insertion, offset: 1, limit: 2)) == ["9", "zoë"])
    }

    @Test func answersAreThoseOfOneMoment() throws {
        let fixture = try StoreFixture()
        let collection = try collection(fixture)
        for number in 1...5 {
            try collection.put(ByteString("\(number).json"), #"{"vector":[\#(number),1],"n":\#(number)}"#)
        }
        var executor = QueryExecutor(collection.points())
        try collection.put("6.json", #"{"vector":[9,9],"n":6}"#)
        let nearest = QueryOperation(.nearest(.vector(.dense([1, 0]))))
        #expect(try executor.run(nearest).count == 5)
        #expect(try executor.count() == 5)
        var later = QueryExecutor(collection.points())
        #expect(try later.run(nearest).first?.score == 9)
    }

    @Test func namedVectorsAreComparedByTheirOwnMetric() throws {
        let fixture = try StoreFixture()
        let settings = #"{"metric":"dot","model":"none","vectors":{"image":{"metric":"euclidean"}}}"#
        for name: ByteString in ["c", "other"] {
            let collection = try fixture.store.createCollection(named: name)
            try collection.setConfiguration(Array(settings.utf8))
            try collection.put("1.json", #"{"vector":[9,0],"vectors":{"image":[0,0,1]}}"#)
            try collection.put("2.json", #"{"vector":[1,0],"vectors":{"image":[0,0,4]}}"#)
            try collection.put("3.json", #"{"vector":[5,0]}"#)
        }
        let source = fixture.store.points(of: try #require(fixture.store.collection(named: "c")))
        var executor = QueryExecutor(source)
        func answer(_ operation: QueryOperation) throws -> [String] {
            try executor.run(operation).map { "\(try #require(source.identifier(of: $0.row))) \($0.score)" }
        }
        let target = QueryOperation.VectorInput.vector(.dense([0, 0, 3]))
        #expect(try answer(QueryOperation(.nearest(target), using: "image")) == ["2 1.0", "1 2.0"])
        #expect(try answer(QueryOperation(.nearest(target), using: "image", scoreThreshold: 1.5)) == ["2 1.0"])
        #expect(try answer(QueryOperation(.nearest(.point(.integer(1))))) == ["3 45.0", "2 9.0"])
        #expect(try answer(QueryOperation(.nearest(.point(.integer(1))), using: "image")) == ["2 3.0"])
        let lookup = VectorLookup(collection: "other", vector: "image")
        #expect(
            try answer(QueryOperation(.nearest(.point(.integer(1))), using: "image", lookup: lookup)) == [
                "1 0.0", "2 3.0",
            ])
        let sums = QueryOperation(.recommend(positive: [target], negative: [], .sumScores), using: "image")
        #expect(try answer(sums) == ["2 -1.0", "1 -4.0"])
        #expect(throws: VexFSError.self) { try answer(QueryOperation(.nearest(target), using: "sound")) }
        #expect(throws: VexFSError.self) { try answer(QueryOperation(.nearest(.point(.integer(3))), using: "image")) }
        #expect(throws: VexFSError.self) { try answer(QueryOperation(.nearest(target))) }
        let fused = QueryOperation(
            .fusion(.reciprocalRank()),
            prefetch: [
                QueryOperation(.nearest(target), using: "image"), QueryOperation(.nearest(.vector(.dense([1, 0])))),
            ])
        #expect(try executor.run(fused).map(\.row).count == 3)
    }

    @Test func textsAreEmbeddedByTheOwnModelOnly() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.txt", "refunds and returns")
        try collection.put("b.txt", "opening hours")
        let source = collection.points()
        var executor = QueryExecutor(source)
        func ids(_ model: String?) throws -> [String] {
            try executor.run(QueryOperation(.nearest(.text("refunds", model: model)))).compactMap {
                source.identifier(of: $0.row)?.description
            }
        }
        #expect(try ids(nil) == ["a.txt", "b.txt"])
        #expect(try ids("sentence-transformers/all-MiniLM-L6-v2") == ["a.txt", "b.txt"])
        #expect(throws: VexFSError.self) { try ids("another") }
        #expect(throws: VexFSError.self) {
            try executor.run(QueryOperation(.nearest(.vector(.multiple([[1]])))))
        }
        #expect(throws: VexFSError.self) { try executor.run(QueryOperation(.nearest(.vector(.dense([1, 2]))))) }
    }

    @Test func estimatesAreNearAndExactWithAnIndex() throws {
        let fixture = try StoreFixture()
        let collection = try collection(fixture)
        for number in 0..<3000 {
            try collection.put(ByteString("\(number).json"), #"{"vector":null,"n":\#(number % 10)}"#)
        }
        var executor = QueryExecutor(collection.points())
        let filter = Filter.range(field: "n", Filter.Range(less: .integer(3)))
        let estimate = try executor.count(matching: filter, isExact: false)
        #expect(collection.payloads.indexedFields.isEmpty, "an estimate builds no column")
        #expect(abs(estimate - 900) < 300, "seven standard deviations")
        #expect(try executor.count(matching: filter) == 900)
        #expect(try executor.count(matching: filter, isExact: false) == 900)
    }

    @Test(arguments: [3, 5, 8] as [UInt64]) func estimatesOfAnyFilterAreNear(seed: UInt64) throws {
        let fixture = try StoreFixture()
        let collection = try collection(fixture)
        var generator = SeededGenerator(seed: seed)
        for number in 0..<2000 {
            let (n, m) = (Int.random(in: 0..<10, using: &generator), Int.random(in: 0..<4, using: &generator))
            try collection.put(ByteString("\(number).json"), #"{"vector":null,"n":\#(n),"m":\#(m)}"#)
        }
        var filters: [Filter] = []
        for _ in 0..<12 {
            let less = Filter.range(
                field: "n", Filter.Range(less: .integer(Int64.random(in: 0...10, using: &generator))))
            let most = Filter.range(
                field: "m", Filter.Range(atLeast: .integer(Int64.random(in: 0...4, using: &generator))))
            filters.append(
                [.and([less, most]), .or([less, most]), .not(less), .and([.not(most), less])][filters.count % 4])
        }
        var executor = QueryExecutor(collection.points())
        // Before anything exact is asked, for that makes columns, and then estimates are exact too.
        let estimates = try filters.map { try executor.count(matching: $0, isExact: false) }
        for (filter, estimate) in zip(filters, estimates) {
            let exact = try executor.count(matching: filter)
            let share = Double(exact) / 2000
            let deviation = 2000 * (share * (1 - share) / 1024).squareRoot()
            #expect(
                abs(Double(estimate - exact)) <= 7 * deviation + 0.5, "seed \(seed), \(filter): \(estimate) of \(exact)"
            )
        }
    }

    /// A random query, with ties and with parts that leave nothing.
    private func operation(
        _ generator: inout SeededGenerator, _ points: [MemoryPoints.Point], depth: Int = 0,
        vector: (inout SeededGenerator) -> [Float]
    ) -> QueryOperation {
        func input() -> QueryOperation.VectorInput {
            let point = points.randomElement(using: &generator)
            if Bool.random(using: &generator), let point, point.vector != nil { return .point(point.id) }
            return .vector(.dense(vector(&generator)))
        }
        func inputs(_ range: ClosedRange<Int>) -> [QueryOperation.VectorInput] {
            (0..<Int.random(in: range, using: &generator)).map { _ in input() }
        }
        func pairs() -> [QueryOperation.ContextPair] {
            inputs(1...2).map { QueryOperation.ContextPair(positive: $0, negative: input()) }
        }
        let queries: [QueryOperation.Query?] = [
            nil, .nearest(input()), .recommend(positive: inputs(1...3), negative: inputs(0...2), .averageVector),
            .recommend(positive: inputs(1...2), negative: inputs(0...2), .bestScore),
            .recommend(positive: inputs(1...2), negative: inputs(0...2), .sumScores),
            .discover(target: input(), context: pairs()), .context(pairs()),
            .orderBy(OrderBy(key: PayloadPath(key: "n"), isDescending: Bool.random(using: &generator))),
            .relevanceFeedback(
                target: input(), examples: inputs(2...2), RelevanceFeedback(a: 1, b: 1, c: 0.5, relevances: [1, 0])),
        ]
        var operation = QueryOperation(
            queries.randomElement(using: &generator) ?? nil, limit: Int.random(in: 0...12, using: &generator),
            offset: depth == 0 ? Int.random(in: 0...3, using: &generator) : 0)
        if depth < 2, Int.random(in: 0...2, using: &generator) == 0 {
            // Everything that a prefetch may find, so that ties cannot change what the outer query sees.
            operation.prefetch = (0..<2).map { _ in
                var inner = self.operation(&generator, points, depth: depth + 1, vector: vector)
                inner.limit = 1000
                return inner
            }
        }
        if Bool.random(using: &generator) {
            let bound = Filter.Value.integer(Int64.random(in: -1...6, using: &generator))
            operation.filter = .range(field: "n", Filter.Range(atLeast: bound))
        }
        return operation
    }

    @Test(arguments: 0..<8) func collectionsAnswerAsPlainPointsDo(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let metric = Metric.allCases[Int(seed % 4)]
        let fixture = try StoreFixture()
        let collection = try collection(fixture, metric)
        var points: [MemoryPoints.Point] = []
        // Small integers make ties that no rounding parts; cosines of them would be rounded.
        let vector = { (generator: inout SeededGenerator) -> [Float] in
            (0..<3).map { _ in
                metric == .cosine
                    ? Float.random(in: -1...1, using: &generator) : Float(Int.random(in: -2...2, using: &generator))
            }
        }
        // Few different vectors and values: ties everywhere.
        let pool = (0..<12).map { _ in vector(&generator) }
        for number in 0..<60 {
            let vector = pool[Int.random(in: 0..<12, using: &generator)]
            let hasVector = Int.random(in: 0...5, using: &generator) > 0
            points.append(
                MemoryPoints.Point(
                    id: .integer(UInt64(number)), vector: hasVector ? vector : nil,
                    payload: .object([.init("n", .integer(Int64.random(in: 0...5, using: &generator)))])))
        }
        for point in points { try collection.put(point) }
        let source = collection.points()
        for _ in 0..<60 {
            let operation = operation(&generator, points, vector: vector)
            var plain = QueryExecutor(MemoryPoints(name: "c", metric: metric, points: points))
            var real = QueryExecutor(source)
            let found = try real.run(operation).map { try AnswerLine($0, source) }
            let expected = try plain.run(operation).map { try AnswerLine($0, plain.source) }
            #expect(AnswerLine.same(found, expected), "seed \(seed): \(operation)\n\(found)\n\(expected)")
        }
        try requireBatchesAnswerAsOne(of: (0..<20).map { _ in operation(&generator, points, vector: vector) }, source)
    }

    /// What queries of a batch share changes no answer, also where one of them fails.
    private func requireBatchesAnswerAsOne(of some: [QueryOperation], _ source: any PointSource) throws {
        let batch = some + [QueryOperation(.nearest(.point(.integer(999))))] + some.reversed()
        var together = QueryExecutor(source)
        for (operation, answer) in zip(batch, together.run(batch)) {
            // A batch of one, in an executor of its own.
            var alone = QueryExecutor(source)
            switch (alone.run([operation])[0], answer) {
            case (.success(let expected), .success(let found)): #expect(found == expected, "\(operation)")
            case (.failure(let expected), .failure(let found)): #expect(found.description == expected.description)
            default: Issue.record("\(operation) fails alone, or in the batch, but not both")
            }
        }
    }

    @Test func slicesFollowDocumentsThatChangePlaces() throws {
        let fixture = try StoreFixture()
        let collection = try collection(fixture)
        let slice = try #require(DocumentSlice(index: 0, total: 2))
        let ids = (0..<50).map { "note\($0)" }
        let inside = try #require(ids.first { slice.contains(DocumentSlice.hash(of: ByteString($0))) })
        let outside = try #require(ids.first { !slice.contains(DocumentSlice.hash(of: ByteString($0))) })
        for id in [inside, outside] { try collection.put(ByteString("\(id).json"), #"{"vector":null}"#) }
        #expect(try page(collection, ScrollQuery(filter: .slice(slice))) == [inside])
        let root = Collection.rootNumber
        _ = try collection.rename(
            ByteString("\(inside).json"), in: root, to: ByteString("\(outside).json"), in: root, mode: .exchange)
        #expect(try page(collection, ScrollQuery(filter: .slice(slice))) == [inside])
    }

    /// However close together the rows are, few of many documents are not worth a walk over all.
    @Test func fewRowsAreFoundOneByOne() {
        for (count, documents, isFew) in [(1, 1000, true), (124, 1000, true), (125, 1000, false), (1, 8, false)] {
            #expect(Collection.isCheaperOneByOne(count, of: documents) == isFew, "\(count) of \(documents)")
        }
    }

    @Test func textsAreEmbeddedForTheVectorThatIsCompared() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array(#"{"vectors":{"image":{"dimension":3}}}"#.utf8))
        try collection.put("a.json", #"{"text":"refunds","vectors":{"image":[1,2,3]}}"#)
        var executor = QueryExecutor(collection.points())
        #expect(try executor.run(QueryOperation(.nearest(.text("refunds", model: nil)))).count == 1)
        let error = #expect(throws: VexFSError.self) {
            try executor.run(QueryOperation(.nearest(.text("refunds", model: nil)), using: "image"))
        }
        #expect(error?.code == .dimensionMismatch)
    }
}
