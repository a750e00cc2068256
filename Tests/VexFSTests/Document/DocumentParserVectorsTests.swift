import Testing

@testable import VexFS

@Suite struct DocumentParserVectorsTests {
    private func parse(_ text: String) throws -> ParsedDocument {
        try DocumentParser.parse(Array(text.utf8), as: .json)
    }

    @Test func everyFormOfANamedVector() throws {
        let document = try parse(
            #"{"vectors":{"a":[1,2.5],"b":[[1,2],[3,4],[5,6]],"c":{"indices":[7,2],"values":[0.5,-1]},"d":null,"#
                + #""e":"AACAPw=="}}"#)
        #expect(
            document.named == [
                NamedVector("a", .dense([1, 2.5])), NamedVector("b", .multiple([1, 2, 3, 4, 5, 6], count: 3)),
                NamedVector("c", .sparse(try SparseVector(indices: [2, 7], values: [-1, 0.5]))),
                NamedVector("e", .dense([1])),
            ])
        #expect(document.vector == nil && !document.wantsNoVector)
    }

    @Test func theEmptyNameIsTheVectorWithoutOne() throws {
        let document = try parse(#"{"vectors":{"":[1,2],"a":[3]}}"#)
        #expect(document.vector == [1, 2])
        #expect(document.named == [NamedVector("a", .dense([3]))])
        #expect(try parse(#"{"vectors":{"":null},"x":1}"#).wantsNoVector)
    }

    @Test func aVectorAndNamedOnesStandTogether() throws {
        let document = try parse(#"{"vector":[1],"vectors":{"a":[3]}}"#)
        #expect(document.vector == [1] && document.named.count == 1)
        let without = try parse(#"{"text":"t","vector":null,"vectors":{"a":[3]}}"#)
        #expect(without.wantsNoVector && without.named.count == 1)
    }

    @Test func theLastOfARepeatedNameCounts() throws {
        #expect(try parse(#"{"vectors":{"a":[1],"a":[2]}}"#).named == [NamedVector("a", .dense([2]))])
        #expect(try parse(#"{"text":"x","vectors":{"a":[1],"a":null}}"#).named == [])
    }

    @Test func anEmptySparseVectorHasNoComponents() throws {
        let document = try parse(#"{"vectors":{"s":{"indices":[],"values":[]}}}"#)
        #expect(document.named == [NamedVector("s", .sparse(.empty))])
    }

    /// What the vectors of a document must not be, the code, and the words that name the place.
    static let malformed: [(String, VexFSError.Code, String)] = [
        (#"{"vectors":{"a":[]}}"#, .malformedDocument, "\"vectors.a\" is an empty array"),
        (#"{"vectors":{"a":true}}"#, .malformedDocument, "\"vectors.a\" is a boolean"),
        (#"{"vectors":{"a":[1,"x"]}}"#, .malformedDocument, "\"vectors.a\"[1] is a string"),
        (
            #"{"vectors":{"a":[[1,2],[3]]}}"#, .malformedDocument,
            "\"vectors.a[1]\" has 1 numbers, and those before it 2"
        ),
        (#"{"vectors":{"a":[[1,2],3]}}"#, .malformedDocument, "\"vectors.a[1]\" is a number"),
        (#"{"vectors":{"a":[[1e39]]}}"#, .invalidVector, "\"vectors.a[0]\"[0]"),
        (#"{"vectors":{"a":{}}}"#, .malformedDocument, "\"vectors.a\" is an object; a sparse vector has"),
        (#"{"vectors":{"a":{"indices":[1],"values":[]}}}"#, .malformedDocument, "one value for each index"),
        (#"{"vectors":{"a":{"indices":[1,1],"values":[1,2]}}}"#, .invalidVector, "the index 1 twice"),
        (#"{"vectors":{"a":{"indices":[-1],"values":[1]}}}"#, .malformedDocument, "whole number"),
        (#"{"vectors":{"a":{"indices":[4294967296],"values":[1]}}}"#, .malformedDocument, "whole number"),
        (#"{"vectors":{"a":{"indices":[1],"values":[1],"x":1}}}"#, .malformedDocument, "a member \"x\""),
        (#"{"vectors":{"":[1]},"vector":[1]}"#, .malformedDocument, "both hold a vector"),
        (#"{"vectors":{"":{"a":1}}}"#, .unsupported, "give one array"),
    ]

    @Test(arguments: malformed) func refused(_ text: String, _ code: VexFSError.Code, _ words: String) throws {
        let error = try #require(throws: VexFSError.self) { try parse(text) }
        #expect(error.code == code, "\(error.message)")
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test func aDocumentMayHoldItsVectorSo() throws {
        var text: [UInt8] = []
        [Float(1.5), -2].withUnsafeBytes { Base64.append($0, to: &text) }
        let bytes = Array("{\"embedding\":\"\(String(decoding: text, as: UTF8.self))\"}".utf8)
        #expect(try DocumentParser.parse(bytes, as: .json).vector == [1.5, -2])
        #expect(throws: VexFSError.self) { try DocumentParser.parse(Array("{\"vector\":\"words\"}".utf8), as: .json) }
    }
}
