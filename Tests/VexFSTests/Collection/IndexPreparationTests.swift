import Synchronization
import Testing

@testable import VexFS

/// Indexes that searches used are made in the background after the next open.
@Suite struct IndexPreparationTests {
    private func filled(_ count: Int = 900) throws -> (StoreFixture, Collection) {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array(#"{"model":"none","vectors":{"s":{"sparse":true}}}"#.utf8))
        var points: [PointContent] = []
        for number in 0..<count {
            let sparse = try SparseVector(indices: [UInt32(number % 7)], values: [Float(number + 1)])
            points.append(
                PointContent(
                    id: ByteString("\(number)"), text: "the fox number\(number % 50)",
                    metadata: [
                        .init("body", .string("some text \(number)")), .init("n", .integer(Int64(number))),
                        .init("when", .string("2026-01-\(10 + number % 20)")),
                    ],
                    vectors: [NamedVector("s", .sparse(sparse))]))
        }
        _ = try collection.apply([.put(points)])
        return (fixture, collection)
    }

    /// One search by each index; what they answer.
    private func answers(_ collection: Collection) throws -> [[String]] {
        let conditions: [Filter] = [
            .field("body", .string(.substring("text 77"))), .document(.substring("number42")),
            .range(field: "n", Filter.Range(atLeast: .integer(10), less: .integer(20))),
            .field("when", .time(.init(greater: PayloadTime("2026-01-28")))),
        ]
        let live = collection.state.withLock { $0.rows.live }
        var found = try conditions.map { filter in
            collection.identifiers(of: try collection.rows(matching: filter, among: live).rows).map { "\($0!)" }
        }
        var request = QueryRequest(target: .text("number7"), title: "w")
        (request.mode, request.limit) = (.text, 50)
        found.append(collection.ids(of: try collection.search(request)))
        request = QueryRequest(
            target: .sparse(try SparseVector(indices: [3], values: [1])), title: "s")
        request.using = "s"
        found.append(collection.ids(of: try collection.search(request)))
        found.append(try collection.facetFields())
        return found
    }

    private func figures(_ collection: Collection) -> [Int] {
        let figures = collection.preparation.withLock { $0 }
        return [figures.prepared, figures.indexes]
    }

    @Test func whatWasUsedIsPreparedAndNothingElse() throws {
        let (fixture, collection) = try filled()
        let expected = try answers(collection)
        #expect(expected.allSatisfy { !$0.isEmpty })
        let other = try fixture.store.createCollection(named: "other")
        try other.put("a.json", #"{"text":"unused"}"#)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        let unused = try #require(fixture.store.collection(named: "other"))
        for collection in [again, unused] { collection.prepareIndexes { false } }
        #expect(figures(unused) == [0, 0])
        #expect(unused.textIndex.withLock { $0 } == nil && unused.payloads.indexedFields.isEmpty)
        // Words, texts, names, sparse vectors, three fields and three of their parts.
        #expect(figures(again) == [10, 10])
        #expect(again.payloads.indexedFields == ["body", "n", "when"])
        #expect(again.textIndex.withLock { $0?.rows.count } == 900)
        #expect(again.state.withLock { $0.spaces[1].sparse?.end } == 900)
        #expect(again.payloads.asked.isEmpty && !again.payloads.documents.isAsked)
        let stats = String(decoding: again.statisticsText(), as: UTF8.self)
        #expect(stats.contains("\nprepared_indexes 10\nprepared_indexes_wanted 10\nprepared_rows 9000\n"))
        #expect(stats.contains("\nprepared_rows_wanted 9000\n"))
        #expect(try answers(again) == expected)
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    /// Whether preparation was given up after any number of looks, the answers are the same.
    @Test func aPreparationThatIsGivenUpHarmsNothing() throws {
        let (fixture, collection) = try filled(3000)
        let expected = try answers(collection)
        for limit in [0, 1, 3, 8, 15, 25] {
            try fixture.reopen()
            let again = try #require(fixture.store.collection(named: "c"))
            let looks = Mutex(0)
            again.prepareIndexes {
                looks.withLock { looks in
                    looks += 1
                    return looks > limit
                }
            }
            // It looks a last time for each index that is left, and works no more.
            #expect(figures(again)[0] < 10)
            #expect(try answers(again) == expected, "given up after \(limit)")
        }
        fixture.close()
    }

    @Test func searchesMeanwhileAreRightAndSoAreChanges() throws {
        let (fixture, collection) = try filled(2000)
        let expected = try answers(collection)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        let ended = Monitor(false)
        let isStarted = BackgroundThread.start(niceness: 5) {
            again.prepareIndexes { false }
            ended.update { $0 = true }
        }
        #expect(isStarted)
        for _ in 0..<3 { #expect(try answers(again) == expected) }
        let sparse = NamedVector("s", .sparse(try SparseVector(indices: [1], values: [1])))
        let new = PointContent(id: "new", text: "number7", metadata: [.init("n", .integer(12))], vectors: [sparse])
        _ = try again.apply([.put([new])])
        ended.wait { $0 ? () : nil }
        let after = try answers(again)
        #expect(after[2].contains("new") && after[2].count == expected[2].count + 1)
        #expect(after[4].contains("new") && after[1] == expected[1])
        fixture.close()
    }

    /// A store that is maintained does it by itself, and ends at once.
    @Test func anOpenStorePreparesByItself() throws {
        let (fixture, collection) = try filled()
        let expected = try answers(collection)
        fixture.close()
        for isWaitedFor in [false, true] {
            let store = try Store(opening: fixture.path, embedder: WordEmbedder())
            let again = try #require(store.collection(named: "c"))
            if isWaitedFor {
                let isDone = again.preparation.wait(milliseconds: 60_000) { $0.prepared == 10 ? true : nil }
                #expect(isDone == true)
                #expect(try answers(again) == expected)
            }
            store.close()
        }
    }

    /// What a schema asks for is prepared too, whoever filtered before.
    @Test func fieldsOfASchemaArePrepared() throws {
        let (fixture, collection) = try filled(100)
        try collection.setSchema(Array(#"{"n":{"type":"integer"},"body":{"type":"text","stemmer":"english"}}"#.utf8))
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.payloads.textOptions(of: "body")?.members.isEmpty == false)
        again.prepareIndexes { false }
        #expect(figures(again) == [4, 4])
        #expect(again.payloads.indexedFields == ["body", "n"])
        fixture.close()
    }

    @Test func usesAreKeptForAWhile() throws {
        var used = UsedIndexes()
        let all: Set<PreparedIndex> = [
            .words, .texts, .names, .sparse("a:b \u{e9}"), .column("a.b", nil), .column("\"a.b\"[].c:d", .trigrams),
        ]
        used.note(all, today: 100)
        used.note([.words], today: 110)
        #expect(Set(used.days.keys) == all)
        #expect(UsedIndexes(json: used.json, today: 130) == used)
        #expect(Set(UsedIndexes(json: used.json, today: 131).days.keys) == [.words])
        let unknown = try JSON.parse(Array(#"{"column.x:a":1,"z":1,"words":"a"}"#.utf8))
        #expect(UsedIndexes(json: unknown, today: 1).days.isEmpty)
        for part in ColumnPart.allCases {
            #expect(PreparedIndex(PreparedIndex.column("p", part).text) == .column("p", part))
        }
    }
}
