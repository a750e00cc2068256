import Testing

@testable import VexFS

/// Changes of payloads; the cases are what Qdrant does with them.
@Suite struct PayloadChangeTests {
    private func json(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8), code: .malformedDocument) }

    private func members(_ text: String) throws -> [JSON.Member] {
        guard case .object(let members) = try json(text) else { return [] }
        return members
    }

    private func text(_ json: JSON) -> String { String(decoding: json.compact, as: UTF8.self) }

    private static let tree = #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"f":3,"g":["g0","g1"]}"#

    @Test(
        arguments: [
            (nil, #"{"f":4,"h":1}"#, #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"f":4,"g":["g0","g1"],"h":1}"#),
            (nil, #"{"a":null,"f":null}"#, #"{"g":["g0","g1"]}"#),
            ("a", #"{"b":5}"#, #"{"a":{"b":5},"f":3,"g":["g0","g1"]}"#),
            ("a.b[1]", #"{"c":5}"#, #"{"a":{"b":[{"c":1},{"c":5},{"d":{"e":3}}]},"f":3,"g":["g0","g1"]}"#),
            ("a.b[]", #"{"c":9}"#, #"{"a":{"b":[{"c":9},{"c":9},{"d":{"e":3},"c":9}]},"f":3,"g":["g0","g1"]}"#),
            ("f.x", #"{"y":1}"#, #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"f":{"x":{"y":1}},"g":["g0","g1"]}"#),
            ("g[3]", #"{"y":1}"#, #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"f":3,"g":["g0","g1",null,{"y":1}]}"#),
            (
                "n.m[].k", #"{"y":1}"#,
                #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"f":3,"g":["g0","g1"],"n":{"m":[]}}"#
            ),
            ("a.b[1]", "{}", #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"f":3,"g":["g0","g1"]}"#),
        ] as [(String?, String, String)])
    func setting(path: String?, change: String, expected: String) throws {
        let change = PayloadChange.set(try members(change), at: try path.map { try PayloadPath(qdrant: $0) })
        #expect(text(try change.applied(to: json(Self.tree))) == expected)
    }

    @Test(
        arguments: [
            (["f"], #"{"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}}]},"g":["g0","g1"]}"#),
            (["a.b[1]", "g[0]"], #"{"a":{"b":[{"c":1},{"d":{"e":3}}]},"f":3,"g":["g1"]}"#),
            (["a.b[].c"], #"{"a":{"b":[{},{},{"d":{"e":3}}]},"f":3,"g":["g0","g1"]}"#),
            (["a.b[]", "g[]"], #"{"a":{"b":[]},"f":3,"g":[]}"#),
            (["a.x", "q", "f.x", "g.x", "g[9]", "f[]"], tree),
        ] as [([String], String)])
    func deleting(paths: [String], expected: String) throws {
        let change = PayloadChange.delete(try paths.map { try PayloadPath(qdrant: $0) })
        #expect(text(try change.applied(to: json(Self.tree))) == expected)
    }

    @Test func replacingAndClearing() throws {
        #expect(text(try PayloadChange.overwrite(members(#"{"z":1}"#)).applied(to: json(Self.tree))) == #"{"z":1}"#)
        #expect(text(try PayloadChange.clear.applied(to: json(Self.tree))) == "{}")
    }

    @Test func keysAreBytes() throws {
        let change = PayloadChange.set([.init("e\u{301}", .integer(2))])
        #expect(
            text(try change.applied(to: .object([.init("\u{e9}", .integer(1))]))) == "{\"\u{e9}\":1,\"e\u{301}\":2}")
    }

    @Test func aFarIndexIsRefused() throws {
        let change = PayloadChange.set([.init("a", .null)], at: try PayloadPath(qdrant: "g[99999999]"))
        #expect { try change.applied(to: self.json(Self.tree)) } throws: {
            ($0 as? VexFSError)?.code == .invalidArgument
        }
    }
}
