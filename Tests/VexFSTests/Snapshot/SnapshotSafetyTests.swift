import Foundation
import Testing

@testable import VexFS

/// Snapshots and forks where something goes wrong, or away.
@Suite struct SnapshotSafetyTests {
    private func collection(_ fixture: StoreFixture, _ name: ByteString = "c") throws -> Collection {
        try #require(fixture.store.collection(named: name))
    }

    private func fill(_ collection: Collection, _ numbers: Range<Int>) throws {
        try collection.insert(
            numbers.map { NewPoint(id: ByteString("\($0)"), text: "word\($0)") },
            vectors: numbers.flatMap { [Float($0), 1, 2] })
    }

    private func keys(_ prefix: [UInt8], _ database: Database) throws -> Int {
        var count = 0
        try database.forEach(prefix: prefix) { _, _ in
            count += 1
            return true
        }
        return count
    }

    /// Whoever changes a document whose content is gone gets an error and does not wait for itself.
    @Test func aMissingContentIsAnErrorForWritersToo() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        let hashed = FileNaming.name(forID: ByteString(String(repeating: "x", count: 300)))
        for name in ["a.json", "b.json", hashed] as [ByteString] {
            let file = try made.put(name, "{\"vector\":[1,2]}")
            let batch = WriteBatch()
            batch.delete(StoreKey.document(made.number, try #require(file.row)))
            try made.database.write(batch)
        }
        let file = try #require(made.lookup("a.json", in: 1)).number
        for change: () throws -> Void in [
            { try made.setMetadata("x", to: .integer(1), of: file) },
            { _ = try made.rename("b.json", in: 1, to: "b.tmp", in: 1, mode: .replace) },
        ] {
            let error = #expect(throws: VexFSError.self) { try change() }
            #expect(error?.code == .corruption)
        }
        _ = try made.remove(hashed, in: 1)
        #expect(made.lookup(hashed, in: 1) == nil)
    }

    /// What is shown of a snapshot is what it was, or nothing: not what the files are now.
    @Test func aSnapshotThatIsGoneIsNotShown() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        let file = try made.put("a.json", "{\"vector\":[1,2],\"n\":1}").number
        try made.put("b.tmp", "old")
        try made.makeSnapshot(named: "s")
        let shown = try #require(try made.snapshot(named: "s"))
        try made.commit(Array("{\"vector\":[3,4],\"n\":2}".utf8), to: file)
        let scratch = try #require(made.lookup("b.tmp", in: 1)).number
        try made.commit(Array("new".utf8), to: scratch)
        try made.removeSnapshot(named: "s")
        for look: () throws -> Void in [
            { _ = try shown.content(of: file) }, { _ = try shown.content(of: scratch) },
            { _ = try shown.facts(of: file) },
        ] {
            let error = #expect(throws: VexFSError.self) { try look() }
            #expect(error?.code == .notFound)
        }
    }

    /// No row of a fork passes for one that was synced before it was written.
    @Test func aForkKnowsWhichRowsAreSynced() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        try fill(made, 0..<10)
        try made.makeSnapshot(named: "s")
        try fill(made, 10..<20_000)
        try fixture.store.sync()
        let fork = try fixture.store.fork(#require(try made.snapshot(named: "s")), as: "f")
        let record = try #require(try fork.database.value(StoreKey.collection(fork.number)))
        let synced = try #require(try JSON.parseControl(record, code: .corruption)["synced_rows"]?.integerValue)
        #expect(synced == Int64(VectorFile.rowsPerChunk))
    }

