import Foundation
import Testing

@testable import VexFS

/// Snapshots and forks, one promise at a time; ``SnapshotPropertyTests`` has them all together.
@Suite struct SnapshotTests {
    private func query(_ collection: Collection, _ vector: [Float]) throws -> [String] {
        var request = QueryRequest(target: .vector(vector), title: "q")
        request.limit = 3
        return collection.ids(of: try collection.search(request))
    }

    private func filled(_ fixture: StoreFixture, _ count: Int) throws -> Collection {
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"metric\":\"euclidean\"}".utf8))
        for start in stride(from: 0, to: count, by: 4096) {
            let numbers = start..<min(start + 4096, count)
            try collection.insert(
                numbers.map { NewPoint(id: ByteString("\($0)")) }, vectors: numbers.flatMap { [Float($0), 1] })
        }
        return collection
    }

    /// Vectors of no fixed size stay for whoever has their row, and go with the last.
    @Test func storedVectorsStayForSnapshotsAndForks() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(
            Array(#"{"model":"none","vectors":{"w":{"sparse":true},"m":{"multivector":true}}}"#.utf8))
        let file = try collection.put(
            "a.json", #"{"vectors":{"w":{"indices":[3,9],"values":[1,2]},"m":[[1,0],[0,1]]}}"#)
        let row = try #require(file.row)
        try collection.makeSnapshot(named: "s")
        let fork = try fixture.store.fork(collection, as: "f")
        try fork.put("b.json", #"{"vectors":{"w":{"indices":[9],"values":[1]}}}"#)
        _ = try fixture.store.fork(fork, as: "g")
        _ = try collection.remove("a.json", in: 1)
        for _ in 0..<2 {
            let collection = try #require(fixture.store.collection(named: "c"))
            let shown = try #require(try collection.snapshot(named: "s"))
            let forks = try (["f", "g"] as [ByteString]).map { try #require(fixture.store.collection(named: $0)) }
            for other in [shown] + forks {
                var request = QueryRequest(target: .sparse(try SparseVector(indices: [9], values: [1])), title: "q")
                request.using = "w"
                #expect(try other.ids(of: other.search(request)) == (other === shown ? ["a"] : ["a", "b"]))
                let number = try #require(other.lookup("a.json", in: 1)).number
                #expect(try other.vector(of: number, named: "m") == .multiple([1, 0, 0, 1], count: 2))
            }
            for name in ["c", "f"] as [ByteString] {
                let holder = try #require(fixture.store.collection(named: name))
                for change in [#"{"vectors":{"w":null}}"#, #"{"vectors":{"w":{"sparse":false}}}"#] {
                    #expect(throws: VexFSError.self) { try holder.setConfiguration(Array(change.utf8)) }
                }
            }
            try collection.compact()
            try fixture.reopen()
        }
        for name in ["f", "g"] as [ByteString] {
            try fixture.store.removeCollection(
                #require(fixture.store.collection(named: name)), withDocuments: true)
        }
        let last = try #require(fixture.store.collection(named: "c"))
        let keys = [1, 2].map { StoreKey.vector(last.number, $0, row) }
        #expect(try keys.allSatisfy { try last.database.value($0) != nil })
        try last.removeSnapshot(named: "s")
        #expect(try keys.allSatisfy { try last.database.value($0) == nil })
        try last.setConfiguration(Array(#"{"vectors":{"w":null}}"#.utf8))
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    @Test func rowBitmapsSurviveTheirBytes() throws {
        var random = SeededGenerator(seed: 11)
        let sets = [
            RowBitmap(), RowBitmap([0]), RowBitmap(rowsBelow: 200_000),
            RowBitmap((0..<200_000).filter { _ in Bool.random(using: &random) }),
            RowBitmap((0..<3000).map { _ in Row.random(in: 0..<500_000, using: &random) }),
            RowBitmap([63, 64, 65_535, 65_536, 131_071, 400_000]),
        ]
        for set in sets {
            var writer = ByteWriter()
            set.encode(to: &writer)
            let read = try writer.bytes.withSystemBytes { bytes throws(VexFSError) in
                var reader = ByteReader(bytes)
                return try RowBitmap(decoding: &reader)
            }
            #expect(read == set)
            #expect(throws: VexFSError.self) {
                try Array(writer.bytes.dropLast()).withSystemBytes { bytes throws(VexFSError) in
                    var reader = ByteReader(bytes)
                    _ = try RowBitmap(decoding: &reader)
                }
            }
        }
    }

    @Test func aMillionRowsTakeKilobytes() throws {
        var writer = ByteWriter()
        var rows = RowBitmap(rowsBelow: 1_000_000)
        for row in stride(from: Row(0), to: 1_000_000, by: 997) { rows.remove(row) }
        rows.encode(to: &writer)
        #expect(writer.bytes.count < 16_384)
    }

    @Test func compactionKeepsWhatASnapshotHasAndNothingElse() throws {
        let fixture = try StoreFixture()
        let count = 2 * VectorFile.rowsPerChunk
        let collection = try filled(fixture, count)
        for number in 0..<count where number % 16 != 0 && number % 16 != 1 {
            _ = try collection.remove(ByteString("\(number).json"), in: 1)
        }
        try collection.makeSnapshot(named: "kept")
        for number in 0..<count where number % 16 == 1 {
            _ = try collection.remove(ByteString("\(number).json"), in: 1)
        }
        try collection.buildIndex()
        let report = try collection.compact()
        #expect(report.droppedRows == count * 14 / 16)
        let past = try #require(try collection.snapshot(named: "kept"))
        #expect(past.documentCount == count / 8)
        #expect(try query(past, [33, 1]) == ["33", "32", "48"])
        #expect(try query(collection, [33, 1]) == ["32", "48", "16"])
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(try query(try #require(try again.snapshot(named: "kept")), [33, 1]) == ["33", "32", "48"])
        try again.removeSnapshot(named: "kept")
        let rest = try again.compact()
        #expect(rest.droppedRows == count / 16)
        #expect(try again.database.value(StoreKey.document(again.number, 1)) == nil)
        #expect(try again.database.value(StoreKey.document(again.number, 16)) != nil)
        #expect(try query(again, [33, 1]) == ["32", "48", "16"])
    }

    @Test func aForkGoesOnWhenItsParentIsCompactedAndRemoved() throws {
        let fixture = try StoreFixture()
        let count = VectorFile.rowsPerChunk + 100
        let collection = try filled(fixture, count)
        try collection.buildIndex()
        let fork = try fixture.store.fork(collection, as: "f")
        try fork.insert([NewPoint(id: "new")], vectors: [33.25, 1])
        _ = try fork.remove("34.json", in: 1)
        #expect(try query(fork, [33, 1]) == ["33", "new", "32"])
        #expect(try query(collection, [33, 1]) == ["33", "32", "34"])
        for number in 0..<count { _ = try collection.remove(ByteString("\(number).json"), in: 1) }
        try collection.compact()
        try fixture.store.removeCollection(collection)
        #expect(try query(fork, [33, 1]) == ["33", "new", "32"])
        let number = collection.number
        try fixture.reopen()
        let again = try #require(fixture.store.collection(named: "f"))
        #expect(fixture.store.collections.count == 1)
        #expect(try query(again, [33, 1]) == ["33", "new", "32"])
        #expect(try fixture.store.context.database.value(StoreKey.document(number, 5)) != nil)
        try again.apply([.delete(.filter(try Filter.parse("!nothing")))])
        try fixture.store.removeCollection(again)
        #expect(try fixture.store.context.database.value(StoreKey.document(number, 5)) == nil)
        #expect(try fixture.store.context.database.value(StoreKey.collection(number)) == nil)
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/vectors")
        #expect(files.isEmpty)
    }

    @Test func aStoreIsOfAnOlderFormatUntilItsFirstSnapshot() throws {
        let fixture = try StoreFixture()
        let directory = StoreDirectory(path: fixture.path)
        let collection = try filled(fixture, 3)
        #expect(try directory.checkMarker() == 2)
        try collection.makeSnapshot(named: "s")
        #expect(try directory.checkMarker() == 3)
    }

    @Test func damageOfWhatASnapshotKeepsIsFound() throws {
        let fixture = try StoreFixture()
        let collection = try filled(fixture, 10)
        try collection.makeSnapshot(named: "s")
        _ = try collection.remove("3.json", in: 1)
        let batch = WriteBatch()
        batch.put(StoreKey.document(collection.number, 3), Array("{}".utf8))
        try collection.database.write(batch)
        fixture.close()
        let problems = try Store.check(at: fixture.path).problems
        #expect(problems.map(\.place) == ["c@s/3.json"])
    }

    @Test func aVectorThatASnapshotHasIsNotDropped() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array("{\"vectors\":{\"v\":{\"metric\":\"dot\"}}}".utf8))
        try collection.put("a.json", "{\"vectors\":{\"v\":[1,2]}}")
        try collection.makeSnapshot(named: "s")
        let drop = Array("{\"vectors\":{\"v\":null}}".utf8)
        #expect(throws: VexFSError.self) { try collection.setConfiguration(drop) }
        try collection.removeSnapshot(named: "s")
        try collection.setConfiguration(drop)
    }
}
