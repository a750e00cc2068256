import Foundation
import TestSupport
import Testing

@Suite struct DocumentTests {
    /// "The vector of a document is its `vector` or `embedding`."
    @Test(arguments: ["vector", "embedding"])
    func vectorKeys(key: String) throws {
        let collection = try SharedMount.collection(key)
        try (collection / "a.json").write("{\"\(key)\": [1, 0, 0]}")
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
    }

    /// "The text of a document is its `text`, `document`, `content` or `page_content`."
    @Test(arguments: ["text", "document", "content", "page_content"])
    func textKeys(key: String) throws {
        let collection = try SharedMount.collection(key)
        try (collection / "a.json").write("{\"\(key)\": \"hello\", \"vector\": [1, 0, 0]}")
        #expect(try collection.search([1, 0, 0]).map(\.text) == ["hello"])
    }

    /// "The metadata of a document is its `metadata` or `payload`, and every key that is not recognised."
    @Test func metadataKeys() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write("{\"vector\": [1, 0, 0], \"metadata\": {\"n\": 1}}")
        try (collection / "b.json").write("{\"vector\": [1, 0, 0], \"payload\": {\"n\": 2}}")
        try (collection / "c.json").write("{\"vector\": [1, 0, 0], \"n\": 3}")
        for (id, number) in [("a", 1), ("b", 2), ("c", 3)] {
            #expect(try collection.searchIDs([1, 0, 0], options: "where=n:\(number)") == [id])
        }
    }

    /// "A JSON object without text and without vector fails with ENODATA; `vector` null keeps it without."
    @Test func nothingToEmbed() throws {
        let collection = try SharedMount.collection()
        try (collection / "x.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "a.json").write("{\"title\": \"no text\"}") } == ENODATA)
        try (collection / "b.json").write("{\"title\": \"no text\", \"vector\": null}")
        #expect(try (collection / "b.json").state() == "unindexed")
        #expect(try collection.searchIDs([1, 0, 0]) == ["x"])
    }

    /// "A file that is neither JSON nor UTF-8 text is kept byte for byte, unindexed, with the reason in
    /// `user.vexfs.error`."
    @Test func binaryFiles() throws {
        let collection = try SharedMount.collection()
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 | 0x80) }
        try (collection / "image.png").write(bytes)
        #expect(try (collection / "image.png").read() == bytes)
        #expect(try (collection / "image.png").state() == "unindexed")
        #expect(try !(collection / "image.png").attribute("user.vexfs.error").isEmpty)
    }

    /// "A new file whose content was refused stays as an empty file with state `failed` and the reason in
    /// `user.vexfs.error`; the bytes are in `.vexfs/errors.jsonl`."
    @Test func refusedContent() throws {
        let collection = try SharedMount.collection()
        #expect(failure { try (collection / "bad.json").write("{\"text\": \"Unfinished-7391") } == EINVAL)
        #expect(try (collection / "bad.json").read() == [])
        #expect(try (collection / "bad.json").state() == "failed")
        #expect(try !(collection / "bad.json").attribute("user.vexfs.error").isEmpty)
        #expect(try (collection / ".vexfs/errors.jsonl").text().contains("Unfinished-7391"))
    }

    /// "Scratch names of editors and tools are ordinary persistent files that are never indexed."
    @Test(arguments: [
        ".hidden", "a.json~", "#a.json#", ".a.json.swp", "x.swp", "x.swx", "x.tmp", "x.part", "x.lock", "4913",
        "sedAbC123", ".goutputstream-ABC", "._x", ".DS_Store",
    ])
    func scratchNames(name: String) throws {
        let collection = try SharedMount.collection("scratch")
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / name).write(document([1, 0, 0]))
        #expect(try (collection / name).text() == document([1, 0, 0]))
        try (collection / name).write("not JSON at all {")
        #expect(try (collection / name).text() == "not JSON at all {")
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
        #expect(try collection.list() == ["a.json", name].sorted())
    }

    /// "Everything below a directory whose name begins with a dot is scratch."
    @Test func dotDirectories() throws {
        let collection = try SharedMount.collection()
        try (collection / ".git").makeDirectory()
        try (collection / ".git/objects").makeDirectory()
        try (collection / ".git/objects/a.json").write("{ not JSON")
        try (collection / ".git/objects/b.md").write("text")
        #expect(try (collection / ".git/objects/a.json").text() == "{ not JSON")
        #expect(try collection.searchIDs([1, 0, 0]) == [])
        #expect(try (collection / ".vexfs/count").text().trimmingCharacters(in: .whitespacesAndNewlines) == "0")
    }

    /// "Vectors must be finite numbers of the collection's dimension."
    @Test(arguments: [
        "[1, \"a\", 0]", "[]", "[1e999, 0, 0]", "[[1], 0, 0]", "\"x\"", "{}", "[null, 1, 2]", "[1e39, 0, 0]",
    ])
    func badVectors(vector: String) throws {
        let collection = try SharedMount.collection("badVectors")
        #expect(failure { try (collection / "a.json").write("{\"vector\": \(vector)}") } == EINVAL)
    }
}
