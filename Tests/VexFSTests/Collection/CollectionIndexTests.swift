import Glibc
import Testing

@testable import VexFS

/// Collections whose rows are in segments: what is found must not depend on it.
@Suite struct CollectionIndexTests {
    /// Segments of a few thousand rows, so that small collections have many of them.
    static var smallSegments: IndexPolicy {
        var policy = IndexPolicy()
        policy.scanLimit = 1024
        policy.listLimit = 2048
        policy.segmentLimit = 6144
        return policy
    }

    private struct Corpus {
        let fixture: StoreFixture
        let collection: Collection
        var generator: SeededGenerator
        let dimension: Int

        init(_ settings: String, count: Int, dimension: Int = 48, metric: Metric = .cosine, seed: UInt64) throws {
            fixture = try StoreFixture(indexPolicy: CollectionIndexTests.smallSegments)
            collection = try fixture.store.createCollection(named: "c")
            try collection.setConfiguration(
                Array("{\"metric\":\"\(metric.rawValue)\",\"model\":\"none\",\"index\":\(settings)}".utf8))
            generator = SeededGenerator(seed: seed)
            self.dimension = dimension
            for number in 0..<count { try put(number) }
        }

        mutating func vector() -> [Float] {
            QuantizedFlatIndexTests.vector(.clustered, dimension: dimension, using: &generator)
        }

        @discardableResult
        mutating func put(_ number: Int) throws -> FileAttributes {
            let numbers = vector().map { "\($0)" }.joined(separator: ",")
            return try collection.put(ByteString("\(number).json"), "{\"vector\":[\(numbers)],\"n\":\(number)}")
        }

        /// The mean share of the exact answer that searches find.
        mutating func recall(_ collection: Collection, filter: Filter? = nil) throws -> Double {
            var found = 0
            var wanted = 0
            for _ in 0..<40 {
                var request = QueryRequest(target: .vector(vector()), title: "test")
                request.filter = filter
                let answer = try collection.search(request)
                request.mode = .exact
                let exact = try collection.search(request)
                #expect(answer.hits.count == exact.hits.count)
                for hit in answer.hits {
                    if let filter { #expect(filter.matches(hit.metadata)) }
                }
                wanted += exact.hits.count
                found += Set(exact.hits.map(\.id)).intersection(answer.hits.map(\.id)).count
            }
            return wanted == 0 ? 1 : Double(found) / Double(wanted)
        }
    }

    @Test(arguments: ["{}", "\"hnsw\"", "\"lists\"", "{\"memory\":\"compact\"}", "{\"quantization\":\"product\"}"])
    func segmentsFindWhatAScanFinds(settings: String) throws {
        var corpus = try Corpus(settings, count: 9000, seed: 0x1D0)
        let collection = corpus.collection
        try collection.buildIndex()
        let figures = collection.indexFigures
        #expect(figures.segments >= 2)
        #expect(figures.scannedRows < 1024)
        #expect(try corpus.recall(collection) >= 0.95)
        for text in ["n < 4500", "n < 90", "n >= 8990", "n = 77"] {
            #expect(try corpus.recall(collection, filter: Filter.parse(text)) >= 0.95)
        }
    }

    @Test(arguments: Metric.allCases) func everyMetricIsServed(metric: Metric) throws {
        var corpus = try Corpus("{}", count: 5000, metric: metric, seed: 0x1D1)
        try corpus.collection.buildIndex()
        #expect(try corpus.recall(corpus.collection) >= 0.95)
    }

    @Test func lshFindsMostOfIt() throws {
        var corpus = try Corpus("\"lsh\"", count: 5000, seed: 0x1D2)
        try corpus.collection.buildIndex()
        #expect(corpus.collection.indexFigures.segments >= 1)
        #expect(try corpus.recall(corpus.collection) >= 0.7)
    }

