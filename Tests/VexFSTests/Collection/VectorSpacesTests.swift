import Foundation
import Testing

@testable import VexFS

/// Vectors with names: what is written is found under its name, whatever happens to the store in between.
@Suite struct VectorSpacesTests {
    private static func text(_ vector: [Float]) -> String {
        "[" + vector.map { "\($0)" }.joined(separator: ",") + "]"
    }

    private static func document(_ vectors: [String: [Float]]) -> String {
        let named = vectors.map { "\"\($0)\":\(text($1))" }.sorted().joined(separator: ",")
        return "{\"vector\":null,\"vectors\":{\(named)}}"
    }

    private static func settings(_ spaces: [String: VectorSpaceReference]) -> [UInt8] {
        let named = spaces.map {
            "\"\($0)\":{\"metric\":\"\($1.metric.rawValue)\",\"dimension\":\($1.dimension),"
                + "\"datatype\":\"\($1.element.rawValue)\"}"
        }
        return Array("{\"model\":\"none\",\"vectors\":{\(named.joined(separator: ","))}}".utf8)
    }

    private func search(
        _ collection: Collection, _ vector: [Float], using name: String, limit: Int = 10,
        mode: QueryRequest.Mode = .vector
    ) throws -> [(id: String, score: Double)] {
        var request = QueryRequest(target: .vector(vector), title: "q")
        request.using = name
        request.limit = limit
        request.mode = mode
        return try collection.search(request).hits.map { ($0.id.string, $0.score) }
    }

    private struct Run {
        var generator: SeededGenerator
        var spaces: [String: VectorSpaceReference]
        let seed: UInt64
        /// The vector that a document has that would have none.
        private let first: String

        init(
            seed: UInt64, metrics: [Metric] = Metric.allCases, elements: [VectorElement] = VectorElement.allCases
        ) {
            self.seed = seed
            generator = SeededGenerator(seed: seed)
            spaces = [:]
            for (index, metric) in metrics.enumerated() {
                let dimension = Int.random(in: 1...40, using: &generator)
                for element in elements {
                    spaces["s\(index) \(element)"] = VectorSpaceReference(
                        metric: metric, dimension: dimension, element: element)
                }
            }
            first = spaces.keys.sorted()[0]
        }

        mutating func vector(for space: String) -> [Float] {
            guard let space = spaces[space] else { return [] }
            let range: Range<Float> = space.element == .uint8 ? 1..<256 : -1..<1
            var vector = (0..<space.dimension).map { _ in Float.random(in: range, using: &generator) }
            if abs(vector[0]) < 0.001 { vector[0] = 1 }
            return vector
        }

        /// A document with some of the vectors, and none of the others.
        mutating func change(_ id: String, in collection: Collection) throws {
            var vectors: [String: [Float]] = [:]
            for name in spaces.keys.sorted() where Int.random(in: 0..<3, using: &generator) > 0 {
                vectors[name] = vector(for: name)
            }
            if vectors.isEmpty { vectors[first] = vector(for: first) }
            let name = ByteString(id + ".json")
            let bytes = Array(VectorSpacesTests.document(vectors).utf8)
            if let file = collection.lookup(name, in: Collection.rootNumber) {
                try collection.commit(bytes, to: file.number)
            } else {
                try collection.put(name, String(decoding: bytes, as: UTF8.self))
            }
            note(vectors, of: id)
        }

        /// Notes what is stored of a document's vectors.
        mutating func note(_ vectors: [String: [Float]], of id: String) {
            for space in spaces.keys {
                let stored = vectors[space].flatMap { spaces[space]?.stored($0) }
                spaces[space]?.vectors[id] = stored
            }
        }

        mutating func remove(_ id: String, from collection: Collection) throws {
            guard collection.lookup(ByteString(id + ".json"), in: Collection.rootNumber) != nil else { return }
            _ = try collection.remove(ByteString(id + ".json"), in: Collection.rootNumber)
            for space in spaces.keys { spaces[space]?.vectors[id] = nil }
        }
    }

