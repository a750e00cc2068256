import Testing

@testable import VexFS

@Suite struct DocumentParserOwnVectorTests {
    /// The long way, which knows nothing of the short one.
    private func longWay(_ bytes: [UInt8]) throws -> ParsedDocument? {
        try bytes.withUnsafeBufferPointer { buffer in
            try JSONTape.withTape(of: buffer) { tape in try DocumentParser.document(tape) }
        }
    }

    private func shortWay(_ bytes: [UInt8]) throws -> ParsedDocument? {
        try bytes.withUnsafeBufferPointer { try DocumentParser.parseAroundVector($0) }
    }

    /// Numbers as programs write them, some that are none, and some that take more than one rounding.
    private func number(_ random: inout SeededGenerator) -> String {
        let value = Double.random(in: -1...1, using: &random)
        switch Int.random(in: 0..<24, using: &random) {
        case 0: return String(Int.random(in: -1000...1000, using: &random))
        case 1: return "-0"
        case 2: return "-0.0"
        case 3: return "\(value)e\(Int.random(in: -20...20, using: &random))"
        case 4: return "\(Float(value))"
        case 5: return " \t\(Float(value))\n"
        case 6: return String(repeating: "12345678", count: Int.random(in: 1...3, using: &random)) + ".5"
        default: return String((value * 1e8).rounded() / 1e8)
        }
    }

    private func text(_ random: inout SeededGenerator) -> String {
        let pieces = [
            #"a"#, #"\\"#, #"\""#, #"\n"#, #"[1,2"#, #"]"#, #"}"#, #","#, #"\"vector\":[1]"#, #"é"#, #"\u0041"#, #" "#,
        ]
        return (0..<Int.random(in: 0..<8, using: &random)).map { _ in
            pieces.randomElement(using: &random) ?? ""
        }.joined()
    }

    private func document(_ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 60...90, using: &random)
        let isHard = Int.random(in: 0..<3, using: &random) == 0
        let numbers = (0..<count).map { _ in
            isHard ? number(&random) : "0.\(Int.random(in: 1..<99_999_999, using: &random))"
        }
        let key = Bool.random(using: &random) ? "vector" : "embedding"
        var members = ["\"\(key)\":[\(numbers.joined(separator: ","))]"]
        let others = [
            #""text":"\#(text(&random))""#, #""metadata":{"a":[1,{"b":"\#(text(&random))"}],"vector":[1]}"#,
            #""id":7"#, #""n": null"#, #""vector":null"#, #""vectors":{"x":[1]}"#, #""t":true"#,
            #""vec\u0074or":[1]"#, #""bad":tru"#,
        ]
        for other in others where Int.random(in: 0..<6, using: &random) == 0 {
            members.insert(other, at: Int.random(in: 0...members.count, using: &random))
        }
        var whole = " { " + members.joined(separator: Bool.random(using: &random) ? "," : " ,\n") + "}\n"
        if Int.random(in: 0..<8, using: &random) == 0 {
            let place = whole.utf8.indices.randomElement(using: &random) ?? whole.utf8.startIndex
            var bytes = Array(whole.utf8)
            bytes[whole.utf8.distance(from: whole.utf8.startIndex, to: place)] =
                Array("0.-+e,:[]{}\" x\\".utf8).randomElement(using: &random) ?? 0
            whole = String(decoding: bytes, as: UTF8.self)
        }
        return whole
    }

    @Test func bothWaysReadTheSame() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("bothWaysReadTheSame: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var short = 0
        for _ in 0..<4000 {
            let text = document(&random)
            let bytes = Array(text.utf8)
            do {
                guard let found = try shortWay(bytes) else { continue }
                short += 1
                let expected = try longWay(bytes)
                #expect(found == expected, "\(text)")
                #expect(found.vector?.map(\.bitPattern) == expected?.vector?.map(\.bitPattern), "\(text)")
            } catch let error as VexFSError {
                let expected = #expect(throws: VexFSError.self) { try longWay(bytes) }
                #expect(expected?.code == error.code && expected?.message == error.message, "\(text)")
            }
        }
        #expect(short > 1000, "the short way is hardly ever taken")
    }

    @Test func whatIsNoPlainVectorGoesTheLongWay() throws {
        let numbers = (0..<100).map { "0.\($0 + 1)" }.joined(separator: ",")
        for text in [
            "{\"vector\":[\(numbers)],\"embedding\":null}", "{\"vector\":[\(numbers),]}", "{\"vector\":[\(numbers)}",
            "{\"vector\":[\(numbers),01]}", "{\"vector\":[\(numbers),+1]}", "{\"vector\":[\(numbers),1.]}",
            "{\"vector\":[\(numbers),.5]}", "{\"vector\":[\(numbers),1e400]}", "{\"vector\":[\(numbers),\"1\"]}",
            "[\"vector\",[\(numbers)]]", "{\"a\":{\"vector\":[\(numbers)]}}", "{\"vector\":[\(numbers)]} x",
            "{\"vector\":[\(numbers),0.12345678901234567]}", "{\"vector\":[\(numbers),1e39]}",
        ] {
            #expect(try shortWay(Array(text.utf8)) == nil, "\(text)")
        }
        let plain = try shortWay(Array("{\"text\":\"a \\\" b\",\"vector\":[\(numbers)],\"n\":1}".utf8))
        #expect(plain?.vector?.count == 100 && plain?.text == "a \" b" && plain?.metadata["n"] == .integer(1))
    }
}
