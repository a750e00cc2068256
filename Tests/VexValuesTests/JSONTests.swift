import TestSupport
import Testing

@testable import VexValues

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }

    @Test func kinds() throws {
        let json = try parse(#" {"a":[1,-2,3.5,true,false,null,"x\u00e9\n"],"b":{},"c":[]} "#)
        let elements: [JSON] = [
            .integer(1), .integer(-2), .number(3.5), .bool(true), .bool(false), .null, .string("xé\n"),
        ]
        #expect(json == .object([.init("a", .array(elements)), .init("b", .object([])), .init("c", .array([]))]))
        #expect(try parse("7") == .integer(7))
        #expect(try parse("\"\"") == .string(""))
    }

    @Test func numbersKeepTheirRange() throws {
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("9223372036854775808") == .number(0x1p63))
        #expect(try parse("1e3") == .number(1000))
        #expect(try parse("0.1").numberValue == 0.1)
    }

    @Test func repeatedKeyKeepsItsLastValue() throws {
        #expect(try parse(#"{"a":1,"b":2,"a":3}"#) == .object([.init("a", .integer(3)), .init("b", .integer(2))]))
        let many = "{" + (0..<200).map { #""k\#($0 % 100)":\#($0)"# }.joined(separator: ",") + "}"
        let members = try #require(try parse(many).members)
        #expect(members.count == 100)
        #expect(members[7] == .init("k7", .integer(107)))
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(64)) }
        let error = #expect(throws: VexFSError.self) { try parse(nested(65)) }
        #expect(error?.message.contains("64 levels") == true)
    }

    @Test(arguments: [
        ("", "line 1, column 1"), ("{", "column 2"), ("[1,]", "column 4"), ("{\"a\":1,}", "column 8"),
        ("{\n \"a\": x}", "line 2, column 7"), ("[1] 2", "column 5"), ("[01]", "column 3"), ("[1e400]", "column 2"),
        ("[\"\\\\\",123456789012345678901234567890]", "column 7"), ("\"a", "column 3"), ("nul", "column 4"),
        ("[1.]", "column 4"), ("\"\\q\"", "column 3"), ("\"\\ud800x\"", "column 8"), ("'a'", "column 1"),
    ]) func faultsNameTheirPlace(_ text: String, _ place: String) throws {
        let error = try #require(throws: VexFSError.self) {
            try JSON.parse(Array(text.utf8), code: .invalidConfiguration)
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("invalid JSON at line"))
        #expect(error.message.contains(place), "\(error.message)")
    }

    @Test func writing() throws {
        let text = #"{"a":[1,2.5,"q\"\\\n\u0001é"],"b":{},"c":null,"d":3.0,"e":1e+300}"#
        let json = try parse(text)
        #expect(String(decoding: json.compact, as: UTF8.self) == text)
        #expect(try JSON.parse(json.pretty) == json)
        let pretty = String(decoding: try parse(#"{"a":[1],"b":{}}"#).pretty, as: UTF8.self)
        #expect(pretty == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}\n")
        #expect(JSON.number(.nan).compact == Array("null".utf8))
    }

    /// Every byte that needs an escape, at every place, is written as it would be alone.
    @Test func stringsAreEscapedByteByByte() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                let scalars = (0...0x7F).map { UInt8($0) } + Array("\"\\\n\r\t\u{7F}".utf8)
                return String(UnicodeScalar(scalars.randomElement(using: &generator) ?? 0))
                    + (Bool.random(using: &generator) ? "é" : "")
            }.joined()
            var bytes: [UInt8] = []
            JSON.write(string: text, to: &bytes)
            let single = text.unicodeScalars.map { scalar in
                var one: [UInt8] = []
                JSON.write(string: String(scalar), to: &one)
                return Array(one.dropFirst().dropLast())
            }
            #expect(bytes == Array("\"".utf8) + single.flatMap { $0 } + Array("\"".utf8))
            #expect(try JSON.parse(bytes) == .string(text))
        }
        #expect(
            JSON.string("a\u{0}\u{1F}\u{7F}\"\\\n\r\tb").compact == Array(#""a\u0000\u001f\u007f\"\\\n\r\tb""#.utf8))
    }

    @Test func scoresAreShort() {
        for (score, text) in [(0.5, "0.5"), (1, "1"), (-0.25, "-0.25"), (.nan, "null"), (1e-20, "1e-20")]
            as [(Float, String)]
        {
            var bytes: [UInt8] = []
            JSON.write(score: score, to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == text)
        }
    }

    @Test func vectorsReadBackExactly() throws {
        var generator = SeededGenerator(seed: 7)
        var vector = (0..<1000).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator)) }
        vector = vector.filter(\.isFinite) + [0, -0.0, 1, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        var bytes: [UInt8] = []
        JSON.write(vector: vector, to: &bytes)
        let read = try #require(try JSON.parse(bytes).arrayValue).map { Float($0.numberValue ?? .nan) }
        #expect(read == vector)
    }

    @Test func dottedPaths() throws {
        let json = try parse(#"{"a":{"b":1,"c.d":2},"e.f":{"g":3}}"#)
        #expect(json.value(at: "a.b") == .integer(1))
        #expect(json.value(at: "a.c.d") == .integer(2))
        #expect(json.value(at: "e.f.g") == .integer(3))
        #expect(json.value(at: "a.x") == nil)
        #expect(json.value(at: "a.b.c") == nil)
    }
}
