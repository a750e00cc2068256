import Foundation
import TestSupport
import Testing

/// Sparse vectors, several vectors of a document and vectors of words, on a mount.
@Suite struct StoredVectorTests {
    private func collection(_ vectors: String, _ topic: String = #function) throws -> TestPath {
        let collection = try SharedMount.collection(topic)
        try (collection / ".vexfs/config.json").write("{\"model\": \"none\", \"vectors\": \(vectors)}")
        return collection
    }

    private func document(_ vectors: String) -> String { "{\"vector\": null, \"vectors\": \(vectors)}\n" }

    private func hits(_ collection: TestPath, _ query: String) throws -> [Hit] {
        try (collection / "query/\(query)").lines().compactMap { Hit(line: $0) }
    }

    /// "A named vector with `sparse` true holds `indices` and `values`, with `multivector` true several arrays; each
    /// can be added to a collection in use and removed like any other."
    /// "Sparse vectors answer by their products with the query's, weighted by the rarity of a component where
    /// `modifier` is `idf`; several vectors answer by the sum of the best similarities."
    @Test func sparseAndSeveral() throws {
        let collection = try collection(#"{"s": {"sparse": true}, "i": {"sparse": true, "modifier": "idf"}}"#)
        try (collection / "a.json").write(
            document(#"{"s": {"indices": [7, 1], "values": [2, 1]}, "i": {"indices": [1], "values": [1]}}"#))
        try (collection / ".vexfs/config.json").write(#"{"vectors": {"m": {"multivector": true, "metric": "dot"}}}"#)
        try (collection / "b.json").write(
            document(#"{"s": {"indices": [1], "values": [3]}, "m": [[1, 0], [0, 2]]}"#))
        try (collection / "c.json").write(document(#"{"i": {"indices": [1, 2], "values": [1, 1]}}"#))
        let query = #"vec={"indices":[1,7],"values":[1,0.5]}"#
        #expect(try hits(collection, "using=s/\(query)/x").map(\.id) == ["b", "a"])
        #expect(try hits(collection, "using=s/\(query)/x").map(\.score) == [3, 2])
        #expect(try hits(collection, "using=s,k=1/\(query)/x").map(\.id) == ["b"])
        #expect(try hits(collection, "using=s,like=a/x").map(\.id) == ["b"])
        // ln(1 + 0.5 / 2.5) for the component that both have, ln(1 + 1.5 / 1.5) for the one that one has.
        let rare = try hits(collection, #"using=i/vec={"indices":[1,2],"values":[1,1]}/x"#)
        #expect(rare.map(\.id) == ["c", "a"])
        #expect(abs(rare[0].score - (log(1.2) + log(2))) < 1e-5 && abs(rare[1].score - log(1.2)) < 1e-5)
        #expect(try hits(collection, "using=m/vec=[[1,1],[2,0]]/x").map(\.score) == [4])
        #expect(failure { try (collection / "d.json").write(document(#"{"s": [1, 2]}"#)) } == EINVAL)
        #expect(failure { try (collection / "d.json").write(document(#"{"m": [[1, 2, 3]]}"#)) } == EINVAL)
        try (collection / "a.json").remove()
        #expect(try hits(collection, "using=s/\(query)/x").map(\.id) == ["b"])
        try (collection / ".vexfs/config.json").write(#"{"vectors": {"s": null}}"#)
        #expect(failure { _ = try hits(collection, "using=s/\(query)/x") } == ENOENT)
        #expect(
            String(decoding: (collection / "b.json").attributeBytes("user.vexfs.embedding.m"), as: UTF8.self)
                == "[[1.0,0.0],[0.0,2.0]]")
    }

    /// "`vec=` takes a vector as base64url of little-endian floats; a sparse one as indices and values so with a colon
    /// between, several with `~` between them, and each of them as JSON."
    @Test func spellings() throws {
        let collection = try collection(#"{"s": {"sparse": true}, "m": {"multivector": true, "metric": "dot"}}"#)
        try (collection / "a.json").write(
            document(#"{"s": {"indices": [3, 4000000000], "values": [2, 5]}, "m": [[1, 2]]}"#))
        let indices = base64url([Float(bitPattern: 3), Float(bitPattern: 4_000_000_000)])
        #expect(try hits(collection, "using=s/vec=\(indices):\(base64url([1, 10]))/x").map(\.score) == [52])
        #expect(try hits(collection, "using=m/vec=\(base64url([1, 0]))~\(base64url([0, 1]))/x").map(\.score) == [3])
        #expect(try hits(collection, "using=m/vec=\(base64url([1, 1]))/x").map(\.score) == [3])
        let escaped = "%7B%22indices%22:%5B3%5D%2C%22values%22:%5B4%5D%7D"
        #expect(try hits(collection, "using=s/vec=\(escaped)/x").map(\.score) == [8])
        for wrong in [#"vec={"indices":[1],"values":[]}"#, #"vec={"indices":[1,1],"values":[1,2]}"#, "vec=AAAA"] {
            #expect(failure { _ = try hits(collection, "using=s/\(wrong)/x") } == EINVAL)
        }
    }

    /// "`model` `bm25` makes the sparse vectors of the documents' texts, and of a text that is searched for with
    /// `using=NAME`."
    @Test func words() throws {
        let collection = try collection(#"{"w": {"model": "bm25", "options": {"language": "german"}}}"#)
        try (collection / "a.json").write(#"{"text": "Die Katzen schlafen", "lang": "de"}"#)
        try (collection / "b.txt").write("Ein Hund bellt")
        #expect(try hits(collection, "using=w/Katze").map(\.id) == ["a"])
        #expect(try hits(collection, "using=w/die").map(\.id) == [])
        #expect(try hits(collection, "using=w/where=lang:de/Katze").map(\.id) == ["a"])
        #expect(try hits(collection, "using=w/hunde").map(\.id) == ["b.txt"])
        try (collection / "b.txt").write("Eine Katze")
        #expect(try Set(hits(collection, "using=w/katzen").map(\.id)) == ["a", "b.txt"])
        try (collection / "c.json").write(#"{"text": "Katze", "vector": null, "vectors": {"w": null}}"#)
        #expect(try Set(hits(collection, "using=w/katzen").map(\.id)) == ["a", "b.txt"])
    }

    /// "`text` in `.vexfs/config.json` says how `mode=text` makes words of texts: `language`, `tokenizer`, `stopwords`,
    /// `stemming` and `ascii_folding`; a change counts for the next search."
    @Test func wordsOfACollection() throws {
        let collection = try collection("{}")
        try (collection / "a.json").write(#"{"text": "Caf\u00e9s in Paris", "vector": null}"#)
        let ids = { (text: String) in try (collection / "query/mode=text/\(text).ids").lines() }
        #expect(try ids("cafe") == [])
        try (collection / ".vexfs/config.json").write(#"{"text": {"language": "french", "ascii_folding": true}}"#)
        #expect(try ids("cafe") == ["a"])
        try (collection / ".vexfs/config.json").write(#"{"text": {"language": "none", "tokenizer": "prefix"}}"#)
        #expect(try ids("par") == ["a"])
        #expect(failure { try (collection / ".vexfs/config.json").write(#"{"text": {"tokenizer": "?"}}"#) } == EINVAL)
    }

    /// Export and bulk take one another's lines, and what was stored is there after a remount.
    @Test func exportAndRemount() throws {
        let mount = try TestMount()
        let vectors = #"{"s": {"sparse": true}, "m": {"multivector": true}}"#
        let (first, second) = (try mount.collection("one"), try mount.collection("two"))
        for collection in [first, second] {
            try (collection / ".vexfs/config.json").write("{\"model\": \"none\", \"vectors\": \(vectors)}")
        }
        try (first / "a.json").write(
            document(#"{"s": {"indices": [9], "values": [0.5]}, "m": [[3, 4], [1, 0]]}"#))
        try (second / ".vexfs/bulk").write(try (first / ".vexfs/export.jsonl").text())
        try mount.remount()
        for collection in [first, second] {
            #expect(try hits(collection, #"using=s/vec={"indices":[9],"values":[4]}/x"#).map(\.score) == [2])
            #expect(try abs(hits(collection, "using=m/vec=[[3,4]]/x")[0].score - 1) < 1e-6)
        }
        try mount.close()
    }
}