    private func check(_ run: inout Run, _ collection: Collection, _ moment: String) throws {
        for name in run.spaces.keys.sorted() {
            guard let space = run.spaces[name] else { continue }
            let query = run.vector(for: name)
            for mode in [QueryRequest.Mode.vector, .exact] {
                space.check(
                    try search(collection, query, using: name, mode: mode), query, limit: 10,
                    "\(moment), \(name), \(space.metric), \(mode), seed \(run.seed)")
            }
        }
    }

    @Test(arguments: [UInt64(1), 20_261_121, 77]) func everySpaceAnswersAsIfItWereAlone(_ seed: UInt64) throws {
        var run = Run(seed: seed)
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Self.settings(run.spaces))
        for round in 0..<4 {
            for _ in 0..<60 {
                let id = "d\(Int.random(in: 0..<80, using: &run.generator))"
                if Int.random(in: 0..<5, using: &run.generator) == 0 {
                    try run.remove(id, from: collection)
                } else {
                    try run.change(id, in: collection)
                }
            }
            try check(&run, try #require(fixture.store.collection(named: "c")), "written, round \(round)")
        }
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        try check(&run, again, "reopened")
        for id in 0..<20 { try run.change("new\(id)", in: again) }
        try check(&run, again, "written again")
        fixture.close()
        let report = try Store.check(at: fixture.path)
        #expect(report.problems.isEmpty, "\(report.problems)")
        #expect(report.vectors == run.spaces.values.reduce(0) { $0 + $1.vectors.count })
    }

