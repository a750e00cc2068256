import Testing

@testable import VexFS

/// Paths of payload values in Qdrant's grammar.
@Suite struct PayloadPathTests {
    @Test(
        arguments: [
            ("a", [.key("a")]),
            ("a.b", [.key("a"), .key("b")]),
            ("a[0].b[]", [.key("a"), .index(0), .key("b"), .each]),
            ("\"a.b\".\"c[0]\"", [.key("a.b"), .key("c[0]")]),
            ("größe_1-x y", [.key("größe_1-x y")]),
            ("a[][3]", [.key("a"), .each, .index(3)]),
        ] as [(String, [PayloadPath.Step])])
    func isRead(text: String, steps: [PayloadPath.Step]) throws {
        #expect(try PayloadPath(text).steps == steps)
    }

    @Test(arguments: [
        "", ".", ".a", "a.", "a..b", "[0]", "a[", "a[x]", "a[-1]", "a]", "\"a", "a\"b\"", "a$b",
        "a[99999999999999999999]",
    ])
    func isRefused(text: String) {
        #expect { try PayloadPath(text) } throws: { ($0 as? VexFSError)?.code == .invalidArgument }
    }
}
