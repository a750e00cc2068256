import Foundation
import Testing

@testable import VexFS

/// What is restored from an export is what the snapshot had; a damaged export is refused.
@Suite struct SnapshotRestoreTests {
    static func export(_ collection: Collection, _ name: ByteString = "s") throws -> [UInt8] {
        try collection.makeSnapshot(named: name)
        var export = try SnapshotExport(of: #require(try collection.snapshot(named: name)))
        var bytes: [UInt8] = []
        while true {
            let next = try export.next()
            if next.isEmpty { return bytes }
            bytes += next
        }
    }

    private func restore(_ bytes: [UInt8], into store: Store, as name: ByteString, step: Int = .max) throws {
        let restore = try store.restoreSnapshot(as: name)
        do {
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + min(step, bytes.count))
                try bytes[start..<end].withUnsafeBytes { try restore.append($0) }
                start = end
            }
            try restore.finish()
        } catch {
            restore.abandon()
            throw error
        }
    }

    private func vector(_ random: inout SeededGenerator) -> [Float] {
        (0..<3).map { _ in Float.random(in: 0...200, using: &random) }
    }

    /// Files of every kind, changed and moved about.
    private func fill(_ collection: Collection, _ random: inout SeededGenerator) throws {
        try collection.setConfiguration(
            Array(
                """
                {"metric":"euclidean","vectors":{"half":{"datatype":"float16","metric":"cosine","dimension":2},
                 "bytes":{"datatype":"uint8","metric":"cosine","dimension":3},
                 "sparse":{"sparse":true,"modifier":"idf"},"words":{"model":"bm25"},
                 "several":{"multivector":true,"metric":"cosine","datatype":"float16"}}}
                """.utf8))
        var folders: [FileNumber] = [1]
        for number in 0..<6 {
            let parent = folders[Int.random(in: 0..<folders.count, using: &random)]
            folders.append(
                try collection.makeDirectory(ByteString("d\(number)"), in: parent, mode: 0o750, owner: 1, group: 2)
                    .number)
        }
        for number in 0..<120 {
            let parent = folders[Int.random(in: 0..<folders.count, using: &random)]
            var text = "{\"vector\":\(vector(&random)),\"n\":\(number % 7),\"text\":\"word\(number % 5) x\""
            if Bool.random(using: &random) {
                text += ",\"vectors\":{\"half\":[\(number + 1),2]}"
            } else if Bool.random(using: &random) {
                text += ",\"vectors\":{\"bytes\":[\(number),2,3]}"
            } else {
                let values = "[\(number % 5 + 1),2]"
                let sparse = "{\"indices\":[\(number % 9),\(20 + number % 3)],\"values\":\(values)}"
                text += ",\"vectors\":{\"sparse\":\(sparse),"
                text += "\"several\":[\(values),[3,\(number)]]}"
            }
            let file = try collection.createFile(
                ByteString("\(number).json"), in: parent, mode: 0o640, owner: 3, group: 4)
            try collection.commit(Array((text + "}").utf8), to: file.number, modified: Int64(number) * 1_000_000)
            if number % 5 == 0 { try collection.setMetadata("n", to: .integer(99), of: file.number) }
            if number % 11 == 0 {
                _ = try collection.rename(
                    ByteString("\(number).json"), in: parent, to: ByteString("moved\(number).json"), in: 1,
                    mode: .replace)
            }
            if number % 13 == 0, number % 11 != 0 {
                _ = try collection.remove(ByteString("\(number).json"), in: parent)
            }
        }
        let points = (0..<30).map {
            NewPoint(id: ByteString("p\($0)"), metadata: Array("{\"n\":3}".utf8), text: "point")
        }
        try collection.insert(points, vectors: (0..<30).flatMap { _ in vector(&random) })
        try collection.put(".scratch", "bytes")
        try collection.put("empty.json", "")
        try collection.put("null.json", "{\"vector\":null,\"text\":\"not embedded\"}")
        _ = try collection.makeSymlink("link", in: folders[2], target: Array("../x".utf8), owner: 0, group: 0)
        // A folder that moved below a younger one.
        let inner = try collection.makeDirectory("outer", in: 1, mode: 0o755, owner: 0, group: 0)
        _ = try collection.rename(
            "d0", in: try #require(collection.attributes(of: folders[1])).parent, to: "d0", in: inner.number,
            mode: .replace)
        try collection.setSchema(Array("{\"indexed\":[\"n\"]}".utf8))
    }

    /// Everything that can be seen of a collection, but for inode-like numbers of rows.
    private func description(_ collection: Collection) throws -> [String] {
        var lines: [String] = []
        let files = collection.state.withLock { state in
            var files = [state.tree[1]]
            state.tree.forEachBelow(1) { files.append($0) }
            return files.compactMap { $0 }
        }
        for file in files {
            var shown = file
            (shown.row, shown.changed) = (nil, 0)
            if file.number == 1 { (shown.name, shown.modified) = ("", 0) }
            lines.append("\(collection.path(of: file.number) ?? "?") \(shown)")
            guard file.kind != .directory else { continue }
            let bytes = try collection.content(of: file.number).bytes
            let facts = try collection.facts(of: file.number)
            let names = ["", "half", "bytes", "sparse", "words", "several"]
            let vectors = try names.map { try collection.vector(of: file.number, named: $0) }
            lines.append(
                "\(bytes) \(facts.id) \(facts.metadata.compact) \(facts.error ?? "") \(facts.truncated) \(vectors)")
        }
        lines.append("\(collection.configurationText()) \(collection.documentCount) \(collection.pendingCount)")
        return lines.sorted()
    }

    private func answers(_ collection: Collection, seed: UInt64) throws -> [String] {
        var random = SeededGenerator(seed: seed)
        var answers: [String] = []
        for round in 0..<24 {
            var request = QueryRequest(target: .vector(vector(&random)), title: "q")
            request.mode = [.vector, .exact][round % 2]
            request.filter = round % 3 == 0 ? try Filter.parse("n=\(round % 7)") : nil
            if round > 9 { (request.target, request.mode) = (.text("word\(round % 5)"), .text) }
            if round > 11 {
                let sparse = try SparseVector(indices: [UInt32(round % 9), 20], values: [1, 2])
                request.using = ["sparse", "words", "several"][round % 3]
                request.target = [.sparse(sparse), .text("word\(round % 5)"), .vector([1, Float(round)])][round % 3]
                request.mode = .vector
            }
            answers += try collection.search(request).hits.map { "\(round) \($0.id) \($0.score)" }
        }
        return answers
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func restoredIsEqual(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try StoreFixture()
        let other = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try fill(collection, &random)
        let expected = (try description(collection), try answers(collection, seed: seed))
        try collection.makeSnapshot(named: "before")
        let early = try #require(try collection.snapshot(named: "before"))
        for number in 0..<40 { try collection.put(ByteString("late\(number).json"), "{\"vector\":[1,2,\(number)]}") }
        var export = try SnapshotExport(of: early)
        var bytes: [UInt8] = []
        while case let next = try export.next(), !next.isEmpty { bytes += next }
        for (store, step) in [(fixture, Int.max), (other, Int.random(in: 1..<5000, using: &random))] {
            try restore(bytes, into: store.store, as: "again", step: step)
            for _ in 0..<2 {
                let again = try #require(store.store.collection(named: "again"))
                #expect(try description(again) == expected.0)
                #expect(try answers(again, seed: seed) == expected.1)
                #expect(again.schemaText() == collection.schemaText() || again.schemaText().isEmpty == false)
                try store.reopen()
            }
            let again = try #require(store.store.collection(named: "again"))
            try again.put("new.json", "{\"vector\":[1,2,3],\"vectors\":{\"half\":[1,1]}}")
            #expect(try Self.export(again).count > bytes.count)
            store.close()
            #expect(try Store.check(at: store.path).problems.map(\.message) == [])
        }
    }

    private func smallExport() throws -> (StoreFixture, [UInt8]) {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,2]}")
        try collection.put("b.json", "{\"vector\":null,\"text\":\"some words\"}")
        return (fixture, try Self.export(collection))
    }

    @Test func everyFlippedBitIsFound() throws {
        let (fixture, bytes) = try smallExport()
        var random = SeededGenerator(seed: 5)
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            do {
                try restore(damaged, into: fixture.store, as: "again")
                Issue.record("a flipped bit in byte \(place) of \(bytes.count) was not found")
            } catch {
                let error = try #require(error as? VexFSError)
                #expect(error.errno == EINVAL && error.message.count > 20, "\(error)")
            }
        }
        try expectNothing(in: fixture)
        try restore(bytes, into: fixture.store, as: "again")
    }

    @Test func everyTruncationIsFound() throws {
        let (fixture, bytes) = try smallExport()
        for count in 1..<bytes.count {
            #expect(throws: VexFSError.self, "\(count) of \(bytes.count)") {
                try restore(Array(bytes[..<count]), into: fixture.store, as: "again")
            }
        }
        #expect(throws: VexFSError.self) { try restore(bytes + [0], into: fixture.store, as: "again") }
        try expectNothing(in: fixture)
        try restore(bytes, into: fixture.store, as: "again")
    }

    /// No collection, no key and no file is left of what was refused.
    private func expectNothing(in fixture: StoreFixture) throws {
        #expect(fixture.store.collections.map(\.name) == ["c"])
        for family in StoreKey.Family.ofCollection {
            try fixture.store.context.database.forEach(prefix: StoreKey.prefix(family)) { key, _ in
                #expect(key.count < 5 || key[4] == 1 || family == .property, "\(Array(key))")
                return true
            }
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/vectors")
        #expect(files.allSatisfy { $0.hasPrefix("1.") })
    }

    @Test func whatADeadProcessBeganIsDropped() throws {
        let (fixture, bytes) = try smallExport()
        let begun = try fixture.store.restoreSnapshot(as: "again")
        try bytes[..<(bytes.count - 30)].withUnsafeBytes { try begun.append($0) }
        #expect(throws: VexFSError.self) { try begun.finish() }
        // Closed without a word to the restore, as a process that dies would.
        try fixture.reopen()
        try expectNothing(in: fixture)
        try restore(bytes, into: fixture.store, as: "again")
        #expect(fixture.store.collection(named: "again")?.documentCount == 2)
    }

    @Test func namesThatAreTakenAreRefused() throws {
        let (fixture, bytes) = try smallExport()
        for name in ["c", ".x", "query"] as [ByteString] {
            #expect(throws: VexFSError.self) { try fixture.store.restoreSnapshot(as: name) }
        }
        let late = try fixture.store.restoreSnapshot(as: "late")
        try bytes.withUnsafeBytes { try late.append($0) }
        _ = try fixture.store.createCollection(named: "late")
        #expect(throws: VexFSError.self) { try late.finish() }
        #expect(fixture.store.collection(named: "late")?.documentCount == 0)
        #expect(String(decoding: late.report, as: UTF8.self).contains("there is a collection"))
        #expect(throws: VexFSError.self) { try SnapshotExport(of: #require(fixture.store.collection(named: "c"))) }
    }
}
