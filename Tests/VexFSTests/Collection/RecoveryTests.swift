import Foundation
import Testing

@testable import VexFS

/// What a store does with what it should not find.
@Suite struct RecoveryTests {
    private func ids(_ collection: Collection, _ vector: [Float]) throws -> [String] {
        collection.ids(of: try collection.search(QueryRequest(target: .vector(vector), title: "q")))
    }

    @Test func aMissingVectorFileIsMadeAnewFromTheDocuments() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,0]}")
        try collection.put("b.json", "{\"vector\":[0,1]}")
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number)
        try fixture.reopen { try FileManager.default.removeItem(atPath: path) }
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try ids(again, [1, 0]) == ["a", "b"])
        #expect(try ids(again, [0, 1]) == ["b", "a"])
    }

    @Test func aDimensionOfRemovedVectorsDoesNotBind() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,0,0]}")
        _ = try collection.remove("a.json", in: 1)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        try again.setConfiguration(Array("{\"dimension\":2}".utf8))
        try again.put("b.json", "{\"vector\":[1,0]}")
        #expect(try ids(again, [1, 0]) == ["b"])
    }

    @Test func rowsGivenAgainAreNotTakenForSynced() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for name: ByteString in ["a.json", "b.json", "c.json"] { try collection.put(name, "{\"vector\":[1,0]}") }
        _ = try collection.remove("b.json", in: 1)
        _ = try collection.remove("c.json", in: 1)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.state.withLock { $0.unnamed.syncedRows <= $0.rows.next })
    }

    @Test func onePendingDocumentThatFailsDoesNotHoldUpTheOthers() throws {
        let fixture = try StoreFixture(embedder: AbsentEmbedder())
        let first = try fixture.store.createCollection(named: "a")
        let second = try fixture.store.createCollection(named: "b")
        #expect(throws: VexFSError.self) { try first.put("text.txt", "words") }
        try first.put("own.json", "{\"vector\":[1,2,3]}")
        #expect(throws: VexFSError.self) { try second.put("text.txt", "words") }
        try fixture.reopen()
        fixture.store.context.embedPending()
        let (one, two) = (fixture.store.collection(named: "a"), fixture.store.collection(named: "b"))
        #expect(one?.pendingCount == 0 && two?.pendingCount == 0)
        let failed = try #require(one?.lookup("text.txt", in: 1))
        #expect(failed.state == .failed)
        #expect(two?.lookup("text.txt", in: 1)?.state == .ready)
    }

    @Test func aSearchAmongWaitingDocumentsSaysWhatTheyWaitFor() throws {
        let fixture = try StoreFixture(embedder: AbsentEmbedder())
        let collection = try fixture.store.createCollection(named: "c")
        #expect(throws: VexFSError.self) { try collection.put("a.txt", "words") }
        let error = #expect(throws: VexFSError.self) {
            try collection.search(QueryRequest(target: .text("words"), title: "q"))
        }
        #expect(error?.code == .modelMissing)
    }

    @Test func aVersionThatWasReplacedMeanwhileIsNotOverwritten() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let file = try collection.put("a.md", "one")
        try collection.commit(Array("two".utf8), to: file.number)
        let error = #expect(throws: VexFSError.self) {
            try collection.commit(Array("three".utf8), to: file.number, replacing: file.version)
        }
        #expect(error?.code == .busy)
        #expect(try collection.content(of: file.number).bytes == Array("two".utf8))
    }

    @Test func aBulkLineThatCannotBeKeptIsTheOnlyOneRefused() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        _ = try collection.makeDirectory("folder.json", in: 1, mode: 0o755, owner: 0, group: 0)
        let lines = """
            {"id":1,"vector":[1,2,3]}
            {"id":2,"text":"the model makes sixteen components"}
            {"id":"folder","vector":[1,2,3]}
            {"id":4,"vector":[3,2,1]}

            """
        let bulk = collection.makeBulkIngest()
        try Array(lines.utf8).withSystemBytes { bytes throws(VexFSError) in try bulk.append(bytes) }
        #expect(throws: VexFSError.self) { try bulk.finish() }
        let places = try JSON.parse(bulk.report)["errors"]?.arrayValue?.compactMap { $0["line"]?.integerValue }
        #expect(places == [2, 3])
        #expect(collection.lookup("1.json", in: 1) != nil && collection.lookup("4.json", in: 1) != nil)
    }
}
