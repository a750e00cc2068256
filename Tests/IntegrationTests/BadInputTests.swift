import Foundation
import TestSupport
import Testing

/// Everything that people and programs get wrong, each with the errno that says so.
@Suite struct BadInputTests {
    static let documents: [(String, Int32)] = [
        ("{", EINVAL), ("}", EINVAL), ("[", EINVAL), ("]", EINVAL), ("\"", EINVAL), ("{}x", EINVAL), ("{} {}", EINVAL),
        ("{\"vector\":[1,0],}", EINVAL), ("{\"vector\":[1,0]", EINVAL), ("{\"vector\":[1 0]}", EINVAL),
        ("{'vector':[1,0]}", EINVAL), ("{vector:[1,0]}", EINVAL), ("{\"vector\":[1,0]}\0", EINVAL),
        ("{\"vector\":[+1,0]}", EINVAL), ("{\"vector\":[01,0]}", EINVAL), ("{\"vector\":[.5,0]}", EINVAL),
        ("{\"vector\":[1.,0]}", EINVAL), ("{\"vector\":[0x1,0]}", EINVAL), ("{\"vector\":[NaN,0]}", EINVAL),
        ("{\"vector\":[Infinity,0]}", EINVAL), ("{\"vector\":[-Infinity,0]}", EINVAL), ("{\"vector\":[1e,0]}", EINVAL),
        ("{\"vector\":[1e999,0]}", EINVAL), ("{\"vector\":[1e39,0]}", EINVAL), ("{\"vector\":[]}", EINVAL),
        ("{\"vector\":[\"1\",0]}", EINVAL), ("{\"vector\":[true,0]}", EINVAL), ("{\"vector\":[null,0]}", EINVAL),
        ("{\"vector\":[[1],0]}", EINVAL), ("{\"vector\":\"1,0\"}", EINVAL), ("{\"vector\":{\"a\":1}}", ENOTSUP),
        ("{\"vector\":true}", EINVAL), ("{\"vector\":5}", EINVAL), ("{\"vector\":[1,0,0]}", EINVAL),
        ("{\"vector\":[1]}", EINVAL), ("[1,0]", EINVAL), ("\"text\"", EINVAL), ("5", EINVAL), ("true", EINVAL),
        ("null", EINVAL), ("nul", EINVAL), ("{\"text\": \"a\nb\", \"vector\":[1,0]}", EINVAL),
        ("{\"a\":\"\\x\",\"vector\":[1,0]}", EINVAL), ("{\"a\":\"\\u12\",\"vector\":[1,0]}", EINVAL),
        ("{\"a\":\"\\ud800\",\"vector\":[1,0]}", EINVAL), ("{\"text\":5,\"vector\":[1,0]}", EINVAL),
        ("{\"text\":[\"a\"],\"vector\":[1,0]}", EINVAL), ("{\"metadata\":5,\"vector\":[1,0]}", EINVAL),
        ("{\"metadata\":[1],\"vector\":[1,0]}", EINVAL), ("// no\n{\"vector\":[1,0]}", EINVAL),
        ("{\"vector\":[1,0]} // no", EINVAL), ("{\"vector\":[1,0],\"a\":}", EINVAL), ("{\"a\"}", EINVAL),
        ("{}", ENODATA), ("{\"title\":\"x\"}", ENODATA), ("{\"metadata\":{\"a\":1}}", ENODATA),
        ("{\"text\":null}", EINVAL), ("hello", EINVAL), ("<html>", EINVAL), ("\u{feff}{\"vector\":[1,0]}", EINVAL),
        (String(repeating: "[", count: 100_000), EINVAL),
        (
            "{\"a\":" + String(repeating: "[", count: 3000) + String(repeating: "]", count: 3000)
                + ",\"vector\":[1,0]}", EINVAL
        ),
    ]

    /// "Whatever is no document is refused with EINVAL, or with ENODATA where there is nothing to embed; search
    /// and listing go on
    /// working."
    @Test func badDocuments() throws {
        let collection = try Self.collection("badDocuments")
        for (index, (text, expected)) in Self.documents.enumerated() {
            let file = collection / "bad\(index).json"
            #expect(failure { try file.write(text) } == expected, "\(text.prefix(60))")
            #expect(try file.read() == [], "\(text.prefix(60))")
            #expect(try file.state() == "failed", "\(text.prefix(60))")
        }
        let binary: [[UInt8]] = [
            [0xff, 0xfe], Array("{\"text\":\"\u{e9}".utf8.dropLast()) + Array("\",\"vector\":[1,0]}".utf8),
        ]
        for (index, bytes) in binary.enumerated() {
            #expect(failure { try (collection / "binary\(index).json").write(bytes) } == EINVAL)
        }
        #expect(try collection.searchIDs([1, 0]) == ["good"])
        #expect(try (collection / "good.json").text() == document([1, 0]))
    }

