import Testing

@testable import VexFS

@Suite struct DocumentParserTests {
    private func parse(_ text: String) throws -> ParsedDocument {
        try DocumentParser.parse(Array(text.utf8), as: .json)
    }

    @Test func everyKeyAtItsPlace() throws {
        let document = try parse(
            #"{"id":7,"lang":"en","content":"c","text":"t","metadata":{"lang":"de","n":1},"vector":[1,2.5,-3]}"#)
        #expect(document.text == "t")
        #expect(document.explicitID == "7")
        #expect(document.vector == [1, 2.5, -3])
        #expect(document.metadata["lang"] == .string("de"))
        #expect(document.metadata["content"] == .string("c"))
        #expect(document.metadata["n"] == .integer(1))
        #expect(document.metadata["id"] == nil)
        #expect(document.unindexedReason == nil)
        #expect(!document.wantsNoVector)
    }

    @Test(arguments: ["text", "document", "content", "page_content"]) func textKeys(_ key: String) throws {
        #expect(try parse("{\"\(key)\":\"hello\"}").text == "hello")
    }

    @Test(arguments: ["embedding", "vector", "vectors"]) func vectorKeys(_ key: String) throws {
        #expect(try parse("{\"\(key)\":[0.5]}").vector == [0.5])
        let without = try parse("{\"\(key)\":null,\"a\":1}")
        #expect(without.vector == nil)
        #expect(without.wantsNoVector)
    }

    @Test func onlyThePluralMayNameNone() throws {
        #expect(try parse(#"{"vectors":{},"a":1}"#).wantsNoVector)
        let error = #expect(throws: VexFSError.self) { try parse(#"{"vector":{},"a":1}"#) }
        #expect(error?.code == .unsupported)
    }

    @Test func precedenceOfMetadata() throws {
        let document = try parse(#"{"metadata":{"a":1},"payload":{"a":2,"b":2},"a":3,"b":3,"c":3,"text":"x"}"#)
        #expect(document.metadata["a"] == .integer(1))
        #expect(document.metadata["b"] == .integer(2))
        #expect(document.metadata["c"] == .integer(3))
    }

    @Test func lastOfRepeatedKeysWins() throws {
        let document = try parse(#"{"text":1,"text":"x","embedding":"no","embedding":[1]}"#)
        #expect(document.text == "x")
        #expect(document.vector == [1])
    }

    @Test(arguments: [
        (#""abc""#, "abc"), ("-3", "-3"), ("18446744073709551615", "18446744073709551615"), ("null", nil),
    ]) func identifiers(_ json: String, _ id: ByteString?) throws {
        #expect(try parse("{\"text\":\"x\",\"id\":\(json)}").explicitID == id)
    }

    @Test func anEmptyIdentifierIsRefused() {
        let error = #expect(throws: VexFSError.self) { try parse(#"{"text":"x","id":""}"#) }
        #expect(error?.code == .malformedDocument)
    }

    @Test(arguments: [
        ("{}", "nothing to embed"), (#"{"a":1}"#, "\"text\""), (#"{"text":""}"#, "\"text\" is blank"),
        (#"{"content":" \n\t "}"#, "\"content\" is blank"), ("{\"text\":\"\u{2003}\"}", "blank"),
    ]) func nothingToEmbed(_ text: String, _ words: String) throws {
        let error = try #require(throws: VexFSError.self) { try parse(text) }
        #expect(error.code == .nothingToEmbed)
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test func nothingToEmbedIsFineWhenSaid() throws {
        #expect(try parse(#"{"text":"","embedding":null}"#).wantsNoVector)
        #expect(try parse(#"{"text":"","embedding":[1]}"#).vector == [1])
    }

    /// What a document must not be, the code, and the words that name the place.
    static let malformed: [(String, VexFSError.Code, String)] = [
        ("", .malformedDocument, "line 1, column 1"), ("   ", .malformedDocument, "white space"),
        ("null", .malformedDocument, "is null"), ("1", .malformedDocument, "is a number"),
        ("true", .malformedDocument, "a boolean"), ("\"x\"", .malformedDocument, "a string"),
        ("[]", .malformedDocument, "an array"), ("{", .malformedDocument, "column 2"),
        ("}", .malformedDocument, "'}'"), ("{\"", .malformedDocument, "inside a string"),
        ("{\"text\"", .malformedDocument, "column 8"), ("{\"text\":", .malformedDocument, "column 9"),
        ("{\"text\":\"x\"", .malformedDocument, "inside an object"),
        ("{\"text\":\"x\",}", .malformedDocument, "a comma"),
        ("{\"text\":\"x\"}}", .malformedDocument, "'}' after the end"),
        ("{\"text\":\"x\"} {}", .malformedDocument, "'{'"),
        ("{text:\"x\"}", .malformedDocument, "'t'"), ("{'text':\"x\"}", .malformedDocument, "'''"),
        ("{\"text\":'x'}", .malformedDocument, "column 9"), ("{\"text\" \"x\"}", .malformedDocument, "colon"),
        ("{\"text\":\"x\" \"a\":1}", .malformedDocument, "a comma"), ("{\"a\":tru}", .malformedDocument, "misspelt"),
        ("{\"a\":True}", .malformedDocument, "'T'"), ("{\"a\":NaN}", .malformedDocument, "'N'"),
        ("{\"a\":Infinity}", .malformedDocument, "'I'"), ("{\"a\":+1}", .malformedDocument, "'+'"),
        ("{\"a\":01}", .malformedDocument, "leading zero"), ("{\"a\":1.}", .malformedDocument, "a digit"),
        ("{\"a\":.5}", .malformedDocument, "'.'"), ("{\"a\":1e}", .malformedDocument, "a digit"),
        ("{\"a\":-}", .malformedDocument, "a digit"), ("{\"a\":0x10}", .malformedDocument, "'x'"),
        ("{\"a\":1e999}", .malformedDocument, "beyond the range"),
        ("{\n\"a\":99999999999999999999999}", .malformedDocument, "line 2, column 5"),
        ("{\"a\":\"\t\"}", .malformedDocument, "control character"),
        ("{\"a\":\"\\x\"}", .malformedDocument, "backslash"),
        ("{\"a\":\"\\u12g4\"}", .malformedDocument, "hexadecimal"),
        ("{\"a\":\"\\ud800\"}", .malformedDocument, "surrogate"),
        ("{\"a\":\"\\udfff\"}", .malformedDocument, "surrogate"), ("{\"a\":[1,]}", .malformedDocument, "column 9"),
        ("{\"a\":[1 2]}", .malformedDocument, "'2'"), ("{\"a\":[1}", .malformedDocument, "the end of the array"),
        ("{\"a\":{]}", .malformedDocument, "']'"), ("{/* c */}", .malformedDocument, "'/'"),
        ("{\"a\":1}\n// c", .malformedDocument, "line 2"), ("\u{FEFF}{}", .malformedDocument, "byte order mark"),
        (#"{"text":null}"#, .malformedDocument, "\"text\" is null"), (#"{"text":5}"#, .malformedDocument, "a number"),
        (#"{"document":["x"]}"#, .malformedDocument, "\"document\" is an array"),
        (#"{"content":{"x":1}}"#, .malformedDocument, "\"content\" is an object"),
        (#"{"page_content":true}"#, .malformedDocument, "\"page_content\" is a boolean"),
        (#"{"text":"x","metadata":[]}"#, .malformedDocument, "\"metadata\" is an array"),
        (#"{"text":"x","metadata":null}"#, .malformedDocument, "\"metadata\" is null"),
        (#"{"text":"x","payload":"p"}"#, .malformedDocument, "\"payload\" is a string"),
        (#"{"embedding":"0.1"}"#, .malformedDocument, "\"embedding\" is a string"),
        (#"{"embedding":true}"#, .malformedDocument, "\"embedding\" is a boolean"),
        (#"{"embedding":[]}"#, .malformedDocument, "empty array"),
        (#"{"embedding":[1,"2"]}"#, .malformedDocument, "\"embedding\"[1] is a string"),
        (#"{"vector":[1,2,null]}"#, .malformedDocument, "\"vector\"[2] is null"),
        (#"{"vectors":[[1,2]]}"#, .malformedDocument, "\"vectors\"[0] is an array"),
        (#"{"vector":[1,{}]}"#, .malformedDocument, "\"vector\"[1] is an object"),
        (#"{"embedding":[1],"vector":[1]}"#, .malformedDocument, "\"embedding\" and \"vector\""),
        (#"{"embedding":[1,1e39]}"#, .invalidVector, "\"embedding\"[1]"),
        (#"{"vector":[-4e38]}"#, .invalidVector, "\"vector\"[0]"),
        (#"{"vector":{"a":[1]}}"#, .unsupported, "\"vector\""),
        (#"{"text":"x","id":1.5}"#, .malformedDocument, "\"id\" is a number"),
        (#"{"text":"x","id":{}}"#, .malformedDocument, "\"id\" is an object"),
        (#"{"text":"x","id":true}"#, .malformedDocument, "\"id\" is a boolean"),
    ]

    @Test(arguments: malformed) func refused(_ text: String, _ code: VexFSError.Code, _ words: String) throws {
        let error = try #require(throws: VexFSError.self) { try parse(text) }
        #expect(error.code == code, "\(error.message)")
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test func bytesThatAreNotUTF8() throws {
        let bytes = Array("{\"text\":\"a".utf8) + [0xFF] + Array("\"}".utf8)
        let error = try #require(throws: VexFSError.self) { try DocumentParser.parse(bytes, as: .json) }
        #expect(error.message.contains("column 11") && error.message.contains("not UTF-8"), "\(error.message)")
    }

    @Test func bigDocument() throws {
        let text = String(repeating: "lorem ipsum \\n ", count: 200_000)
        let document = try parse("{\"text\":\"\(text)\"}")
        #expect(document.text.utf8.count == 200_000 * 14)
    }
}
