import Testing

@testable import VexFS

@Suite struct RecordCacheTests {
    private func key(_ row: Row, _ part: RecordCache.Part = .text, of collection: UInt32 = 1) -> RecordCache.Key {
        RecordCache.Key(collection: collection, row: row, part: part)
    }

    /// What is found is what was kept of that row, and it never takes more memory than it may.
    @Test func itKeepsWhatItWasGivenAndNoMoreThanItMay() {
        let seed = UInt64.random(in: 0 ... .max)
        print("itKeepsWhatItWasGivenAndNoMoreThanItMay: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let cache = RecordCache(bytesMax: 40_000)
        func content(_ key: RecordCache.Key) -> [UInt8] {
            Array("\(key.collection)/\(key.row)/\(key.part)".utf8)
                + [UInt8](repeating: 1, count: Int(key.row * 37 % 900))
        }
        var found = 0
        for _ in 0..<4000 {
            let parts: [RecordCache.Part] = [.text, .metadata, .noVector]
            let keys = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                key(
                    .random(in: 0..<300, using: &random), parts[Int.random(in: 0..<3, using: &random)],
                    of: .random(in: 1...2, using: &random))
            }
            for (key, bytes) in zip(keys, cache.find(keys)) {
                guard let bytes else { continue }
                found += 1
                #expect(bytes == content(key))
            }
            if Bool.random(using: &random) { cache.keep(keys.map { ($0, content($0)) }) }
            #expect(cache.byteCount <= 40_000)
        }
        #expect(found > 100)
    }

    @Test func whatIsAskedForStays() {
        let cache = RecordCache(bytesMax: 100_000)
        cache.keep([(key(0), [1, 2, 3])])
        for row in 1..<5000 as Range<Row> {
            cache.keep([(key(row), [UInt8](repeating: 0, count: 100))])
            if row % 100 == 0 { #expect(cache.find([key(0)]) == [[1, 2, 3]]) }
        }
        #expect(cache.find([key(1), key(4999)]).map { $0?.count } == [nil, 100])
    }

    @Test func longPartsAreNotKept() {
        let cache = RecordCache()
        cache.keep([(key(1), [UInt8](repeating: 0, count: 1 << 20)), (key(2), [7])])
        #expect(cache.find([key(1), key(2)]) == [nil, [7]])
    }
}
