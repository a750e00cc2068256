import Testing

@testable import VexFS

@Suite struct TextDocumentTests {
    private func parse(_ text: String, as format: DocumentFormat = .markdown) throws -> ParsedDocument {
        try DocumentParser.parse(Array(text.utf8), as: format)
    }

    @Test func plainText() throws {
        let document = try parse("hello\nworld\n", as: .text)
        #expect(document.text == "hello\nworld\n")
        #expect(document.textLine == 1)
        #expect(document.metadata == .object([]))
        #expect(document.unindexedReason == nil)
        #expect(try parse("\u{FEFF}hi", as: .text).text == "hi")
    }

    @Test(
        arguments: [
            ([0x61, 0x00, 0x62], "NUL byte at byte 1"), ([0x61, 0xFF], "not UTF-8"), ([0x20, 0x0A], "blank"),
        ] as [([UInt8], String)]) func keptUnindexed(_ bytes: [UInt8], _ reason: String) throws
    {
        let document = try DocumentParser.parse(bytes, as: .text)
        #expect(document.unindexedReason?.contains(reason) == true)
        #expect(document.text.isEmpty)
    }

    @Test func frontMatter() throws {
        let document = try parse(
            """
            ---
            title: "Re: refunds"   # not a comment inside quotes
            lang: en  # a comment
            year: 2024
            ratio: 0.5
            draft: false
            nothing:
            'quoted key': it's
            tags: [a, "b, c", 3]
            authors:
              - Ann
              - 'Bo''b'
            url: https://example.org/a:b
            date: 2024-01-31
            ---

            The text.
            """)
        #expect(document.metadata["title"] == nil, "a comment behind a quoted value is beyond this reader")
        #expect(document.textLine == 1)
    }

    @Test func frontMatterBecomesMetadata() throws {
        let document = try parse(
            """
            ---
            title: "Re: refunds"
            lang: en  # a comment
            # a comment line
            year: 2024
            ratio: 0.5
            draft: false
            nothing:
            'quoted key': it's
            tags: [a, "b, c", 3]
            authors:
              - Ann
              - 'Bo''b'
            url: https://example.org/a:b
            date: 2024-01-31
            ---

            The text.
            """)
        let expected: [JSON.Member] = [
            .init("title", .string("Re: refunds")), .init("lang", .string("en")), .init("year", .integer(2024)),
            .init("ratio", .number(0.5)), .init("draft", .bool(false)), .init("nothing", .null),
            .init("quoted key", .string("it's")),
            .init("tags", .array([.string("a"), .string("b, c"), .integer(3)])),
            .init("authors", .array([.string("Ann"), .string("Bo'b")])),
            .init("url", .string("https://example.org/a:b")), .init("date", .string("2024-01-31")),
        ]
        #expect(document.metadata == .object(expected))
        #expect(document.text == "The text.")
        #expect(document.textLine == 18)
    }

    @Test(arguments: [
        "---\nno colon\n---\nx", "---\na: 1\nnever closed", "--- \n a: indented\n---\nx", "---\na: {b: 1}\n---\nx",
        "---\na: |\n  block\n---\nx", "---\na: &anchor x\n---\nx", "---\na: [1, [2]]\n---\nx", "---\na: \"open\n---\nx",
        "---\na:\n  b: 1\n---\nx", " ---\na: 1\n---\nx", "---\n- a\n---\nx", "---\na: b: c\n---\nx",
        "----\na: 1\n----\nx",
    ]) func anythingElseIsText(_ text: String) throws {
        let document = try parse(text)
        #expect(document.text == text)
        #expect(document.textLine == 1)
        #expect(document.metadata == .object([]))
    }

    @Test func onlyMarkdownHasFrontMatter() throws {
        #expect(try parse("---\na: 1\n---\nx", as: .text).metadata == .object([]))
        let windows = try parse("---\r\na: 1\r\n---\r\nx")
        #expect(windows.metadata["a"] == .integer(1))
        #expect(windows.text == "x")
        let bare = try parse("---\na: 1\n---\n")
        #expect(bare.unindexedReason == "the text is blank")
        #expect(bare.metadata["a"] == .integer(1))
    }
}