    static let queries: [(String, Int32)] = [
        ("k=0/V/x", EINVAL), ("k=-1/V/x", EINVAL), ("k=abc/V/x", EINVAL), ("k=/V/x", EINVAL), ("k=1.5/V/x", EINVAL),
        ("k=99999999999999999999/V/x", EINVAL), ("k=10001/V/x", EINVAL), ("offset=-1/V/x", EINVAL),
        ("offset=x/V/x", EINVAL), ("min=high/V/x", EINVAL), ("min=/V/x", EINVAL), ("min=nan/V/x", EINVAL),
        ("mode=fast/V/x", EINVAL), ("mode=/V/x", EINVAL), ("mode=text/V/x", EINVAL), ("mode=hybrid/V/x", EINVAL),
        ("ef=0/V/x", EINVAL), ("ef=many/V/x", EINVAL), ("unknown=1/V/x", EINVAL), ("K=1/V/x", EINVAL),
        ("=/V/x", ENOTDIR), ("=1/V/x", ENOTDIR), ("k=1,,k=2/V/x", EINVAL), ("k=1,what/V/x", EINVAL),
        ("budget=-5/V/x.ctx", EINVAL), ("budget=x/V/x.ctx", EINVAL), ("vec=/x", EINVAL), ("vec=!!!!/x", EINVAL),
        ("vec=AAAA/x", EINVAL), ("vec=AAAAAAAAAAAAAAAA/x", EINVAL), ("vec=AADAfwAAAAA/x", EINVAL),
        ("vec=AACAfwAAAAA/x", EINVAL), ("like=nobody/x", ENOENT), ("like=/x", EINVAL), ("where=/V/x", EINVAL),
        ("where=:/V/x", EINVAL), ("where=a:/V/x", EINVAL), ("where=>5/V/x", EINVAL), ("where=a>/V/x", EINVAL),
        ("where=a>=/V/x", EINVAL), ("where={/V/x", EINVAL), ("where={\"a\"/V/x", EINVAL), ("where={}}/V/x", EINVAL),
        ("where={\"$and\":5}/V/x", EINVAL), ("where={\"$or\":[5]}/V/x", EINVAL), ("where={\"$not\":5}/V/x", EINVAL),
        ("where={\"a\":{\"$gt\":[]}}/V/x", EINVAL), ("where={\"a\":{\"$huh\":1}}/V/x", EINVAL),
        ("group=/V/x", EINVAL), ("fields=/V/x", EINVAL), ("k=%zz/V/x", EINVAL), ("k=%/V/x", EINVAL),
        ("k=1/k=2,oops=3/V/x", EINVAL), ("vec=V/like=good/x", EINVAL),
    ]

    /// "A search with a malformed option, filter or vector fails with EINVAL, with ENOENT where `like` names
    /// nobody, never with an
    /// empty answer."
    @Test func badQueries() throws {
        let collection = try Self.collection("badQueries")
        for (query, expected) in Self.queries {
            let path = query.replacingOccurrences(of: "/V/", with: "/vec=\(base64url([1, 0]))/")
                .replacingOccurrences(of: "vec=V/", with: "vec=\(base64url([1, 0]))/")
            #expect(failure { _ = try (collection / "query" / path).read() } == expected, "query/\(query)")
        }
        #expect(try collection.searchIDs([1, 0]) == ["good"])
    }

    static let attributes: [(String, String, Int32)] = [
        ("user.vexfs.id", "x", EOPNOTSUPP), ("user.vexfs.state", "ready", EOPNOTSUPP),
        ("user.vexfs.error", "", EOPNOTSUPP),
        ("user.vexfs.model", "x", EOPNOTSUPP), ("user.vexfs.dimensions", "2", EOPNOTSUPP),
        ("user.vexfs.version", "9", EOPNOTSUPP),
        ("user.vexfs.embedding", "x", EOPNOTSUPP), ("user.vexfs.score", "1", EOPNOTSUPP),
        ("user.vexfs.unknown", "x", EOPNOTSUPP),
        ("user.vexfs.meta.", "x", EOPNOTSUPP), ("user.other", "x", EOPNOTSUPP), ("trusted.x", "x", EOPNOTSUPP),
        ("nonamespace", "x", EOPNOTSUPP),
    ]