    @Test func changesShowAtOnceAndDeadRowsNever() throws {
        var corpus = try Corpus("{}", count: 5000, seed: 0x1D3)
        let collection = corpus.collection
        try collection.buildIndex()
        for number in stride(from: 0, to: 5000, by: 2) {
            _ = try collection.remove(ByteString("\(number).json"), in: 1)
        }
        for number in stride(from: 1, to: 1000, by: 2) {
            _ = try collection.remove(ByteString("\(number).json"), in: 1)
            try corpus.put(number)
        }
        #expect(try corpus.recall(collection) >= 0.95)
        try collection.buildIndex()
        #expect(try corpus.recall(collection) >= 0.95)
        for number in stride(from: 1, to: 5000, by: 2) {
            _ = try collection.remove(ByteString("\(number).json"), in: 1)
        }
        try collection.buildIndex()
        #expect(try corpus.recall(collection) == 1)
        #expect(collection.indexFigures.segments == 0)
    }

    @Test func segmentsAreOpenedAgain() throws {
        var corpus = try Corpus("{}", count: 5000, seed: 0x1D4)
        try corpus.collection.buildIndex()
        let before = corpus.collection.indexFigures
        try corpus.fixture.reopen()
        let again = try #require(corpus.fixture.store.collection(named: "c"))
        #expect(again.indexFigures.segments == before.segments)
        #expect(again.indexFigures.scannedRows == before.scannedRows)
        #expect(try corpus.recall(again) >= 0.95)
    }

    @Test func aDamagedSegmentIsBuiltAnew() throws {
        var corpus = try Corpus("{}", count: 5000, seed: 0x1D5)
        try corpus.collection.buildIndex()
        let before = corpus.collection.indexFigures
        let file = corpus.fixture.path + "/segments/" + corpus.collection.segmentFiles[0]
        try corpus.fixture.reopen {
            let descriptor = try SystemCall.open(file, O_RDWR)
            var byte: UInt8 = 0
            #expect(pread(descriptor, &byte, 1, 9000) == 1)
            byte ^= 4
            #expect(pwrite(descriptor, &byte, 1, 9000) == 1)
            close(descriptor)
        }
        let again = try #require(corpus.fixture.store.collection(named: "c"))
        #expect(again.indexFigures.segments < before.segments)
        #expect(try corpus.recall(again) >= 0.95)
        try again.buildIndex()
        #expect(again.indexFigures.scannedRows == before.scannedRows)
        #expect(try corpus.recall(again) >= 0.95)
        #expect(access(file, F_OK) != 0)
    }

    @Test func rowsOfSegmentsAreNotGivenAgain() throws {
        let corpus = try Corpus("{}", count: 3000, seed: 0x1D6)
        try corpus.collection.buildIndex()
        for number in 1000..<3000 { _ = try corpus.collection.remove(ByteString("\(number).json"), in: 1) }
        try corpus.fixture.reopen()
        let again = try #require(corpus.fixture.store.collection(named: "c"))
        let vector = "1" + String(repeating: ",0", count: 47)
        let file = try again.put("new.json", "{\"vector\":[\(vector)]}")
        #expect(try #require(file.row) >= 2048)
        var request = QueryRequest(
            target: .vector([1] + [Float](repeating: 0, count: 47)), title: "test")
        request.limit = 1
        #expect(try again.search(request).hits.first?.id == "new")
    }

