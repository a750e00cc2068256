import Glibc
import Testing

@testable import VexFS

/// Batches of operations on documents.
@Suite struct PointOperationTests {
    private func fixture() throws -> (StoreFixture, Collection) {
        let fixture = try StoreFixture()
        return (fixture, try fixture.store.createCollection(named: "c"))
    }

    private func text(_ name: ByteString, of collection: Collection) throws -> String {
        let file = try #require(collection.lookup(name, in: 1))
        let bytes = try collection.content(of: file.number).bytes
        #expect(Int64(bytes.count) == file.size)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func found(_ collection: Collection, _ vector: [Float], _ filter: Filter? = nil) throws -> [String] {
        var request = QueryRequest(target: .vector(vector), title: "q")
        request.filter = filter
        return collection.ids(of: try collection.search(request))
    }

    private let x: [Float] = [1] + [Float](repeating: 0, count: 15)
    private let y: [Float] = [0, 1] + [Float](repeating: 0, count: 14)

    /// Two files with the id "x.md"; a filter that finds one of them changes that one.
    @Test func aFilterChangesTheFilesThatMatch() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        let text = try collection.put("x.md", "---\nlang: en\n---\nsome words")
        let other = try collection.put("x.md.json", "{\"text\":\"other words\",\"lang\":\"de\"}")
        let english = PointSelection.filter(.anyOf(field: "lang", values: [.string("en")]))
        let outcomes = try collection.apply([
            .payload(.set([.init("n", .integer(1))]), of: english),
            .payload(.set([.init("n", .integer(2))]), of: .ids(["x.md"])),
            .payload(.set([.init("m", .integer(3))]), of: .filter(.anyOf(field: "n", values: [.integer(1)]))),
        ])
        #expect(outcomes == [PointOutcome(changed: 1), PointOutcome(changed: 1), PointOutcome(changed: 1)])
        #expect(try collection.facts(of: text.number).metadata["n"] == .integer(1))
        #expect(try collection.facts(of: text.number).metadata["m"] == .integer(3))
        #expect(try collection.facts(of: other.number).metadata["n"] == .integer(2))
        #expect(try collection.facts(of: other.number).metadata["m"] == nil)
        #expect(try collection.apply([.delete(english)]) == [PointOutcome(removed: 1)])
        #expect(collection.lookup("x.md", in: 1) == nil)
        #expect(try self.text("x.md.json", of: collection).contains("other words"))
    }

    /// A change of more than fits into memory is refused whole.
    @Test func aBatchHasABound() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        let count = 200
        _ = try collection.apply([.put((0..<count).map { PointContent(id: ByteString("\($0)"), vector: x) })])
        let all = PointSelection.filter(.and([]))
        let change = PayloadChange.set([.init("n", .string(String(repeating: "x", count: 10_000)))])
        do {
            _ = try collection.apply([.payload(change, of: all)], byteLimit: 2 << 20)
            Issue.record("4 MB were staged")
        } catch {
            #expect(error.code == .quotaExceeded && error.message.contains("2 MiB"), "\(error)")
        }
        #expect(try text("0.json", of: collection).contains("xxx") == false)
        #expect(try collection.apply([.payload(change, of: .ids(["0", "1"]))]) == [PointOutcome(changed: 2)])
        #expect(try collection.apply([.payload(change, of: all)], byteLimit: 8 << 20) == [PointOutcome(changed: count)])
        // Changing one document again and again takes no more than once.
        let again = (0..<500).map { _ in PointOperation.payload(change, of: .ids(["0"])) }
        _ = try collection.apply(again, byteLimit: 1 << 20)
    }

    @Test func documentsArePutAsFiles() throws {
        let (fixture, collection) = try fixture()
        let outcomes = try collection.apply(
            [
                .put([
                    PointContent(id: "a", metadata: [.init("n", .integer(1))], vector: x),
                    PointContent(id: "b", text: "some words"), PointContent(id: "c"),
                ])
            ], sync: true)
        #expect(outcomes == [PointOutcome(created: 3)])
        #expect(try text("b.json", of: collection) == "{\"id\":\"b\",\"text\":\"some words\",\"metadata\":{}}\n")
        #expect(try text("c.json", of: collection) == "{\"id\":\"c\",\"metadata\":{},\"vector\":null}\n")
        #expect(try Set(found(collection, x)) == ["a", "b"])
        #expect(try found(collection, x, .anyOf(field: "n", values: [.integer(1)])) == ["a"])
        let before = try text("a.json", of: collection)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try text("a.json", of: again) == before)
        #expect(try found(again, x).first == "a")
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    @Test func aNewTextLeavesAVectorAloneThatTheModelCouldNotMake() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        _ = try collection.apply([.put([PointContent(id: "a", text: "old", vector: [1, 0, 0])])])
        #expect(try collection.apply([.patch([PointPatch(id: "a", text: "new")])]) == [PointOutcome(changed: 1)])
        #expect(try text("a.json", of: collection).contains("\"text\":\"new\""))
        #expect(try found(collection, [1, 0, 0]) == ["a"])
        // One that was put without a vector says so in its bytes, and stays without.
        _ = try collection.apply([.put([PointContent(id: "b")])])
        #expect(try collection.apply([.patch([PointPatch(id: "b", text: "new")])]) == [PointOutcome(changed: 1)])
        #expect(try text("b.json", of: collection).contains("\"vector\":null"))
        #expect(try found(collection, [1, 0, 0]) == ["a"])
    }

    @Test func aVectorOfZerosHasTheCosineZero() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        _ = try collection.apply([
            .put([PointContent(id: "zero", vector: [0, 0]), PointContent(id: "one", vector: [3, 4])])
        ])
        let points = fixture.store.points(of: collection)
        let near = try points.nearest(
            to: .dense([3, 4]), in: "", limit: 2, among: points.rows, SearchParameters())
        #expect(near.map { points.identifier(of: $0.row)?.description } == ["one", "zero"])
        #expect(near.last?.score == 0)
    }

    @Test func modesAndConditionsLeaveDocumentsAlone() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        let one = PointContent(id: "a", metadata: [.init("v", .integer(1))], vector: x)
        let two = PointContent(id: "a", metadata: [.init("v", .integer(2))], vector: y)
        let isOne = Filter.anyOf(field: "v", values: [.integer(1)])
        #expect(try collection.apply([.put([one], mode: .updateOnly)]) == [PointOutcome(skipped: 1)])
        #expect(collection.documentCount == 0)
        #expect(try collection.apply([.put([one], mode: .insertOnly)]) == [PointOutcome(created: 1)])
        #expect(try collection.apply([.put([two], mode: .insertOnly)]) == [PointOutcome(skipped: 1)])
        #expect(try collection.apply([.put([two], condition: .not(isOne))]) == [PointOutcome(skipped: 1)])
        #expect(try collection.apply([.put([two], mode: .updateOnly, condition: isOne)]) == [PointOutcome(changed: 1)])
        #expect(try collection.apply([.put([PointContent(id: "b")], condition: isOne)]) == [PointOutcome(created: 1)])
        #expect(try text("a.json", of: collection).contains("\"v\":2"))
    }

    @Test func operationsSeeTheOnesBeforeThem() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        try collection.put("old.json", "{\"text\":\"kept\",\"tag\":\"t\"}")
        let isTagged = Filter.anyOf(field: "tag", values: [.string("t")])
        let outcomes = try collection.apply([
            .put([PointContent(id: "new", text: "fresh", metadata: [.init("tag", .string("t"))])]),
            .payload(.set([.init("seen", .bool(true))]), of: .filter(isTagged)),
            .payload(.delete([try PayloadPath(qdrant: "tag")]), of: .ids(["old", "nobody"])),
            .delete(.filter(isTagged)),
            .put([PointContent(id: "brief")]), .delete(.ids(["brief"])),
        ])
        #expect(
            outcomes == [
                PointOutcome(created: 1), PointOutcome(changed: 2), PointOutcome(changed: 1, skipped: 1),
                PointOutcome(removed: 1), PointOutcome(created: 1), PointOutcome(removed: 1),
            ])
        #expect(collection.documentCount == 1)
        #expect(try text("old.json", of: collection) == "{\"text\":\"kept\",\"seen\":true}\n")
    }

    @Test func nothingHappensWhereOneFails() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        try collection.put("a.json", "{\"text\":\"kept\"}")
        try collection.put("t.txt", "plain")
        let before = try text("a.json", of: collection)
        #expect {
            try collection.apply([
                .payload(.set([.init("k", .integer(1))]), of: .ids(["a"])), .put([PointContent(id: "b")]),
                .deleteVectors(of: .ids(["t.txt"])),
            ])
        } throws: {
            ($0 as? VexFSError)?.code == .unsupported
        }
        #expect {
            try collection.apply([.put([PointContent(id: "b"), PointContent(id: "c", vector: [1, 2])])])
        } throws: {
            ($0 as? VexFSError)?.code == .dimensionMismatch
        }
        #expect(try text("a.json", of: collection) == before)
        #expect(collection.documentCount == 2)
    }

    @Test func payloadChangesKeepShapeAndVector() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        try collection.put("flat.json", "{\"content\":\"some words\",\"lang\":\"en\",\"n\":1}")
        try collection.put(
            "deep.json", "{\"payload\":{\"a\":{\"b\":1}},\"embedding\":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}")
        let flat = try #require(collection.lookup("flat.json", in: 1)).number
        let vector = try collection.embedding(of: flat)
        try collection.apply([
            .payload(.set([.init("n", .integer(2))]), of: .ids(["flat"])),
            .payload(.set([.init("c", .integer(3))], at: try PayloadPath(qdrant: "a")), of: .ids(["deep"])),
        ])
        #expect(try text("flat.json", of: collection) == "{\"content\":\"some words\",\"lang\":\"en\",\"n\":2}\n")
        #expect(
            try text("deep.json", of: collection).hasPrefix("{\"payload\":{\"a\":{\"b\":1,\"c\":3}},\"embedding\":["))
        #expect(try collection.embedding(of: flat) == vector)
        #expect(try collection.facts(of: flat).model != nil)
        // A key that means something in a document moves all metadata into an object.
        try collection.apply([.payload(.set([.init("text", .string("t"))]), of: .ids(["flat"]))])
        #expect(
            try text("flat.json", of: collection)
                == "{\"content\":\"some words\",\"metadata\":{\"lang\":\"en\",\"n\":2,\"text\":\"t\"}}\n")
    }

    @Test func textFilesKeepTheirBytes() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        let markdown = "---\nlang: en\nyear: 2020\n---\nsome words\n"
        try collection.put("w.md", markdown)
        let set = PayloadChange.set([.init("year", .integer(2021)), .init("new", .bool(true))])
        try collection.apply([
            .payload(set, of: .ids(["w.md"])), .payload(.delete([try PayloadPath(qdrant: "lang")]), of: .ids(["w.md"])),
        ])
        #expect(try text("w.md", of: collection) == markdown)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        let file = try #require(again.lookup("w.md", in: 1)).number
        let metadata = try again.facts(of: file).metadata
        #expect(metadata["year"] == .integer(2021))
        #expect(metadata["new"] == .bool(true))
        #expect(metadata["lang"] == nil)
        try again.apply([.patch([PointPatch(id: "w.md", text: "other words\n")])])
        #expect(try text("w.md", of: again) == "---\nlang: en\nyear: 2020\n---\nother words\n")
        try again.apply([.payload(.clear, of: .ids(["w.md"]))])
        #expect(try again.facts(of: file).metadata == .object([]))
        // An own vector needs a JSON document.
        try again.apply([.patch([PointPatch(id: "w.md", vector: x)])])
        #expect(again.lookup("w.md", in: 1) == nil)
        #expect(try text("w.md.json", of: again).contains("\"text\":\"other words\\n\""))
        #expect(try found(again, x).first == "w.md")
    }

    @Test func aTextThatGetsANamedVectorKeepsItsOwn() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        try collection.setConfiguration(Array("{\"vectors\":{\"n\":{}}}".utf8))
        try collection.put("w.md", "some words\n")
        let text = try #require(collection.lookup("w.md", in: 1)).number
        let vector = try #require(try collection.embedding(of: text))
        try collection.apply([.patch([PointPatch(id: "w.md", vectors: [NamedVector("n", .dense([0, 2]))])])])
        let json = try #require(collection.lookup("w.md.json", in: 1)).number
        #expect(collection.lookup("w.md", in: 1) == nil)
        #expect(try collection.embedding(of: json) == vector)
        #expect(try collection.embedding(of: json, named: "n") == [0, 1])
        #expect(try collection.facts(of: json).state == .ready)
        #expect(try collection.facts(of: json).model != nil)
    }

    @Test func patchesChangeTextAndVector() throws {
        let (fixture, collection) = try fixture()
        defer { fixture.close() }
        try collection.apply([
            .put([PointContent(id: "own", text: "some words", vector: x), PointContent(id: "made", text: "some words")])
        ])
        let outcome = try collection.apply([
            .patch([
                PointPatch(id: "own", text: "other words"), PointPatch(id: "made", text: "other words"),
                PointPatch(id: "none", text: "lost"),
            ])
        ])
        #expect(outcome == [PointOutcome(changed: 2, skipped: 1)])
        #expect(try found(collection, x).first == "own")
        let made = try #require(collection.lookup("made.json", in: 1)).number
        let expected = try WordEmbedder().embed(["other words"], role: .document)[0].vector
        #expect(try collection.embedding(of: made) == expected.normalized())
        try collection.apply([.patch([PointPatch(id: "own", metadata: .set([.init("k", .integer(1))]), vector: y)])])
        #expect(try found(collection, y).first == "own")
        try collection.apply([.deleteVectors(of: .ids(["own"]))])
        #expect(try found(collection, y) == ["made"])
        #expect(
            try text("own.json", of: collection).contains(
                "\"text\":\"other words\",\"metadata\":{\"k\":1},\"vector\":null"))
    }

    @Test func namedVectorsComeAndGo() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(
            Array("{\"model\":\"none\",\"vectors\":{\"x\":{\"metric\":\"dot\"},\"y\":{\"metric\":\"dot\"}}}".utf8))
        func found(_ name: String, _ vector: [Float], in collection: Collection) throws -> [String] {
            var request = QueryRequest(target: .vector(vector), title: "q")
            request.using = name
            return collection.ids(of: try collection.search(request))
        }
        let one = PointContent(
            id: "a", text: "words", vectors: [NamedVector("x", .dense([1, 2])), NamedVector("y", .dense([3]))])
        let two = PointContent(id: "b", vector: [1, 0], vectors: [NamedVector("x", .dense([5, 5]))])
        try collection.apply([.put([one, two])])
        #expect(try found("x", [1, 1], in: collection) == ["b", "a"])
        #expect(try found("y", [1], in: collection) == ["a"])
        // A change of anything else keeps them; a patch sets those that it names.
        let lang = PayloadChange.set([.init("lang", .string("en"))])
        try collection.apply([
            .payload(lang, of: .ids(["a", "b"])),
            .patch([PointPatch(id: "a", vectors: [NamedVector("x", .dense([9, 9]))])]),
            .patch([PointPatch(id: "b", vector: [0, 1], vectors: [NamedVector("y", .dense([4]))])]),
        ])
        #expect(try found("x", [1, 1], in: collection) == ["a", "b"])
        #expect(try found("y", [1], in: collection) == ["b", "a"])
        #expect(try found("", [0, 1], in: collection) == ["b"])
        try collection.apply([
            .deleteVectors(of: .ids(["a"]), names: ["x", "y"]), .deleteVectors(of: .ids(["b"]), names: ["", "x"]),
        ])
        #expect(collection.lookup("a.json", in: 1)?.state == .unindexed)
        #expect(collection.lookup("b.json", in: 1)?.state == .ready)
        // What the bytes say is what is found when everything is made anew from them.
        let directory = StoreDirectory(path: fixture.path)
        try fixture.reopen {
            for space: SpaceNumber in 0..<3 { unlink(directory.vectorFilePath(collection.number, space)) }
        }
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try found("x", [1, 1], in: again) == [])
        #expect(try found("y", [1], in: again) == ["b"])
        #expect(try found("", [0, 1], in: again) == [])
        let wrong = PointContent(id: "z", vectors: [NamedVector("x", .dense([1]))])
        #expect(throws: VexFSError.self) { try again.apply([.put([wrong])]) }
    }
}
