import Foundation
import Testing

@testable import VexFS

/// Sparse vectors and several vectors of a document: what is written is found, whatever happens to the store.
@Suite struct StoredVectorSpacesTests {
    private struct Run {
        var generator: SeededGenerator
        var plain = StoredVectorReference()
        let metric: Metric
        let seed: UInt64
        static let width = 5

        init(seed: UInt64, metric: Metric) {
            (self.seed, self.metric) = (seed, metric)
            generator = SeededGenerator(seed: seed)
        }

        var settings: String {
            """
            {"model": "none", "vectors": {"words": {"sparse": true, "modifier": "idf"}, "plain": {"sparse": true},
             "several": {"multivector": true, "comparator": "max_sim", "metric": "\(metric)"}}}
            """
        }

        mutating func sparse() throws -> SparseVector {
            let vector = try generator.sparseVector(count: 6, dimensions: 40, values: 0.125...1)
            return vector.count > 0 ? vector : try SparseVector(indices: [UInt32.max], values: [0.5])
        }

        mutating func several() -> [[Float]] {
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (0..<Self.width).map { _ in Float.random(in: -1...1, using: &generator) }
            }
        }

        mutating func put(_ id: String, in collection: Collection) throws {
            plain.sparse[id] = Bool.random(using: &generator) ? try sparse() : nil
            plain.several[id] = Bool.random(using: &generator) ? several() : nil
            var vectors: [JSON.Member] = []
            if let sparse = plain.sparse[id] {
                vectors = ["words", "plain"].map { .init($0, DocumentVector.sparse(sparse).json) }
            }
            if let several = plain.several[id] {
                let vector = DocumentVector.multiple(several.flatMap { $0 }, count: several.count)
                vectors.append(.init("several", vector.json))
            }
            let document = JSON.object([
                .init("vector", .null), .init("vectors", .object(vectors)), .init("even", .bool(id.hasSuffix("0"))),
            ])
            let name = ByteString(id + ".json")
            if let file = collection.lookup(name, in: Collection.rootNumber) {
                try collection.commit(document.compact, to: file.number)
            } else {
                try collection.put(name, String(decoding: document.compact, as: UTF8.self))
            }
        }

        mutating func remove(_ id: String, from collection: Collection) throws {
            (plain.sparse[id], plain.several[id]) = (nil, nil)
            let name = ByteString(id + ".json")
            guard collection.lookup(name, in: Collection.rootNumber) != nil else { return }
            _ = try collection.remove(name, in: Collection.rootNumber)
        }

        mutating func check(_ collection: Collection, _ moment: String) throws {
            let all = Set(plain.sparse.keys).union(plain.several.keys)
            for isFiltered in [false, true] {
                let among = isFiltered ? all.filter { $0.hasSuffix("0") } : all
                let (query, matrix) = (try sparse(), several())
                let answers = [
                    (
                        "words", try ask(collection, .sparse(query), "words", isFiltered),
                        plain.nearest(query, weighted: true, among: among)
                    ),
                    (
                        "plain", try ask(collection, .sparse(query), "plain", isFiltered),
                        plain.nearest(query, weighted: false, among: among)
                    ),
                    (
                        "several", try ask(collection, .multiple(matrix), "several", isFiltered),
                        plain.nearest(matrix, metric, among: among)
                    ),
                    (
                        "one", try ask(collection, .vector(matrix[0]), "several", isFiltered),
                        plain.nearest([matrix[0]], metric, among: among)
                    ),
                ]
                for (name, found, expected) in answers {
                    if let complaint = StoredVectorReference.complaint(found, expected, limit: 7) {
                        Issue.record("\(moment), \(name), \(metric), filter \(isFiltered), seed \(seed): \(complaint)")
                    }
                }
            }
        }

