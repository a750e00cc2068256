import Foundation
import TestSupport
import Testing

/// Searching for words, on a mount.
@Suite struct TextSearchTests {
    /// Three documents with texts and vectors of their own.
    private func animals(_ topic: String = #function) throws -> TestPath {
        let collection = try SharedMount.collection(topic)
        try (collection / "fox.json").write(document([1, 0], text: "The quick brown fox and the lazy dog"))
        try (collection / "foxes.json").write(document([0, 1], text: "Foxes, foxes!"))
        try (collection / "cat.json").write(document([0.5, 0.5], text: "A cat sleeps"))
        return collection
    }

    private func ids(_ collection: TestPath, _ query: String) throws -> [String] {
        try (collection / "query/\(query).ids").lines()
    }

    /// "`mode=text` finds the documents that have words of the text, best by BM25; words are compared in lower case and
    /// by their English stems, and stop words are not looked for."
    @Test func words() throws {
        let collection = try animals()
        #expect(try ids(collection, "mode=text/FOX") == ["foxes", "fox"])
        #expect(try ids(collection, "mode=text/sleeping dogs") == ["cat", "fox"])
        #expect(try ids(collection, "mode=text/the and a") == [])
        #expect(try ids(collection, "mode=text,k=1/fox") == ["foxes"])
    }

    /// "`mode=text` needs no model and no vectors, and finds a document as soon as its `close` has returned."
    @Test func atOnce() throws {
        let collection = try animals()
        #expect(try ids(collection, "mode=text/bears") == [])
        try (collection / "lone.json").write(#"{"text":"a lone bear","embedding":null}"#)
        #expect(try ids(collection, "mode=text/bears") == ["lone"])
        try (collection / "lone.json").write(#"{"text":"a lone fish","embedding":null}"#)
        #expect(try ids(collection, "mode=text/bears") == [])
        #expect(try ids(collection, "mode=text/fishes") == ["lone"])
    }

    /// "`mode=hybrid` puts the nearest documents and those with the words into one list, by reciprocal rank."
    @Test func hybrid() throws {
        let collection = try animals()
        // The cat is nearest (1/2), the foxes come second (1/3) and are alone with the word (1/2).
        #expect(try ids(collection, "like=fox/x") == ["cat", "foxes"])
        #expect(try ids(collection, "mode=hybrid,like=fox/x") == ["foxes", "cat"])
        let answer = try (collection / "query/mode=hybrid/like=fox/x.explain").text()
        #expect(answer.contains("fused by reciprocal rank"))
    }

    /// "`mode=text` and `mode=hybrid` search for a text or `like=ID`; with `vec=` they fail with EINVAL."
    @Test func likeAndVectors() throws {
        let collection = try animals()
        #expect(try ids(collection, "mode=text/like=fox/x") == ["foxes"])
        let vector = base64url([1, 0])
        for mode in ["text", "hybrid"] {
            #expect(failure { _ = try (collection / "query/mode=\(mode)/vec=\(vector)/x.ids").read() } == EINVAL)
        }
    }
}
