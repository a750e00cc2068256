import Testing

@testable import VexFS

@Suite struct VectorTextTests {
    @Test func knownVectors() {
        #expect(VectorText.encode([1]) == "AACAPw")
        #expect(VectorText.decode("AACAPw".utf8) == [1])
        #expect(VectorText.decode("AACAPw==".utf8) == [1])
        #expect(VectorText.encode([]) == "")
    }

    @Test func readsBackWhatItWrites() throws {
        let seed: UInt64 = 0xBA5E_0001
        var generator = SeededGenerator(seed: seed)
        for count in 1...100 {
            let vector = (0..<count).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
            }
            let text = VectorText.encode(vector)
            let back = try #require(VectorText.decode(text.utf8), "seed \(seed) count \(count)")
            #expect(back.map(\.bitPattern) == vector.map(\.bitPattern))
            #expect(text.utf8.allSatisfy { !"+/=,".utf8.contains($0) })
            let standard = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
            #expect(VectorText.decode(String(standard).utf8)?.map(\.bitPattern) == vector.map(\.bitPattern))
        }
    }

    @Test(arguments: [
        "", "A", "AA", "AAA", "AAAA", "AACAP", "AACAPx", "AACAPw=", "AACAPw===", "=AACAPw", "AAC APw", "é",
    ])
    func refusesWhatIsNoVector(text: String) { #expect(VectorText.decode(text.utf8) == nil) }
}
