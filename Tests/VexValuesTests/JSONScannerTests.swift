import TestSupport
import Testing

@testable import VexValues

@Suite struct JSONScannerTests {
    private func verdict(_ bytes: [UInt8]) -> JSONScanner.Verdict {
        var scanner = JSONScanner()
        return scanner.feed(bytes)
    }

    @Test(arguments: [
        ("{}", JSONScanner.Verdict.complete), ("  {\"a\":[1,2,{\"b\":null}]}\n\n", .complete), ("", .incomplete),
        ("{", .incomplete), ("{\"a\":1", .incomplete), ("{\"a\":\"\\u12", .incomplete), ("  ", .incomplete),
    ]) func verdicts(_ text: String, _ expected: JSONScanner.Verdict) {
        #expect(verdict(Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        ("[1]", 0), ("1", 0), ("{}x", 2), ("{} {}", 3), ("{\"a\" 1}", 5), ("{\"a\":tru3}", 8), ("{a:1}", 1),
        ("{\"a\":1,}", 7), ("{\"a\":[1,]}", 8), ("{\"a\":\"\u{1}\"}", 6), ("{\"a\":-}", 6), ("{\"a\":00}", 6),
        ("{\"a\":1.}", 7), ("{\"a\":\"\\udc00\"}", 11), ("{\"a\":1]", 6), ("\u{FEFF}{}", 0),
    ]) func faults(_ text: String, _ offset: Int) {
        guard case .invalid(let found, let reason) = verdict(Array(text.utf8)) else {
            Issue.record("\(text) was not refused")
            return
        }
        #expect(found == offset, "\(reason)")
    }

    /// The scanner and the parser must agree on every text, and the scanner with itself however a text is cut.
    @Test func agreesWithTheParserOnMutatedTexts() {
        let seed: UInt64 = 20_261_121
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<6000 {
            var bytes = JSON.object([.init("k", Self.random(depth: 3, &generator))]).compact
            if round % 4 != 0 { Self.mutate(&bytes, &generator) }
            let parsed = bytes.withUnsafeBufferPointer { buffer in
                JSONTape.withTape(of: buffer) { $0.kind($0.root) == .object } ?? false
            }
            let judged = verdict(bytes)
            if judged == .complete, !parsed {
                // Only the size of numbers is left to the parser.
                let fault = bytes.withUnsafeBufferPointer { JSONFault.find(in: $0, objectOnly: true) }
                #expect(fault.reason.contains("beyond the range"), "\(String(decoding: bytes, as: UTF8.self))")
            } else {
                #expect((judged == .complete) == parsed, "\(String(decoding: bytes, as: UTF8.self)): \(judged)")
            }
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            var scanner = JSONScanner()
            let first = scanner.feed(Array(bytes[..<cut]))
            #expect(scanner.feed(Array(bytes[cut...])) == judged)
            if case .invalid = first { #expect(first == judged) }
        }
    }

    @Test func everyCutOfADocument() {
        let text = Array(#" {"é":[-1.5e+3,0,"\ud83d\ude00 \\ €",{"x":{}},[[]],true,false,null]} "#.utf8)
        for first in 0...text.count {
            for second in first...text.count {
                var scanner = JSONScanner()
                scanner.feed(Array(text[..<first]))
                scanner.feed(Array(text[first..<second]))
                #expect(scanner.feed(Array(text[second...])) == .complete)
            }
        }
    }

    @Test func everyCutOfAnArrayOfNumbers() {
        let text = Array(#"{"v":[0,-0.0, 12345678901,1e5,2.25E-10,0.123456789, 7 ,[1,2],-3.5e+2]}"#.utf8)
        for cut in 0...text.count {
            var scanner = JSONScanner()
            scanner.feed(Array(text[..<cut]))
            #expect(scanner.feed(Array(text[cut...])) == .complete)
        }
    }

    @Test(arguments: ["01", "-", "1.", ".5", "1e", "1e+", "+1", "1.2.3", "--1", "1 2", "", "-01.5", "1e5.2"])
    func numbersThatAreNone(_ number: String) {
        var scanner = JSONScanner()
        guard case .invalid = scanner.feed(Array("{\"v\":[1,\(number),2]}".utf8)) else {
            Issue.record("accepted")
            return
        }
    }

    static func random(depth: Int, _ generator: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: -1000...1000, using: &generator))
        case 3: return .number(Double.random(in: -1e6...1e6, using: &generator))
        case 4, 5: return .string(["", "a", "é\"\\", "\u{1F600}\n", "x\u{7}"].randomElement(using: &generator) ?? "")
        case 6:
            let count = Int.random(in: 0..<4, using: &generator)
            return .array((0..<count).map { _ in random(depth: depth - 1, &generator) })
        default:
            let count = Int.random(in: 0..<4, using: &generator)
            return .object((0..<count).map { .init("k\($0)", random(depth: depth - 1, &generator)) })
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let tokens: [String] = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "-", ".", "e", " ", "\n", "t", "null", "\\u00e9", "\\ud800",
            "\\udc00", "\\ud83d\\ude00", "\u{0}",
        ]
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            let position = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0 where position < bytes.count: bytes.remove(at: position)
            case 1 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes.removeSubrange(position...)
            default: bytes.insert(contentsOf: (tokens.randomElement(using: &generator) ?? "").utf8, at: position)
            }
        }
    }
}
