import Testing

@testable import VexFS

@Suite struct BM25Tests {
    private func expectEqual(_ vector: SparseVector, _ json: JSON?, _ text: String) throws {
        #expect(vector.indices == (try TextFixtures.dimensions(json?["indices"])), "\(text)")
        let values = try TextFixtures.values(json?["values"])
        for (ours, theirs) in zip(vector.values, values) {
            #expect(abs(Double(ours) - theirs) <= 1e-6 * theirs, "\(text)")
        }
    }

    @Test func vectorsAreThoseOfQdrant() throws {
        let model = try BM25()
        let cases = try TextFixtures.lines("bm25_cases.jsonl")
        #expect(cases.count > 20)
        for line in cases {
            let text = try TextFixtures.text(line)
            try expectEqual(model.document(text), line["document"], text)
            let query = model.query(text)
            #expect(query.indices == (try TextFixtures.dimensions(line["query"])))
            #expect(query.values.allSatisfy { $0 == 1 })
        }
    }

    /// fastembed cuts words at other places: its words have underscores but no marks, and at most 40 characters.
    @Test func vectorsAreThoseOfFastembed() throws {
        let model = try BM25()
        var compared = 0
        for line in try TextFixtures.lines("bm25_cases.jsonl") {
            let text = try TextFixtures.text(line)
            let isCutOtherwise = text.unicodeScalars.contains { scalar in
                scalar == "_" || scalar == "İ" || CharacterClasses.isMark(scalar.value)
            }
            if isCutOtherwise || text.contains("schiffahrt") { continue }
            try expectEqual(model.document(text), line["fastembed"], text)
            compared += 1
        }
        #expect(compared > 10)
    }

    @Test func formula() throws {
        let model = try BM25(options: TextOptions(), k: 2, b: 0.5, averageLength: 4)
        let vector = model.document("a b a")
        // tf 2 and 1, length 3: tf·3 / (tf + 2·(0.5 + 0.5·3/4))
        #expect(vector.values.sorted() == [3 / 2.75, 6 / 3.75])
        #expect(model.document("").count == 0 && model.query(" ,").count == 0)
    }

    @Test func numbersOutOfRangeAreRefused() {
        #expect(throws: VexFSError.self) { try BM25(k: -1) }
        #expect(throws: VexFSError.self) { try BM25(b: 1.5) }
        #expect(throws: VexFSError.self) { try BM25(averageLength: 0) }
    }

    @Test func murmur() {
        // Appleby's test vectors, seed 0.
        let samples: [(String, UInt32)] = [("", 0), ("a", 0x3C25_69B2), ("abc", 0xB3DD_93FA), ("Hello!!", 0xE1C7_8321)]
        for (text, hash) in samples {
            #expect(Array(text.utf8).withUnsafeBufferPointer { TokenHash.murmur3($0) } == hash, "\(text)")
        }
    }

    @Test func weightsAreFiniteWhateverTheSettings() throws {
        for (k, b, length) in [(1e308, 0.75, 256.0), (1e308, 1, 1e308), (0, 0, 1e-308), (1.2, 1, 1e-308)] {
            let vector = try BM25(k: k, b: b, averageLength: length).document("one two two three")
            #expect(vector.count == 3)
            #expect(vector.values.allSatisfy { $0.isFinite && $0 >= 0 }, "\(k) \(b) \(length)")
        }
    }
}
