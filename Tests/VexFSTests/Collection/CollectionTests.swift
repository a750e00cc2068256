import Glibc
import Testing

@testable import VexFS

@Suite struct CollectionTests {
    private func vectorQuery(_ vector: [Float], limit: Int = 10) -> QueryRequest {
        var request = QueryRequest(target: .vector(vector), title: "test")
        request.limit = limit
        return request
    }

    @Test func documentsReadBackAndAreFound() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "notes")
        let bytes = "{ \"text\": \"refunds are paid within a week\",\n  \"lang\": \"en\" }\n"
        let file = try collection.put("a.json", bytes)
        try collection.put("b.md", "The weather is fine in Lisbon\n")
        #expect(try collection.content(of: file.number).bytes == Array(bytes.utf8))
        let answer = try collection.search(QueryRequest(target: .text("how are refunds paid"), title: "q"))
        #expect(collection.ids(of: answer) == ["a", "b.md"])
        #expect(answer.hits[0].text == "refunds are paid within a week")
        #expect(answer.hits[0].metadata["lang"] == .string("en"))
    }

    @Test func everythingSurvivesAReopen() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let folder = try collection.makeDirectory("sub", in: 1, mode: 0o750, owner: 3, group: 4)
        let inner = try collection.createFile("x.json", in: folder.number, mode: 0o600, owner: 5, group: 6)
        try collection.commit(Array("{\"vector\":[1,0],\"n\":1}".utf8), to: inner.number)
        let link = try collection.makeSymlink("l", in: 1, target: Array("sub/x.json".utf8), owner: 0, group: 0)
        let scratch = try collection.put(".draft", "not indexed")
        let before = try #require(collection.attributes(of: inner.number))
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.attributes(of: inner.number) == before)
        #expect(again.path(of: inner.number) == "sub/x.json")
        #expect(try again.content(of: link.number).bytes == Array("sub/x.json".utf8))
        #expect(try again.content(of: scratch.number).bytes == Array("not indexed".utf8))
        #expect(again.attributes(of: scratch.number)?.kind == .scratch)
        #expect(again.ids(of: try again.search(vectorQuery([1, 0]))) == ["sub/x"])
    }

    @Test func anUpdateReplacesAndADeleteRemoves() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let file = try collection.put("a.json", "{\"vector\":[1,0]}")
        try collection.commit(Array("{\"vector\":[0,1]}".utf8), to: file.number)
        try collection.put("b.json", "{\"vector\":[1,0.1]}")
        #expect(collection.ids(of: try collection.search(vectorQuery([1, 0]))) == ["b", "a"])
        #expect(collection.documentCount == 2)
        _ = try collection.remove("b.json", in: 1)
        #expect(collection.ids(of: try collection.search(vectorQuery([1, 0]))) == ["a"])
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.ids(of: try again.search(vectorQuery([1, 0]))) == ["a"])
        #expect(again.documentCount == 1)
    }

    @Test func aRenameKeepsTheVectorAndScratchBecomesADocument() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let file = try collection.put("a.json", "{\"vector\":[1,0]}")
        _ = try collection.rename("a.json", in: 1, to: "b.json", in: 1, mode: .replace)
        #expect(collection.attributes(of: file.number)?.row == file.row)
        #expect(collection.ids(of: try collection.search(vectorQuery([1, 0]))) == ["b"])

        try collection.put(".b.json.swap", "{\"vector\":[0,1],\"v\":2}")
        let outcome = try collection.rename(".b.json.swap", in: 1, to: "b.json", in: 1, mode: .replace)
        #expect(outcome.replaced?.number == file.number)
        #expect(collection.documentCount == 1)
        let answer = try collection.search(vectorQuery([0, 1]))
        #expect(answer.hits[0].metadata["v"] == .integer(2))

        try collection.put(".bad.tmp", "{nonsense")
        let refusal = #expect(throws: VexFSError.self) {
            try collection.rename(".bad.tmp", in: 1, to: "b.json", in: 1, mode: .replace)
        }
        #expect(refusal?.errno == EINVAL)
        #expect(collection.ids(of: try collection.search(vectorQuery([0, 1]))) == ["b"])
        #expect(collection.lookup(".bad.tmp", in: 1) != nil)
    }

    @Test func aDocumentThatBecomesScratchLeavesTheIndex() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let file = try collection.put("a.json", "{\"vector\":[1,0]}")
        _ = try collection.rename("a.json", in: 1, to: "a.json~", in: 1, mode: .replace)
        #expect(collection.documentCount == 0)
        #expect(try collection.content(of: file.number).bytes == Array("{\"vector\":[1,0]}".utf8))
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try again.content(of: file.number).bytes == Array("{\"vector\":[1,0]}".utf8))
        _ = try again.rename("a.json~", in: 1, to: "a.json", in: 1, mode: .replace)
        #expect(again.ids(of: try again.search(vectorQuery([1, 0]))) == ["a"])
    }

    @Test func refusalsAreKeptAndSayWhy() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,0,0]}")
        let file = try collection.createFile("b.json", in: 1, mode: 0o644, owner: 0, group: 0)
        let draft = Array("{\"vector\":[1,0]}".utf8)
        let error = try #require(throws: VexFSError.self) { try collection.commit(draft, to: file.number) }
        #expect(error.code == .dimensionMismatch)
        #expect(error.message.contains("2") && error.message.contains("3"))
        collection.recordFailure(error, for: file.number, draft: draft)
        let line = try JSON.parse(Array(collection.errorLines().dropLast()))
        #expect(line["file"] == .string("b.json"))
        #expect(line["draft"] == .string("{\"vector\":[1,0]}"))
        #expect(try collection.facts(of: file.number).state == .failed)
        try collection.commit(Array("{\"vector\":[1,0,1]}".utf8), to: file.number)
        let facts = try collection.facts(of: file.number)
        #expect(facts.state == .ready && facts.error == nil)
        try collection.clearErrors()
        #expect(collection.errorLines().isEmpty)
    }

    @Test func withoutAModelDocumentsWaitAndAreEmbeddedLater() throws {
        let fixture = try StoreFixture(embedder: AbsentEmbedder())
        let collection = try fixture.store.createCollection(named: "c")
        #expect(throws: VexFSError.self) { try collection.put("a.txt", "some words here") }
        #expect(collection.pendingCount == 1)
        #expect(collection.pendingText() == Array("a.txt\n".utf8))
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.pendingCount == 1)
        fixture.store.context.embedPending()
        #expect(again.pendingCount == 0)
        #expect(again.ids(of: try again.search(QueryRequest(target: .text("words"), title: "q"))) == ["a.txt"])
    }

    @Test func metadataSetFromOutsideIsFoundAndKept() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let file = try collection.put("a.md", "a text of words")
        try collection.setMetadata("lang", to: .string("en"), of: file.number)
        var request = QueryRequest(target: .text("words"), title: "q")
        request.filter = .anyOf(field: "lang", values: [.string("en")])
        #expect(collection.ids(of: try collection.search(request)) == ["a.md"])
        try collection.commit(Array("other words".utf8), to: file.number)
        #expect(collection.ids(of: try collection.search(request)) == ["a.md"])
        #expect(try collection.content(of: file.number).bytes == Array("other words".utf8))
        try collection.setMetadata("lang", to: nil, of: file.number)
        #expect(collection.ids(of: try collection.search(request)).isEmpty)
        #expect(throws: VexFSError.self) { try collection.setMetadata("lang", to: nil, of: file.number) }
    }

    @Test func settingsAreCheckedAndFixedByVectors() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"metric\":\"euclidean\",\"dimension\":2}".utf8))
        #expect(throws: VexFSError.self) { try collection.put("a.json", "{\"vector\":[1,2,3]}") }
        try collection.put("b.json", "{\"vector\":[3,4]}")
        let answer = try collection.search(vectorQuery([0, 0]))
        #expect(answer.hits[0].score == 5)
        for bad in ["{\"metric\":\"dot\"}", "{\"dimension\":3}", "{\"color\":1}", "[]", "{", "{\"metric\":7}"] {
            let error = #expect(throws: VexFSError.self) { try collection.setConfiguration(Array(bad.utf8)) }
            #expect(error?.code == .invalidConfiguration, "\(bad)")
        }
    }

    @Test func aFolderScopesASearch() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let folder = try collection.makeDirectory("sub", in: 1, mode: 0o755, owner: 0, group: 0)
        let inner = try collection.createFile("in.json", in: folder.number, mode: 0o644, owner: 0, group: 0)
        try collection.commit(Array("{\"vector\":[0,1]}".utf8), to: inner.number)
        try collection.put("out.json", "{\"vector\":[1,0]}")
        var request = vectorQuery([1, 0])
        request.folder = "sub"
        #expect(collection.ids(of: try collection.search(request)) == ["sub/in"])
        request.folder = "nowhere"
        #expect(throws: VexFSError.self) { try collection.search(request) }
    }
}