    @Test(arguments: [VectorElement.float32, .float16, .uint8])
    func segmentsAndPacksAreOfTheirSpace(_ element: VectorElement) throws {
        let seed: UInt64 = 0x5BACE
        var run = Run(seed: seed, metrics: [.cosine, .euclidean], elements: [element])
        var policy = IndexPolicy()
        policy.scanLimit = 1024
        policy.listLimit = 4096
        let fixture = try StoreFixture(indexPolicy: policy)
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Self.settings(run.spaces))
        // Vectors this short are only scanned unless an index is asked for.
        let index = run.spaces.keys.map { "\"\($0)\":{\"index\":\"hnsw\"}" }.joined(separator: ",")
        try collection.setConfiguration(Array("{\"vectors\":{\(index)}}".utf8))
        let ingest = collection.makeBulkIngest()
        let count = VectorFile.rowsPerChunk + 1100
        for index in 0..<count {
            var vectors: [String: [Float]] = [:]
            // A third of the documents have both, a third the one, a third the other.
            for (place, name) in run.spaces.keys.sorted().enumerated() where index % 3 != place {
                vectors[name] = run.vector(for: name)
            }
            let line = "{\"id\":\"d\(index)\"," + Self.document(vectors).dropFirst() + "\n"
            try Array(line.utf8).withUnsafeBytes { try ingest.append($0) }
            run.note(vectors, of: "d\(index)")
        }
        try ingest.finish()
        try checkExactly(&run, collection, "ingested")
        for index in 0..<count where index % 5 < 3 { try run.remove("d\(index)", from: collection) }
        let packed = try collection.compact()
        #expect(packed.packedChunks == 2)
        try checkExactly(&run, collection, "compacted")
        try collection.buildIndex()
        #expect(collection.indexFigures.segments == 2)
        try checkExactly(&run, collection, "built")
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.indexFigures.segments == collection.indexFigures.segments)
        try checkExactly(&run, again, "reopened")
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.isEmpty)
    }

    private func checkExactly(_ run: inout Run, _ collection: Collection, _ moment: String) throws {
        for name in run.spaces.keys.sorted() {
            guard let space = run.spaces[name] else { continue }
            let query = run.vector(for: name)
            let exact = try search(collection, query, using: name, limit: 20, mode: .exact)
            space.check(exact, query, limit: 20, "\(moment), \(name), seed \(run.seed)")
            let found = Set(try search(collection, query, using: name, limit: 20).map(\.id))
            let shared = found.intersection(exact.map(\.id)).count
            #expect(shared >= 16, "\(moment), \(name): \(shared) of 20, seed \(run.seed)")
        }
    }

    @Test func vectorsComeAndGoOnALiveCollection() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,0,0]}")
        #expect(throws: VexFSError.self) { try collection.put("b.json", "{\"vectors\":{\"x\":[1,2]}}") }
        #expect(throws: VexFSError.self) { try search(collection, [1, 2], using: "x") }
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":{\"metric\":\"euclidean\"}}}".utf8))
        #expect(try search(collection, [1, 2], using: "x").isEmpty)
        try collection.put("c.json", "{\"text\":\"\",\"vector\":[0,1,0],\"vectors\":{\"x\":[1,2]}}")
        #expect(collection.configuration.settings(of: "x")?.dimension == 2)
        #expect(throws: VexFSError.self) { try collection.put("d.json", "{\"vectors\":{\"x\":[1,2,3]}}") }
        #expect(try search(collection, [4, 6], using: "x").map(\.score) == [5])
        #expect(try search(collection, [0, 1, 0], using: "").map(\.id) == ["c", "a"])
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number, 1)
        #expect(FileManager.default.fileExists(atPath: path))
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":null}}".utf8))
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(throws: VexFSError.self) { try search(collection, [4, 6], using: "x") }
        #expect(try search(collection, [0, 1, 0], using: "").map(\.id) == ["c", "a"])
        // A name that comes again is another vector: what was stored of the former one is gone.
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":{\"dimension\":3}}}".utf8))
        #expect(try search(collection, [1, 2, 3], using: "x").isEmpty)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try search(again, [1, 2, 3], using: "x").isEmpty)
        try again.put("e.json", "{\"vectors\":{\"x\":[1,2,3]}}")
        #expect(try search(again, [1, 2, 3], using: "x").map(\.id) == ["e"])
        #expect(again.lookup("e.json", in: 1)?.state == .ready)
        #expect(again.state.withLock { $0.spaces.map(\.number) } == [0, 2])
    }

    @Test func metadataThatIsSetFromOutsideKeepsTheVectors() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":{},\"y\":{}}}".utf8))
        let file = try collection.put("a.json", "{\"vector\":[1,0],\"vectors\":{\"x\":[1,2],\"y\":[3]}}")
        try collection.setConfiguration(Array("{\"vectors\":{\"y\":null}}".utf8))
        try collection.setMetadata("lang", to: .string("en"), of: file.number)
        #expect(try search(collection, [1, 2], using: "x").map(\.id) == ["a"])
        #expect(try search(collection, [1, 0], using: "").map(\.id) == ["a"])
        #expect(try collection.facts(of: file.number).vectors == ["x"])
        #expect(try collection.embedding(of: file.number, named: "x") == [Float]([1, 2]).normalized())
    }

    @Test func whatIsReadBackIsRounded() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let settings = """
            {"vectors":{"h":{"metric":"dot","datatype":"float16"},"b":{"datatype":"uint8"},
            "e":{"metric":"euclidean","datatype":"uint8"}}}
            """
        try collection.setConfiguration(Array(settings.utf8))
        let file = try collection.put(
            "a.json", "{\"vector\":null,\"vectors\":{\"h\":[0.1,65504],\"b\":[3.9,4.2],\"e\":[255,0]}}")
        #expect(try collection.embedding(of: file.number, named: "h") == [0.099975586, 65504])
        #expect(try collection.embedding(of: file.number, named: "b") == [3, 4])
        #expect(abs(try search(collection, [4.5, 3.5], using: "b")[0].score - 24.0 / 25) < 1e-6)
        #expect(try search(collection, [252, 4.9], using: "e").map(\.score) == [5])
        let beyond = try collection.put("b.json", "{\"vector\":null,\"vectors\":{\"b\":[256,1],\"e\":[-1,1e9]}}")
        #expect(try collection.embedding(of: beyond.number, named: "b") == [255, 1])
        #expect(try collection.embedding(of: beyond.number, named: "e") == [0, 255])
        let refused = ["\"b\":[-3,0.5]", "\"b\":[0.5,0.9]", "\"h\":[65520,1]"]
        for (index, wrong) in refused.enumerated() {
            let error = #expect(throws: VexFSError.self) {
                try collection.put(ByteString("x\(index).json"), "{\"vector\":null,\"vectors\":{\(wrong)}}")
            }
            #expect(error?.code == .invalidVector)
        }
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number, 2)
        fixture.close()
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == 4096 + 8192 * 64)
    }

    @Test func aLostVectorFileIsMadeAnewFromTheDocuments() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":{\"metric\":\"dot\"},\"y\":{}}}".utf8))
        try collection.put("a.json", "{\"vector\":[1,0],\"vectors\":{\"x\":[1,2],\"y\":[3]}}")
        try collection.put("b.json", "{\"vector\":null,\"vectors\":{\"x\":[2,2]}}")
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number, 1)
        try fixture.reopen { try FileManager.default.removeItem(atPath: path) }
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try search(again, [1, 1], using: "x").map(\.id) == ["b", "a"])
        #expect(try search(again, [1], using: "y").map(\.id) == ["a"])
        #expect(try search(again, [1, 0], using: "").map(\.id) == ["a"])
    }

    @Test func damageToANamedVectorIsFound() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":{}}}".utf8))
        try collection.put("a.json", "{\"vectors\":{\"x\":[1,2]},\"vector\":null}")
        fixture.close()
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number, 1)
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: UInt64(VectorFile.headerBytes))
        try handle.write(contentsOf: Data([9]))
        try handle.close()
        let report = try Store.check(at: fixture.path)
        #expect(report.problems.map(\.place) == ["c/a.json"])
    }

    @Test func searchesGoOnWhileVectorsComeAndGo() async throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for round in 0..<20 {
            try collection.setConfiguration(Array("{\"vectors\":{\"x\":{\"metric\":\"dot\"}}}".utf8))
            for index in 0..<5 {
                try collection.put(
                    ByteString("r\(round)-\(index).json"), "{\"vector\":null,\"vectors\":{\"x\":[\(index + 1),1]}}")
            }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<20 {
                            do {
                                let hits = try search(collection, [1, 0], using: "x")
                                #expect(hits.count == 5 && hits[0].score == 5)
                            } catch {
                                #expect((error as? VexFSError)?.code == .notFound)
                            }
                        }
                    }
                }
                group.addTask { try? collection.setConfiguration(Array("{\"vectors\":{\"x\":null}}".utf8)) }
            }
            #expect(throws: VexFSError.self) { try search(collection, [1, 0], using: "x") }
        }
    }

    @Test(arguments: [
        ("{\"vectors\":{\"x\":{\"metric\":\"dot\"}}}", "vectors.x.metric"),
        ("{\"vectors\":{\"x\":{\"dimension\":3}}}", "vectors.x.dimension"),
        ("{\"vectors\":{\"x\":{\"dimension\":0}}}", "vectors.x: \"dimension\""),
        ("{\"vectors\":{\"x\":{\"colour\":1}}}", "colour"), ("{\"vectors\":{\"x\":5}}", "vectors.x"),
        ("{\"vectors\":{\"\":{}}}", "1 to 255 bytes"), ("{\"vectors\":[]}", "\"vectors\" must be an object"),
    ]) func settingsThatAreRefused(_ settings: String, _ words: String) throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"vectors\":{\"x\":{}}}".utf8))
        try collection.put("a.json", "{\"vectors\":{\"x\":[1,2]},\"vector\":null}")
        let before = collection.configuration
        let error = try #require(throws: VexFSError.self) { try collection.setConfiguration(Array(settings.utf8)) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(words), "\(error.message)")
        #expect(collection.configuration == before)
    }
}
