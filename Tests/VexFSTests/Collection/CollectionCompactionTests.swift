import Foundation
import Testing

@testable import VexFS

/// Compaction gives space back and changes nothing that a reader sees.
@Suite struct CollectionCompactionTests {
    private static let chunkRows = VectorFile.rowsPerChunk
    private static let dimension = 8

    /// A collection of inserted points whose vectors their numbers give.
    private func filled(_ fixture: StoreFixture, _ count: Int) throws -> Collection {
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"metric\":\"euclidean\"}".utf8))
        for start in stride(from: 0, to: count, by: 1000) {
            let numbers = start..<min(start + 1000, count)
            try collection.insert(
                numbers.map { NewPoint(id: ByteString("\($0)")) }, vectors: numbers.flatMap(Self.vector))
        }
        return collection
    }

    private static func vector(_ number: Int) -> [Float] {
        (0..<dimension).map { Float((number &* 2_654_435_761 >> ($0 * 2)) & 0xFFF) }
    }

    private func remove(_ collection: Collection, _ numbers: some Sequence<Int>) throws {
        for number in numbers { _ = try collection.remove(ByteString("\(number).json"), in: 1) }
    }

    /// Compares content and searches with what the numbers give.
    private func expect(_ collection: Collection, holds numbers: Set<Int>, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        #expect(collection.documentCount == numbers.count)
        for number in numbers.shuffled(using: &random).prefix(50) {
            let file = try #require(collection.lookup(ByteString("\(number).json"), in: 1))
            #expect(try collection.embedding(of: file.number) == Self.vector(number))
            #expect(try collection.content(of: file.number).bytes.count == Int(file.size))
        }
        for mode in [QueryRequest.Mode.vector, .exact] {
            for _ in 0..<5 {
                let target = Self.vector(Int.random(in: 0..<20_000, using: &random))
                var request = QueryRequest(target: .vector(target), title: "q")
                request.mode = mode
                let scores = try collection.search(request).hits.map { Float($0.score) }
                let best = numbers.map { number in
                    zip(Self.vector(number), target).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                        .squareRoot()
                }
                #expect(scores == Array(best.sorted().prefix(10)))
            }
        }
    }

    private func diskBlocks(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_blocks) : 0
    }

    @Test func whatIsLeftIsFoundAndSpaceIsGivenBack() throws {
        let fixture = try StoreFixture()
        let count = 2 * Self.chunkRows + 100
        let collection = try filled(fixture, count)
        let path = StoreDirectory(path: fixture.path).vectorFilePath(collection.number)
        let before = diskBlocks(path)
        var left = Set(stride(from: 0, to: count, by: 10))
        try remove(collection, (0..<count).filter { !left.contains($0) })
        #expect(collection.isCompactionWorthwhile)
        let report = try collection.compact()
        #expect(report.packedChunks == 2)
        #expect(!collection.isCompactionWorthwhile)
        #expect(diskBlocks(path) * 10 < before)
        try expect(collection, holds: left, seed: 1)

        // Later rows, a second compaction of the same chunks, and what a new process makes of it.
        try collection.insert([NewPoint(id: "20000")], vectors: Self.vector(20_000))
        left.insert(20_000)
        let gone = left.filter { $0 < 2 * Self.chunkRows && $0 % 50 != 0 }
        try remove(collection, gone)
        left.subtract(gone)
        #expect(try collection.compact().packedChunks == 2)
        try expect(collection, holds: left, seed: 2)
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        try expect(again, holds: left, seed: 3)
        try remove(again, left)
        try again.compact()
        try fixture.reopen()
        let empty = try #require(fixture.store.collection(named: "c"))
        try empty.insert([NewPoint(id: "7")], vectors: Self.vector(7))
        try fixture.reopen()
        try expect(try #require(fixture.store.collection(named: "c")), holds: [7], seed: 4)
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    @Test func whoReadsAnOldViewReadsOn() throws {
        let fixture = try StoreFixture()
        let count = Self.chunkRows + 1
        let collection = try filled(fixture, count)
        let view = try #require(collection.state.withLock { $0.unnamed.vectors?.rows(below: $0.rows.next) })
        try remove(collection, 0..<Self.chunkRows)
        try collection.compact()
        for row in stride(from: 0, to: Self.chunkRows, by: 97) {
            #expect(view.withVector(Row(row)) { Array($0) } == Self.vector(row))
        }
        let now = try #require(collection.state.withLock { $0.unnamed.vectors?.rows(below: $0.rows.next) })
        #expect(now.withVector(5) { Array($0) } == nil)
        #expect(!now.holds(5) && now.holds(Row(Self.chunkRows)))
        #expect(now.address(of: 5)[0] == 0)
    }

    /// What a process leaves that dies between the steps of a compaction.
    @Test func everyStepMayBeTheLast() throws {
        let fixture = try StoreFixture()
        let count = Self.chunkRows + 10
        let collection = try filled(fixture, count)
        let left = Set(stride(from: 0, to: count, by: 10))
        try remove(collection, (0..<count).filter { !left.contains($0) })
        let (vectors, rows) = collection.state.withLock { ($0.unnamed.vectors, $0.unnamed.withVector) }
        let file = try #require(vectors)
        let words = Array(rows.words.prefix(Self.chunkRows / 64))
        let context = collection.context
        let pack = VectorFile.packPath(file.path, chunk: 0, generation: 1)

        // A pack that nothing names is removed, and the rows are where they were.
        let record = try file.writePack(chunk: 0, words: words, space: context.space)
        #expect(FileManager.default.fileExists(atPath: pack))
        try fixture.reopen()
        #expect(!FileManager.default.fileExists(atPath: pack))
        var again = try #require(fixture.store.collection(named: "c"))
        try expect(again, holds: left, seed: 5)

        // A pack that is named, with its former place still taken: it is read, and the place given back.
        let reopened = try #require(again.state.withLock { $0.unnamed.vectors })
        _ = try reopened.writePack(chunk: 0, words: words, space: again.context.space)
        let batch = WriteBatch()
        batch.put(StoreKey.pack(again.number, VectorSpace.unnamed, chunk: 0), record.encoded())
        try again.database.write(batch)
        let before = diskBlocks(reopened.path)
        try fixture.reopen()
        again = try #require(fixture.store.collection(named: "c"))
        #expect(diskBlocks(reopened.path) < before / 4)
        try expect(again, holds: left, seed: 6)
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])

        // Damage in a pack is found.
        let handle = try #require(FileHandle(forUpdatingAtPath: pack))
        try handle.seek(toOffset: UInt64(VectorFile.headerBytes + 3 * file.strideBytes + 2))
        try handle.write(contentsOf: Data([0x55]))
        try handle.close()
        let problems = try Store.check(at: fixture.path).problems
        #expect(problems.map(\.place) == ["c/30.json"])
        try FileManager.default.removeItem(atPath: pack)
        #expect(try !Store.check(at: fixture.path).problems.isEmpty)
    }

    @Test func aRemovedCollectionLeavesNothing() throws {
        let fixture = try StoreFixture()
        let collection = try filled(fixture, Self.chunkRows + 10)
        try remove(collection, 0..<Self.chunkRows + 5)
        try collection.compact()
        try remove(collection, Self.chunkRows + 5..<Self.chunkRows + 10)
        try fixture.store.removeCollection(collection)
        fixture.store.context.giveBackSpace()
        let vectors = StoreDirectory(path: fixture.path).vectorsPath
        #expect(try FileManager.default.contentsOfDirectory(atPath: vectors) == [])
        for family in StoreKey.Family.ofCollection {
            var keys = 0
            try fixture.store.context.database.forEach(prefix: StoreKey.prefix(family, collection.number)) { _, _ in
                keys += 1
                return true
            }
            #expect(keys == 0)
        }
    }
}
