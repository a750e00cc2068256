import Testing

@testable import VexFS

@Suite struct PayloadPathTests {
    private static let payload = """
        {"a": {"b": 1, "c": [{"d": 1}, {"d": [2, 3]}, 4]}, "a.b": 2, "x y": {"z": 5}, "t": ["p", ["q"]], "s": "p",
         "k[]": 6, "o": {"p.q": {"r": 7}}, "n": null, "": {"": 8}}
        """

    @Test(arguments: [
        ("a", 1), ("s", 1), ("n", 1), ("none", 0), ("t[]", 2), ("t[0]", 1), ("t[2]", 0), ("t[1][]", 1), ("s[]", 0),
        ("a.c[].d", 2), ("a.c[1].d", 1), ("a.c[].d[]", 2), ("a.c.d", 0), ("x y.z", 1), ("o.p.q.r", 1),
        (#""o"."p.q".r"#, 1), (#""a.b""#, 1), ("k[]", 1), ("s[!]", 1), ("t[!]", 0), ("t[][!]", 1), (#"""."""#, 1),
        ("a..b", 0), ("[]", 0), ("a[", 0), ("a[x]", 0), ("a[-1]", 0),
    ]) func counts(_ text: String, _ count: Int) throws {
        let payload = try JSON.parse(Array(Self.payload.utf8))
        let path = PayloadPath(text)
        #expect(path.values(in: payload).count == count)
        #expect(PayloadPath(path.description) == path, "\(path)")
    }

    @Test func aKeyWithDotsIsFoundFirst() throws {
        let payload = try JSON.parse(Array(Self.payload.utf8))
        #expect(PayloadPath("a.b").values(in: payload) == [.integer(2)])
        #expect(PayloadPath(#""a".b"#).values(in: payload) == [.integer(1)])
        #expect(try PayloadPath(qdrant: "a.b").values(in: payload) == [.integer(1)])
        #expect(try PayloadPath(qdrant: #""a.b""#).values(in: payload) == [.integer(2)])
        #expect(PayloadPath(key: "a.b").values(in: payload) == [.integer(2)])
        #expect(PayloadPath("k[]").values(in: payload) == [.integer(6)])
    }

    @Test func anObjectsKeyIsTheSamePathInAllSpellings() throws {
        #expect(PayloadPath("city") == PayloadPath(key: "city"))
        #expect(try PayloadPath(qdrant: "Zürich 1_a-b") == PayloadPath(key: "Zürich 1_a-b"))
        #expect(try PayloadPath(qdrant: "a[].b") == PayloadPath(#""a"[]."b""#))
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a[", "a]", "a[x]", "a[1", "a[-1]", "a$", "a\"b", "\"a", "[]", "a[!]",
    ])
    func qdrantRefuses(_ text: String) {
        #expect(throws: VexFSError.self) { try PayloadPath(qdrant: text) }
    }

    /// Steps are calls within calls: a path of a million of them would end the process.
    @Test func aPathHasNoMoreStepsThanAPayloadCanHave() throws {
        let deep = "a" + String(repeating: "[!]", count: 300_000)
        #expect(PayloadPath(deep) == PayloadPath(key: deep))
        #expect(PayloadPath(deep).values(in: .object([.init("a", .integer(1))])).isEmpty)
        let steps = "a" + String(repeating: "[]", count: 300_000)
        #expect(throws: VexFSError.self) { try PayloadPath(qdrant: steps) }
        #expect(
            PayloadPath("a" + String(repeating: "[!]", count: 200)).values(in: .object([.init("a", .integer(1))])).count
                == 1)
    }
}