    /// "Only `user.vexfs.meta.KEY` can be set; every other attribute is refused with EOPNOTSUPP."
    @Test func badAttributes() throws {
        let collection = try Self.collection("badAttributes")
        for (name, value, expected) in Self.attributes {
            #expect(failure { try (collection / "good.json").setAttribute(name, to: value) } == expected, "\(name)")
        }
        let file = collection / "good.json"
        #expect(failure { try file.setAttribute("user.vexfs.meta.x", to: [0xff, 0xfe]) } == EINVAL)
        #expect(failure { try file.setAttribute("user.vexfs.meta.x", to: Array("v".utf8), flags: 2) } == ENODATA)
        try file.setAttribute("user.vexfs.meta.x", to: "v")
        #expect(failure { try file.setAttribute("user.vexfs.meta.x", to: Array("v".utf8), flags: 1) } == EEXIST)
    }

    static let configurations = [
        "{", "[]", "5", "\"cosine\"", "null", "{\"metric\":\"chebyshev\"}", "{\"metric\":5}", "{\"metric\":null}",
        "{\"dimension\":0}", "{\"dimension\":-3}", "{\"dimension\":\"3\"}", "{\"dimension\":65537}",
        "{\"dimension\":2.5}", "{\"unknown\":1}", "{\"model\":5}", "{\"model\":\"no such model\"}",
        "{\"metric\":\"dot\"} trailing", "{\"metric\":\"dot\",}", "not JSON at all", "{\"Metric\":\"dot\"}",
    ]

    /// "A configuration that is malformed, unknown or out of range fails with EINVAL, and nothing of it is applied."
    @Test func badConfigurations() throws {
        let collection = try SharedMount.collection()
        let before = try (collection / ".vexfs/config.json").read()
        for text in Self.configurations {
            #expect(failure { try (collection / ".vexfs/config.json").write(text) } == EINVAL, "\(text)")
            #expect(try (collection / ".vexfs/config.json").read() == before, "\(text)")
        }
    }

    static let schemas = [
        "{", "[]", "5", "null", "{}", "{\"year\":[]}", "{\"indexed\":5}", "{\"indexed\":[5]}", "{\"indexed\":[\"\"]}",
        "{\"indexed\":\"year\"}", "{\"indexed\":[],\"more\":1}", "{\"indexed\":[}",
        "{\"year\":{\"type\":\"date\"}}", "{\"year\":{\"index\":1}}", "{\"year\":{\"more\":1}}",
    ]

    /// "A schema is `{indexed: [FIELD, …]}`, or `{FIELD: {type: TYPE, index: true}}`; anything else fails with
    /// EINVAL."
    @Test(arguments: schemas)
    func badSchemas(schema: String) throws {
        let collection = try SharedMount.collection("badSchemas")
        #expect(failure { try (collection / ".vexfs/schema.json").write(schema) } == EINVAL)
    }

    static let bulkLines = [
        "{", "[]", "5", "null", "{}", "{\"id\":5.5,\"vector\":[1,0]}", "{\"id\":\"\",\"vector\":[1,0]}",
        "{\"id\":[],\"vector\":[1,0]}", "{\"id\":\"a\"}", "{\"id\":\"a\",\"vector\":[1,0,0]}",
        "{\"id\":\"a\",\"vector\":[]}",
        "{\"id\":\"a\",\"vector\":[1,\"x\"]}", "{\"id\":\"a\",\"vector\":[1,0]} x",
        "{\"id\":\"a\",\"vector\":[1e99,0]}",
    ]

    /// "A bad bulk line makes no document, whatever is wrong with it."
    @Test(arguments: bulkLines)
    func badBulkLines(line: String) throws {
        let collection = try Self.collection("badBulk")
        #expect(
            failure { try (collection / ".vexfs/bulk").write(Array((line + "\n").utf8), flags: O_WRONLY) } == EINVAL)
        #expect(try collection.list() == ["good.json"])
    }

    @Test func thereAreEnough() {
        let all = [
            Self.documents.count, Self.queries.count, Self.attributes.count, Self.configurations.count,
            Self.schemas.count, Self.bulkLines.count,
        ]
        #expect(all.reduce(0, +) >= 150)
    }

    private static func collection(_ topic: String) throws -> TestPath {
        let collection = try SharedMount.collection(topic)
        try (collection / "good.json").write(document([1, 0]))
        return collection
    }
}