        private func ask(
            _ collection: Collection, _ target: QueryRequest.Target, _ name: String, _ isFiltered: Bool
        ) throws -> [(id: String, score: Double)] {
            var request = QueryRequest(target: target, title: "q")
            (request.using, request.limit) = (name, 7)
            if isFiltered { request.filter = try Filter.parse("even:true") }
            return try collection.search(request).hits.map { ($0.id.string, $0.score) }
        }
    }

    @Test(arguments: Metric.allCases)
    func randomChanges(metric: Metric) throws {
        var run = Run(seed: UInt64.random(in: 0...UInt64.max), metric: metric)
        let fixture = try StoreFixture()
        let name = ByteString("c")
        try fixture.store.createCollection(named: name).setConfiguration(Array(run.settings.utf8))
        for step in 0..<12 {
            let collection = try #require(fixture.store.collection(named: name))
            for _ in 0..<30 {
                let id = "d\(Int.random(in: 0..<120, using: &run.generator))"
                if Int.random(in: 0..<5, using: &run.generator) == 0 {
                    try run.remove(id, from: collection)
                } else {
                    try run.put(id, in: collection)
                }
            }
            try run.check(collection, "step \(step)")
            if step % 4 == 1 {
                _ = try collection.compact()
                try run.check(collection, "compacted in step \(step)")
            }
            if step % 3 == 2 {
                try fixture.reopen()
                try run.check(try #require(fixture.store.collection(named: name)), "opened after step \(step)")
            }
        }
        let count = run.plain.sparse.count * 2 + run.plain.several.count
        fixture.close()
        let report = try Store.check(at: fixture.path)
        #expect(report.problems.isEmpty && report.vectors == count, "\(report)")
    }

    /// A vector that is not what was written is found by the check.
    @Test func damageIsFound() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array(#"{"vectors": {"w": {"sparse": true}}, "model": "none"}"#.utf8))
        let file = try collection.put("a.json", #"{"vectors": {"w": {"indices": [3], "values": [1]}}}"#)
        let batch = WriteBatch()
        let row = try #require(file.row)
        batch.put(
            StoreKey.vector(collection.number, 1, row),
            StoredVector.encoded(try SparseVector(indices: [4], values: [1])))
        try collection.database.write(batch)
        fixture.close()
        let problems = try Store.check(at: fixture.path).problems
        #expect(problems.count == 1 && problems.first?.place == "c/a.json", "\(problems)")
    }

    /// What was stored of a space goes with it, also where one of the same name comes again.
    @Test func droppedAndAddedAgain() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array(#"{"sparse_vectors": {"w": {}}, "model": "none"}"#.utf8))
        try collection.put("a.json", #"{"vectors": {"w": {"indices": [3], "values": [1]}}}"#)
        var request = QueryRequest(target: .sparse(try SparseVector(indices: [3], values: [2])), title: "q")
        request.using = "w"
        #expect(try collection.search(request).hits.map(\.score) == [2])
        #expect(throws: VexFSError.self) {
            try collection.setConfiguration(Array(#"{"vectors": {"w": {"sparse": false}}}"#.utf8))
        }
        try collection.setConfiguration(Array(#"{"vectors": {"w": null}}"#.utf8))
        try collection.setConfiguration(Array(#"{"vectors": {"w": {"sparse": true}}}"#.utf8))
        #expect(try collection.search(request).hits.isEmpty)
        var keys = 0
        try collection.database.forEach(prefix: StoreKey.prefix(.vector, collection.number)) { _, _ in
            keys += 1
            return true
        }
        #expect(keys == 0)
    }

    /// Values of numbers of every datatype.
    @Test(arguments: VectorElement.allCases)
    func storedValues(element: VectorElement) throws {
        let values: [Float] = element == .uint8 ? [0, 7, 255, 3, 2, 1] : [0.5, -1, 2, 65504, 0, 0.25]
        let bytes = StoredVector.encoded(values, count: 2, element)
        let back = try bytes.withUnsafeBytes { try StoredVector.decoded($0) }
        #expect(back == .multiple(values, count: 2))
        for count in [0, 7, bytes.count - 1] {
            #expect(throws: VexFSError.self) {
                try bytes.withUnsafeBytes { try StoredVector.decoded(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
        }
        let sparse = try SparseVector(indices: [1, UInt32.max], values: [0.5, -2])
        #expect(try StoredVector.encoded(sparse).withUnsafeBytes { try StoredVector.decoded($0) } == .sparse(sparse))
    }
}