    @Test func settingsChangeTheIndexWhileItIsSearched() throws {
        var corpus = try Corpus("{}", count: 4000, seed: 0x1D7)
        let collection = corpus.collection
        try collection.buildIndex()
        for settings in [
            "\"hnsw\"", "\"lists\"", "{\"kind\":\"default\",\"memory\":\"compact\"}", "\"flat\"", "\"default\"",
        ] {
            try collection.setConfiguration(Array("{\"index\":\(settings)}".utf8))
            #expect(try corpus.recall(collection) >= 0.95)
            try collection.buildIndex()
            #expect(try corpus.recall(collection) >= 0.95)
            if settings == "\"flat\"" { #expect(collection.indexFigures.segments == 0) }
        }
    }

    @Test func aRemovedCollectionLeavesNoFiles() throws {
        let corpus = try Corpus("{}", count: 2100, seed: 0x1D8)
        try corpus.collection.buildIndex()
        let files = corpus.collection.segmentFiles
        #expect(!files.isEmpty)
        for number in 0..<2100 { _ = try corpus.collection.remove(ByteString("\(number).json"), in: 1) }
        try corpus.fixture.store.removeCollection(corpus.collection)
        for file in files { #expect(access("\(corpus.fixture.path)/segments/\(file)", F_OK) != 0) }
    }

    @Test func noRowIsBuiltTwiceAtOnce() throws {
        let corpus = try Corpus("{}", count: 5000, seed: 0x1DA)
        let collection = corpus.collection
        let policy = Self.smallSegments
        func build(_ work: Collection.IndexWork) throws -> Bool {
            try collection.buildNext(work, policy: policy, threads: 1) { false }
        }
        // As if another thread had begun with the first rows.
        collection.claims.withLock { $0.append(IndexClaim(space: VectorSpace.unnamed, range: 0..<1024)) }
        #expect(try build(.fresh))
        #expect(try !build(.calm))
        #expect(!collection.isIndexed)
        #expect(collection.state.withLock { $0.unnamed.segments.entries.map(\.range) } == [1024..<3072])
        collection.claims.withLock { $0 = [] }
        #expect(try build(.fresh))
        while try build(.calm) {}
        #expect(collection.isIndexed)
        #expect(collection.claims.withLock { $0.isEmpty })
        #expect(collection.state.withLock { $0.unnamed.segments.end } == 4096)
    }

    /// All works at once, on a collection that is written to meanwhile: nothing is lost, nothing comes back.
    @Test func allWorksAtOnceKeepEveryRow() throws {
        let corpus = try Corpus("{}", count: 3000, dimension: 32, seed: 0x1DB)
        let collection = corpus.collection
        let policy = Self.smallSegments
        let isDone = Monitor(false)
        let failure = Monitor<VexFSError?>(nil)
        let works: [Collection.IndexWork] = [.fresh, .gathering, .merge, .calm]
        let workers = Monitor(works.count)
        for work in works {
            let isStarted = BackgroundThread.start {
                do throws(VexFSError) {
                    while !isDone.withLock({ $0 }) {
                        _ = try collection.buildNext(work, policy: policy, threads: 1) { false }
                    }
                } catch {
                    failure.withLock { $0 = error }
                }
                workers.update { $0 -= 1 }
            }
            #expect(isStarted)
        }
        var generator = SeededGenerator(seed: 0x1DC)
        var live = Set((0..<3000).map { "\($0)" })
        for number in 3000..<9000 {
            let vector = (0..<32).map { _ in Float.random(in: -1...1, using: &generator) }
            try collection.insert([NewPoint(id: ByteString("\(number)"))], vectors: vector)
            live.insert("\(number)")
            if number % 3 == 0, let gone = live.randomElement(using: &generator) {
                _ = try collection.remove(ByteString("\(gone).json"), in: 1)
                live.remove(gone)
            }
        }
        isDone.withLock { $0 = true }
        workers.wait { $0 == 0 ? () : nil }
        #expect(failure.withLock { $0 } == nil)
        #expect(collection.claims.withLock { $0.isEmpty })
        try collection.buildIndex()
        #expect(collection.isIndexed)
        var request = QueryRequest(target: .vector([Float](repeating: 1, count: 32)), title: "test")
        request.limit = live.count + 1
        #expect(Set(try collection.search(request).hits.map(\.id.string)) == live)
    }

    @Test func searchesAreSampledForRecall() throws {
        var corpus = try Corpus("{}", count: 3000, seed: 0x1D9)
        try corpus.collection.buildIndex()
        _ = try corpus.collection.search(QueryRequest(target: .vector(corpus.vector()), title: "test"))
        corpus.collection.measureRecall()
        let figure = try #require(corpus.collection.recall.figure)
        #expect(figure.samples == 1)
        #expect(figure.recall >= 0.5)
        let text = String(decoding: corpus.collection.statisticsText(), as: UTF8.self)
        #expect(text.contains("recall_at_10 "))
        #expect(text.contains("index_segments "))
    }
}
