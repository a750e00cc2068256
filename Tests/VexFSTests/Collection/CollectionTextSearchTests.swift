import Glibc
import Testing

@testable import VexFS

@Suite struct CollectionTextSearchTests {
    private func request(_ text: String, _ mode: QueryRequest.Mode) -> QueryRequest {
        var request = QueryRequest(target: .text(text), title: text)
        request.mode = mode
        return request
    }

    private func ids(_ collection: Collection, _ text: String, _ mode: QueryRequest.Mode = .text) throws -> [String] {
        collection.ids(of: try collection.search(request(text, mode)))
    }

    private func filled() throws -> (StoreFixture, Collection) {
        let fixture = try StoreFixture()
        let notes = try fixture.store.createCollection(named: "notes")
        try notes.put("fox.md", "The quick brown fox jumps over the lazy dog.")
        try notes.put("foxes.md", "Foxes and more foxes.")
        try notes.put("bread.json", #"{"text":"baking bread at home","kind":"food"}"#)
        return (fixture, notes)
    }

    @Test func wordsAreFoundByTheirStems() throws {
        let (fixture, notes) = try filled()
        defer { fixture.close() }
        #expect(try ids(notes, "fox") == ["foxes.md", "fox.md"])
        #expect(try ids(notes, "Baked!") == ["bread"])
        #expect(try ids(notes, "the and at") == [])
        let answer = try notes.search(request("fox", .text))
        #expect(answer.explanation.plan == "BM25 of 3 texts")
        #expect(answer.hits[0].score > answer.hits[1].score)
    }

    @Test func changesAreSeenAtOnce() throws {
        let (fixture, notes) = try filled()
        defer { fixture.close() }
        #expect(try ids(notes, "fox").count == 2)
        try notes.put("new.md", "One fox.")
        #expect(Set(try ids(notes, "fox")) == ["fox.md", "foxes.md", "new.md"])
        _ = try notes.remove("foxes.md", in: Collection.rootNumber)
        #expect(Set(try ids(notes, "fox")) == ["fox.md", "new.md"])
        try notes.compact()
        #expect(Set(try ids(notes, "fox")) == ["fox.md", "new.md"])
    }

    @Test func nothingIsLostByReopening() throws {
        let (fixture, notes) = try filled()
        let before = try ids(notes, "fox")
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "notes"))
        #expect(try ids(again, "fox") == before)
    }

    @Test func filtersHold() throws {
        let (fixture, notes) = try filled()
        defer { fixture.close() }
        var filtered = request("fox bread", .text)
        filtered.filter = .exists(field: "kind")
        #expect(notes.ids(of: try notes.search(filtered)) == ["bread"])
    }

    @Test func documentsWithoutAVectorHaveWords() throws {
        let fixture = try StoreFixture(embedder: AbsentEmbedder())
        let notes = try fixture.store.createCollection(named: "notes")
        try notes.put("own.json", #"{"text":"a fox","embedding":[1,0]}"#)
        try notes.put("none.json", #"{"text":"the fox","embedding":null}"#)
        #expect(Set(try ids(notes, "foxes")) == ["own", "none"])
    }

    @Test func hybridIsTheFusionOfBoth() throws {
        let (fixture, notes) = try filled()
        defer { fixture.close() }
        let lists = try [QueryRequest.Mode.vector, .text].map { mode in try ids(notes, "lazy fox", mode) }
        var scores: [String: Float] = [:]
        for list in lists {
            for (rank, id) in list.enumerated() { scores[id, default: 0] += 1 / Float(2 + rank) }
        }
        let answer = try notes.search(request("lazy fox", .hybrid))
        #expect(Set(notes.ids(of: answer)) == Set(scores.keys))
        for hit in answer.hits { #expect(abs(hit.score - Double(scores[hit.id.string] ?? 0)) < 1e-6) }
        #expect(answer.hits.map(\.score) == answer.hits.map(\.score).sorted(by: >))
        #expect(answer.explanation.plan.contains("BM25 of 3 texts, fused by reciprocal rank"))
    }

    @Test func likeTakesTheDocumentsWords() throws {
        let (fixture, notes) = try filled()
        defer { fixture.close() }
        var like = QueryRequest(target: .like(id: "foxes.md"), title: "x")
        like.mode = .text
        #expect(notes.ids(of: try notes.search(like)) == ["fox.md"])
    }

    @Test(arguments: [QueryRequest.Mode.text, .hybrid]) func vectorsHaveNoWords(mode: QueryRequest.Mode) throws {
        let (fixture, notes) = try filled()
        defer { fixture.close() }
        var wrong = QueryRequest(target: .vector([Float](repeating: 1, count: 16)), title: "x")
        wrong.mode = mode
        let error = #expect(throws: VexFSError.self) { try notes.search(wrong) }
        #expect(error?.errno == EINVAL)
    }
}