    /// What a removed collection had and its forks do not need goes with it, and the rest with the last fork.
    @Test func aRemovedBaseKeepsWhatForksNeedAndNoMore() throws {
        let fixture = try StoreFixture()
        var base = try fixture.store.createCollection(named: "c")
        try base.setConfiguration(Array(#"{"metric":"euclidean"}"#.utf8))
        try fill(base, 0..<200)
        _ = try fixture.store.fork(base, as: "f")
        try fill(base, 150..<300)
        _ = try base.remove("0.json", in: 1, keepsInTrash: true)
        _ = try base.remove("200.json", in: 1, keepsInTrash: true)
        _ = try fixture.store.fork(base, as: "g")
        try fill(base, 250..<400)
        let number = base.number
        let documents = StoreKey.prefix(.document, number)
        try fixture.store.removeCollection(base, withDocuments: true)
        // f has 200 documents, g has 298: 149 of them are the same.
        #expect(try keys(documents, fixture.store.context.database) == 200 + 298 - 149)
        for _ in 0..<2 {
            for (name, count) in [("f", 200), ("g", 298)] as [(ByteString, Int)] {
                let fork = try collection(fixture, name)
                #expect(fork.documentCount == count)
                var request = QueryRequest(target: .vector([170, 1, 2]), title: "q")
                request.limit = 1
                #expect(try fork.ids(of: fork.search(request)) == ["170"])
                let file = try #require(fork.lookup("170.json", in: 1)).number
                #expect(try String(decoding: fork.content(of: file).bytes, as: UTF8.self).contains("word170"))
            }
            try fixture.reopen()
        }
        try fixture.store.removeCollection(collection(fixture, "g"), withDocuments: true)
        #expect(try keys(documents, fixture.store.context.database) == 200)
        base = try collection(fixture, "f")
        #expect(base.documentCount == 200)
        fixture.close()
        let report = try Store.check(at: fixture.path)
        #expect((report.problems + report.leftovers).map(\.message) == [])
        try fixture.reopen()
        try fixture.store.removeCollection(collection(fixture, "f"), withDocuments: true)
        for family in StoreKey.Family.ofCollection {
            #expect(try keys(StoreKey.prefix(family), fixture.store.context.database) == 0, "\(family)")
        }
    }

    /// The end of the rows is an error, and a fork at the end is none that cannot be opened.
    @Test func rowsEnd() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        try made.put("a.json", "{\"vector\":[1,2]}")
        _ = try made.remove("a.json", in: 1, keepsInTrash: true)
        let file = try made.put("b.json", "")
        made.state.withLock { $0.rows.extend(to: Int(RowTable.end)) }
        #expect(Origin.firstOwnRow(behind: RowTable.end) == RowTable.end)
        let bulk = made.makeBulkIngest()
        for change: () throws -> Void in [
            { try made.commit(Array("{\"vector\":[1,2]}".utf8), to: file.number) },
            { try made.insert([NewPoint(id: "x")], vectors: [1, 2]) },
            { _ = try made.restore("a.json", to: "c.json", in: 1, mode: .replace) },
            {
                try Array("{\"id\":\"y\",\"vector\":[1,2]}\n".utf8).withUnsafeBytes { try bulk.append($0) }
                try bulk.finish()
            },
        ] {
            let error = #expect(throws: VexFSError.self) { try change() }
            #expect(error?.code == .storeFull)
        }
        #expect(made.documentCount == 1)
    }

    @Test func fsckNamesWhatIsMissing() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        try fill(made, 0..<20)
        try made.makeSnapshot(named: "s")
        let fork = try fixture.store.fork(made, as: "f")
        try fill(fork, 5..<7)
        try fork.makeSnapshot(named: "t")
        // The record of a file whose row two snapshots have, and one whose row only the fork's has.
        let (own, inherited) = (try #require(fork.lookup("5.json", in: 1)), try #require(made.lookup("9.json", in: 1)))
        var batch = WriteBatch()
        batch.delete(StoreKey.file(made.number, inherited.number))
        batch.delete(StoreKey.file(fork.number, own.number))
        try made.database.write(batch)
        fixture.close()
        var problems = try Store.check(at: fixture.path).problems.map { "\($0.place): \($0.message)" }
        let row = try #require(own.row)
        #expect(problems.contains { $0.hasPrefix("c@s: 1 of its documents") && $0.hasSuffix("rows 9") }, "\(problems)")
        #expect(problems.contains { $0.hasPrefix("f@t: 1 of its documents") && $0.hasSuffix("rows \(row)") })

        let other = try StoreFixture()
        let second = try other.store.createCollection(named: "c")
        try fill(second, 0..<20)
        try second.makeSnapshot(named: "s")
        let database = other.store.context.database
        let number = try #require(second.snapshots().first).number
        let key = StoreKey.snapshot(second.number, number)
        let record = try #require(try database.value(key))
        for place in [1, 30, record.count / 2, record.count - 9, record.count - 1] {
            var damaged = record
            damaged[place] ^= 4
            #expect(throws: VexFSError.self, "\(place)") {
                try damaged.withSystemBytes { bytes throws(VexFSError) in
                    _ = try Snapshot(number: number, decoding: bytes)
                }
            }
        }
        var damaged = record
        damaged[record.count - 9] ^= 4
        batch = WriteBatch()
        batch.put(key, damaged)
        // And what belongs to nothing.
        batch.put(StoreKey.document(second.number, 4000), [1, 2, 3])
        try database.write(batch)
        other.close()
        problems = try Store.check(at: other.path).problems.map { "\($0.place): \($0.message)" }
        #expect(
            problems == ["c, snapshots: snapshot \(number): the record of a snapshot is damaged; run vexfs-fuse fsck"])
    }

    @Test func fsckNamesWhatBelongsToNothing() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        try fill(made, 0..<20)
        let batch = WriteBatch()
        batch.put(StoreKey.document(made.number, 4000), [1, 2, 3])
        batch.put(StoreKey.vector(made.number, 1, 4001), [1, 2, 3])
        batch.put(StoreKey.scratch(777, 4), [1])
        batch.put(StoreKey.snapshotMark(made.number, 778, 4), [])
        batch.put(StoreKey.property(779, "pin/x"), [1])
        try made.database.write(batch)
        fixture.close()
        let report = try Store.check(at: fixture.path)
        #expect(report.problems.isEmpty)
        let leftovers = report.leftovers.map(\.message)
        #expect(leftovers.count == 4 && leftovers[0].hasPrefix("2 versions of documents (6 bytes)"), "\(leftovers)")
        for number in [777, 778, 779] { #expect(leftovers.contains { $0.contains("\(number), which is gone") }) }
    }
}
