import Foundation
import TestSupport
import Testing

@Suite struct NamedVectorTests {
    private func collection(_ vectors: String) throws -> TestPath {
        let collection = try SharedMount.collection()
        try (collection / ".vexfs/config.json").write("{\"vectors\": \(vectors)}")
        return collection
    }

    private func document(_ vectors: String) -> String { "{\"vector\": null, \"vectors\": \(vectors)}\n" }

    /// "`vectors` in `.vexfs/config.json` gives documents more vectors, by name, each with a metric, a dimension and an
    /// index of its own; a document has them in its `vectors` object, all or some or none."
    /// "`using=NAME` searches by the vectors of that name; documents without one are not among the answers."
    @Test func everyNameIsASpaceOfItsOwn() throws {
        let collection = try collection("{\"image\": {\"metric\": \"euclidean\"}, \"a, b\": {\"metric\": \"dot\"}}")
        try (collection / "both.json").write(document("{\"image\": [3, 4], \"a, b\": [1, 2, 3]}"))
        try (collection / "image.json").write(document("{\"image\": [0, 1], \"a, b\": null}"))
        try (collection / "none.json").write(TestSupport.document([1, 0]))
        let near = try collection.search([0, 0], options: "using=image")
        #expect(near.map(\.id) == ["image", "both"])
        #expect(near.map(\.score) == [1, 5])
        let other = try collection.search([1, 1, 1], options: "using=a%2C b")
        #expect(other.map(\.id) == ["both"])
        #expect(other.map(\.score) == [6])
        #expect(try collection.searchIDs([1, 0]) == ["none"])
        #expect(try (collection / "query/using=image,like=both/x.ids").lines() == ["image"])
        let plan = decodeObject(try (collection / "query/using=image/vec=\(base64url([0, 0]))/x.explain").text())
        #expect(plan["using"] as? String == "image" && plan["metric"] as? String == "euclidean")
        #expect(failure { _ = try collection.search([0, 0], options: "using=sound") } == ENOENT)
    }

    /// "A named vector can be added to a collection that has documents, which get theirs when they are written again."
    /// "Setting a named vector to null removes it from the collection; documents keep their bytes."
    @Test func addedAndRemoved() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(TestSupport.document([1, 0]))
        let settings = collection / ".vexfs/config.json"
        try settings.write("{\"vectors\": {\"title\": {\"dimension\": 2}}}")
        #expect(try collection.searchIDs([0, 1], options: "using=title") == [])
        let text = "{\"vector\": [1, 0], \"vectors\": {\"title\": [0, 1]}}\n"
        try (collection / "a.json").write(text)
        #expect(try collection.searchIDs([0, 1], options: "using=title") == ["a"])
        try settings.write("{\"vectors\": {\"title\": null}}")
        #expect(failure { _ = try collection.search([0, 1], options: "using=title") } == ENOENT)
        #expect(try collection.searchIDs([1, 0]) == ["a"])
        #expect(try (collection / "a.json").text() == text)
    }

    /// "A vector of a name that the collection does not know, or of another dimension than its name's, fails with
    /// EINVAL."
    @Test func refused() throws {
        let collection = try collection("{\"title\": {\"dimension\": 2}}")
        for vectors in ["{\"titel\": [1, 2]}", "{\"title\": [1, 2, 3]}", "{\"title\": [[1, 2]]}"] {
            #expect(failure { try (collection / "a.json").write(document(vectors)) } == EINVAL)
        }
        #expect(try collection.searchIDs([1, 2], options: "using=title") == [])
    }

    /// "The `datatype` of a named vector is `float32`, `float16` or `uint8`: vectors are stored so, and read back
    /// rounded."
    /// "Components of `uint8` beyond 0 to 255 become 0 or 255; one that `float16` cannot hold fails with EINVAL."
    @Test func datatypes() throws {
        let collection = try collection(
            #"{"h": {"metric": "dot", "datatype": "float16"}, "b": {"metric": "dot", "datatype": "uint8"}}"#
        )
        let file = collection / "a.json"
        try file.write(document("{\"h\": [2049, 1], \"b\": [2.75, 255]}"))
        #expect(try file.attributeBytes("user.vexfs.embedding.h") == [0, 0, 0, 0x45, 0, 0, 0x80, 0x3F])
        #expect(try file.attributeBytes("user.vexfs.embedding.b") == [0, 0, 0, 0x40, 0, 0, 0x7F, 0x43])
        #expect(try collection.search([1, 1], options: "using=b").map(\.score) == [257])
        #expect(failure { try (collection / "b.json").write(document("{\"h\": [1e6, 1]}")) } == EINVAL)
        try (collection / "b.json").write(document("{\"b\": [-7, 1000]}"))
        #expect(
            try (collection / "b.json").attributeBytes("user.vexfs.embedding.b") == [0, 0, 0, 0, 0, 0, 0x7F, 0x43])
    }

    /// "`user.vexfs.embedding.NAME` is the vector of that name; one that is sparse, and several, as JSON."
    @Test func attributes() throws {
        let collection = try collection("{\"title\": {\"metric\": \"dot\"}}")
        let file = collection / "a.json"
        try file.write(document("{\"title\": [1, -2]}"))
        let bytes = try file.attributeBytes("user.vexfs.embedding.title")
        #expect(bytes == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
        #expect(try file.attributeNames().contains("user.vexfs.embedding.title"))
        #expect(failure { _ = try file.attributeBytes("user.vexfs.embedding.image") } == ENODATA)
    }

    /// Export and bulk take one another's lines, named vectors included.
    @Test func exportAndIngest() throws {
        let first = try collection("{\"title\": {\"metric\": \"dot\"}}")
        try (first / "a.json").write(document("{\"title\": [1, -2]}"))
        try (first / "b.json").write("{\"vector\": [0, 1], \"vectors\": {\"title\": [2, 2]}}")
        let lines = try (first / ".vexfs/export.jsonl").text()
        let second = try collection("{\"title\": {\"metric\": \"dot\"}}")
        try (second / ".vexfs/bulk").write(lines)
        #expect(try second.searchIDs([1, 0], options: "using=title") == ["b", "a"])
        #expect(try second.searchIDs([0, 1]) == ["b"])
    }
}
