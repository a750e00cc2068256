import Foundation
import Testing

@testable import VexFS

/// Documents that a program inserts are documents like any others.
@Suite struct CollectionInsertTests {
    private func ids(_ collection: Collection, _ vector: [Float], limit: Int = 10) throws -> [String] {
        var request = QueryRequest(target: .vector(vector), title: "q")
        request.limit = limit
        return collection.ids(of: try collection.search(request))
    }

    private func text(_ name: ByteString, of collection: Collection) throws -> String {
        let file = try #require(collection.lookup(name, in: 1))
        let bytes = try collection.content(of: file.number).bytes
        #expect(Int64(bytes.count) == file.size)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func insertedPointsAreFoundAndAreFiles() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let points = [
            NewPoint(id: "a", metadata: Array("{ \"n\": 1 }".utf8)), NewPoint(id: "b/ü", text: "say \"hi\""),
            NewPoint(id: "c"),
        ]
        let outcome = try collection.insert(points, vectors: [2, 0, 0, 3, 1, 1], sync: true)
        #expect(outcome == InsertOutcome(created: 3, replaced: 0))
        #expect(try ids(collection, [0, 1]) == ["b/ü", "c", "a"])
        let file = try text("a.json", of: collection)
        #expect(file == "{\"id\":\"a\",\"metadata\":{\"n\":1},\"vector\":\"AACAPwAAAAA=\"}\n")
        #expect(try text("b%2Fü.json", of: collection).contains("\"text\":\"say \\\"hi\\\"\""))
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try text("a.json", of: again) == file)
        #expect(try ids(again, [0, 1]) == ["b/ü", "c", "a"])
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    @Test func contentCanBeWrittenBackAndElsewhere() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.insert([NewPoint(id: "a", metadata: Array("{\"n\":1}".utf8))], vectors: [3, 4])
        let file = try #require(collection.lookup("a.json", in: 1))
        let before = try text("a.json", of: collection)
        try collection.commit(Array(before.utf8), to: file.number)
        #expect(try text("a.json", of: collection) == before)
        let other = try fixture.store.createCollection(named: "other")
        try other.put("copy.json", before)
        #expect(try ids(other, [3, 4]) == ["copy"])
        #expect(try other.embedding(of: try #require(other.lookup("copy.json", in: 1)).number) == [0.6, 0.8])
        try collection.setMetadata("k", to: .integer(2), of: file.number)
        #expect(try text("a.json", of: collection) == before)
        _ = try collection.rename("a.json", in: 1, to: ".scratch", in: 1, mode: .replace)
        #expect(try text(".scratch", of: collection) == before)
    }

    /// A change of the metadata does not store the vector a second time.
    @Test func changesKeepTheVectorOutOfTheStoredBytes() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"metric\": \"dot\"}".utf8))
        try collection.insert([NewPoint(id: "a")], vectors: (0..<300).map { Float($0) })
        let storedBytes = { () throws -> Int in
            let row = try #require(collection.lookup("a.json", in: 1)?.row)
            return try #require(try collection.database.value(StoreKey.document(collection.number, row))).count
        }
        try collection.apply([.payload(.set([.init("n", .integer(1))]), of: .ids(["a"]))])
        #expect(try text("a.json", of: collection).contains("\"n\":1"))
        #expect(try storedBytes() < 100)
        try collection.setMetadata("k", to: .integer(2), of: try #require(collection.lookup("a.json", in: 1)).number)
        #expect(try storedBytes() < 100)
        #expect(try ids(collection, (0..<300).map { Float($0) }) == ["a"])
        let before = try text("a.json", of: collection)
        try fixture.reopen()
        #expect(try text("a.json", of: try #require(fixture.store.collection(named: "c"))) == before)
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    @Test func theLastOfOneIDWinsAndReplaces() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,0]}")
        let points = ["a", "b", "a", "c", "b"].map { NewPoint(id: $0) }
        let outcome = try collection.insert(points, vectors: [1, 1, 5, 1, 0, 1, 9, 9, 1, 0])
        #expect(outcome == InsertOutcome(created: 2, replaced: 3))
        #expect(try ids(collection, [1, 0], limit: 1) == ["b"])
        #expect(try ids(collection, [0, 1], limit: 1) == ["a"])
        #expect(collection.documentCount == 3)
    }

    @Test func nothingIsInsertedWhereOneIsWrong() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        _ = try collection.makeDirectory("folder.json", in: 1, mode: 0o755, owner: 0, group: 0)
        let good = NewPoint(id: "good")
        let cases: [([NewPoint], [Float])] = [
            ([good, NewPoint(id: "")], [1, 0, 0, 1]), ([good, good], [1, 0, 1]), ([good], []), ([good], [0, 0]),
            ([good], [.nan, 1]), ([good, NewPoint(id: "x", metadata: Array("[1]".utf8))], [1, 0, 0, 1]),
            ([good, NewPoint(id: "x", metadata: Array("{".utf8))], [1, 0, 0, 1]),
            ([good, NewPoint(id: "folder")], [1, 0, 0, 1]),
        ]
        for (points, vectors) in cases {
            #expect(throws: VexFSError.self) { try collection.insert(points, vectors: vectors) }
        }
        #expect(collection.documentCount == 0)
        try collection.insert([good], vectors: [1, 0])
        #expect(throws: VexFSError.self) { try collection.insert([good], vectors: [1, 0, 0]) }
        #expect(try collection.insert([], vectors: []) == InsertOutcome())
    }

    @Test func filtersSeeInsertedMetadata() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for round in 0..<3 {
            let points = (0..<10).map { n in
                NewPoint(id: ByteString("\(round)-\(n)"), metadata: Array("{\"n\":\(n)}".utf8))
            }
            try collection.insert(points, vectors: (0..<20).map { Float($0 + 1) })
            var request = QueryRequest(target: .vector([1, 1]), title: "q")
            request.filter = try Filter.parse("n=3")
            #expect(try collection.search(request).hits.count == round + 1)
        }
    }

    @Test func aVectorLostWithThePowerLeavesADocumentThatSaysSo() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.insert([NewPoint(id: "a", metadata: Array("{\"n\":1}".utf8))], vectors: [1, 0])
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number)
        try fixture.reopen { try FileManager.default.removeItem(atPath: path) }
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.lookup("a.json", in: 1)?.state == .failed)
        #expect(try text("a.json", of: again) == "{\"id\":\"a\",\"metadata\":{\"n\":1},\"vector\":null}\n")
        #expect(try ids(again, [1, 0]) == [])
        try again.insert([NewPoint(id: "a")], vectors: [0, 1])
        #expect(try ids(again, [1, 0]) == ["a"])
    }

    @Test func aDocumentThatBecomesScratchIsStoredWhole() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.insert([NewPoint(id: "a", text: "words")], vectors: [3, 4])
        let file = try #require(collection.lookup("a.json", in: 1))
        let bytes = try collection.content(of: file.number).bytes
        _ = try collection.rename("a.json", in: 1, to: ".a", in: 1, mode: .replace)
        #expect(try collection.content(of: file.number).bytes == bytes)
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }
}
