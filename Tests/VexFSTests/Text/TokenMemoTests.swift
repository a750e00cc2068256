import Testing

@testable import VexFS

@Suite struct TokenMemoTests {
    @Test func wordsAreRemembered() {
        let memo = TokenMemo()
        Array("word".utf8).withUnsafeBufferPointer { word in
            let slot = memo.slot(of: word) ?? -1
            #expect(memo.entry(at: slot, for: word) == .unknown)
            memo.set(7, at: slot, for: word)
            #expect(memo.entry(at: slot, for: word) == .dimension(7))
            memo.set(nil, at: slot, for: word)
            #expect(memo.entry(at: slot, for: word) == .none)
            Array("wore".utf8).withUnsafeBufferPointer { #expect(memo.entry(at: slot, for: $0) == .unknown) }
        }
    }

    @Test func longWordsHaveNoPlace() {
        let memo = TokenMemo()
        Array(repeating: UInt8(97), count: 25).withUnsafeBufferPointer { #expect(memo.slot(of: $0) == nil) }
        Array(repeating: UInt8(97), count: 24).withUnsafeBufferPointer { #expect(memo.slot(of: $0) != nil) }
    }

    /// More words than there are places, so that words lose theirs.
    @Test func remembersNothingWrong() throws {
        let analyzer = try TextAnalyzer(.english)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<400 {
            let words = (0..<100).map { _ in
                let length = Int.random(in: 1...6, using: &generator)
                return String((0..<length).compactMap { _ in "aeinst".randomElement(using: &generator) })
            }
            let text = words.joined(separator: " ")
            var plain: [UInt32] = []
            analyzer.forEachToken(of: text, as: .query) { plain.append(TokenHash.dimension(of: $0)) }
            #expect(analyzer.dimensions(of: text, as: .query) == plain)
        }
    }
}
