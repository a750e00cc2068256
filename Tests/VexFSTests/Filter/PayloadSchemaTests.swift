import Testing

@testable import VexFS

@Suite struct PayloadSchemaTests {
    private static func schema(_ text: String) throws -> PayloadSchema {
        try PayloadSchema(json: try JSON.parse(Array(text.utf8)))
    }

    @Test func listsAndTypes() throws {
        let schema = try Self.schema(
            #"{"indexed":["lang","when"],"when":{"type":"datetime","index":true},"id":{"type":"uuid"},"#
                + #""old":{"index":false},"plain":{}}"#)
        #expect(
            schema.fields == [
                .init(name: "lang"), .init(name: "when", type: .datetime), .init(name: "id", type: .uuid),
                .init(name: "plain"),
            ])
        #expect(schema.dropped == ["old"])
    }

    @Test func whatIsShownCanBeWrittenAgain() throws {
        let fields =
            PayloadType.allCases.map { PayloadSchema.Field(name: "f.\($0)", type: $0) } + [.init(name: "indexed")]
        let schema = PayloadSchema(fields: fields)
        #expect(try PayloadSchema(json: schema.json).fields == fields)
        #expect(PayloadSchema(stored: schema.stored) == schema)
    }

    @Test func optionsOfTexts() throws {
        let schema = try Self.schema(
            #"{"a":{"type":"text","tokenizer":"prefix","min_token_len":2,"max_token_len":9,"lowercase":false},"#
                + #""b":{"type":"text","language":"german","ascii_folding":true}}"#)
        var first = TextOptions()
        (first.tokenizer, first.minTokenLength, first.maxTokenLength, first.lowercase) = (.prefix, 2, 9, false)
        var second = TextOptions()
        (second.stopwords, second.stemmer, second.asciiFolding) = (.init(languages: [.german]), .german, true)
        #expect(schema.fields.map(\.text) == [first, second])
        #expect(try PayloadSchema(json: schema.json).fields == schema.fields)
        #expect(PayloadSchema(stored: schema.stored) == schema)
        for text in [#"{"a":{"tokenizer":"word"}}"#, #"{"a":{"type":"text","min_token_len":5,"max_token_len":2}}"#] {
            #expect(throws: VexFSError.self) { try Self.schema(text) }
        }
    }

    /// Lists of names are what stores held before there were types.
    @Test func storedListsOfNames() throws {
        let stored = try JSON.parse(Array(#"["a",{"field":"b","type":"geo"},{"field":"c","type":"later"},7]"#.utf8))
        #expect(
            PayloadSchema(stored: stored).fields == [
                .init(name: "a"), .init(name: "b", type: .geo), .init(name: "c"),
            ])
    }

    @Test(arguments: [
        ("[]", "must be"), ("{}", "must be"), (#"{"indexed":5}"#, "indexed"),
        (#"{"indexed":[5]}"#, "list of field names"),
        (#"{"indexed":[""]}"#, "list of field names"), (#"{"year":[]}"#, "year"), (#"{"indexed":[],"more":1}"#, "more"),
        (#"{"a":{"type":"date"}}"#, "keyword, integer, float, bool, datetime, geo, uuid, text"),
        (#"{"a":{"type":5}}"#, "type"), (#"{"a":{"index":1}}"#, "index"), (#"{"a":{"x":1}}"#, "x"),
        (#"{"":{}}"#, "neither"),
    ]) func refused(text: String, words: String) throws {
        let error = try #require(throws: VexFSError.self) { try Self.schema(text) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(words), "\(error.message)")
    }
}
