import Foundation
import Testing

@testable import VexFS

@Suite struct StoreTests {
    @Test func aStoreIsRefusedWhereItShouldBe() throws {
        let fixture = try StoreFixture()
        let busy = #expect(throws: VexFSError.self) { try Store(opening: fixture.path, embedder: WordEmbedder()) }
        #expect(busy?.code == .busy)
        let twice = #expect(throws: VexFSError.self) { try Store.format(at: fixture.path) }
        #expect(twice?.code == .alreadyExists)
        let missing = #expect(throws: VexFSError.self) { try Store(opening: "/nonexistent", embedder: WordEmbedder()) }
        #expect(missing?.code == .notAStore)
    }

    @Test func aNewerFormatIsRefusedWithBothVersions() throws {
        let fixture = try StoreFixture()
        let newer = StoreDirectory.readableVersion + 1
        try write("{\"format\":\(newer),\"created\":1}\n", to: fixture.path + "/VEXFS")
        let error = try #require(throws: VexFSError.self) { try StoreDirectory(path: fixture.path).checkMarker() }
        #expect(error.code == .newerFormat)
        #expect(error.message.contains("format \(newer)") && error.message.contains("up to \(newer - 1)"))
    }

    @Test func aSearchAcrossCollectionsGoesOnlySoFarDown() throws {
        let fixture = try StoreFixture()
        try fixture.store.createCollection(named: "c").put("a.json", #"{"vector":[1,0]}"#)
        var request = QueryRequest(target: .vector([1, 0]), title: "q")
        request.offset = 9_990
        #expect(try fixture.store.search(request).hits.isEmpty)
        request.offset = 10_000
        let error = #expect(throws: VexFSError.self) { try fixture.store.search(request) }
        #expect(error?.code == .invalidQuery)
        #expect(error?.message.contains("search one collection") == true)
    }

    @Test func collectionsComeAndGo() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let first = try store.createCollection(named: "one")
        #expect(throws: VexFSError.self) { try store.createCollection(named: "one") }
        for name: ByteString in ["query", ".hidden", "AGENTS.md"] {
            #expect(throws: VexFSError.self, "\(name)") { try store.createCollection(named: name) }
        }
        try first.put("a.json", "{\"vector\":[1]}")
        #expect(throws: VexFSError.self) { try store.removeCollection(first) }
        _ = try first.remove("a.json", in: 1)
        try store.renameCollection(first, to: "two")
        #expect(store.collections.map(\.name) == ["two"])
        try store.removeCollection(first)
        #expect(store.collections.isEmpty)
        #expect(throws: VexFSError.self) { try first.put("b.json", "{\"vector\":[1]}") }
        let second = try store.createCollection(named: "one")
        #expect(second.number > first.number)
        try fixture.reopen()
        #expect(fixture.store.collections.map(\.name) == ["one"])
    }

    @Test func bulkKeepsGoodLinesAndReportsBadOnes() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let lines = """
            {"id":"a","vector":[1,0],"n":1}
            {"id":"b","vector":[0,1]}
            {nonsense
            {"id":"c","vector":[1,2,3]}

            {"id":7,"text":"words that are embedded","vector":[0.5,0.5]}
            {"id":"a","vector":[0,1],"n":2}
            """
        let bulk = collection.makeBulkIngest()
        // Pieces of three bytes: lines that come in parts are put together.
        let bytes = Array(lines.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            try Array(bytes[start..<min(start + 3, bytes.count)]).withSystemBytes { piece throws(VexFSError) in
                try bulk.append(piece)
            }
        }
        let error = #expect(throws: VexFSError.self) { try bulk.finish() }
        #expect(error?.code == .malformedDocument)
        let report = try JSON.parse(bulk.report)
        #expect(report["created"] == .integer(3))
        #expect(report["replaced"] == .integer(1))
        #expect(report["refused"] == .integer(2))
        let places = report["errors"]?.arrayValue?.compactMap { $0["line"]?.integerValue }
        #expect(places == [3, 4])
        #expect(collection.documentCount == 3)
        #expect(collection.lookup("7.json", in: 1) != nil)
        let file = try #require(collection.file(withID: "a"))
        #expect(try collection.facts(of: file).metadata["n"] == .integer(2))
        let export = try collection.exportLines(after: 0, limit: 100)
        #expect(export.lines.split(separator: UInt8(ascii: "\n")).count == 3)
        #expect(collection.identifierLines().split(separator: UInt8(ascii: "\n")).count == 3)
        #expect(collection.vectorBytes().bytes.count == 3 * 2 * 4)
    }

    @Test func aSearchAcrossCollectionsMergesThem() throws {
        let fixture = try StoreFixture()
        for (name, vector) in [("one", "[1,0]"), ("two", "[0.9,0.1]"), ("three", "[0,1]")] {
            try fixture.store.createCollection(named: ByteString(name)).put("d.json", "{\"vector\":\(vector)}")
        }
        try fixture.store.createCollection(named: "other").put("d.json", "{\"vector\":[1,2,3]}")
        var request = QueryRequest(target: .vector([1, 0]), title: "q")
        request.limit = 2
        let answer = try fixture.store.search(request)
        #expect(answer.hits.map(\.collection) == ["one", "two"])
        #expect(answer.hits.map(\.rank) == [1, 2])
    }

    @Test func fsckNamesTheDamagedDocument() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        try collection.put("a.json", "{\"vector\":[1,0]}")
        let damaged = try collection.put("b.json", "{\"vector\":[0,1]}")
        let vectors = StoreDirectory(path: fixture.path).vectorFilePath(collection.number)
        try fixture.reopen()
        #expect(throws: VexFSError.self) { try Store.check(at: fixture.path) }  // in use
        let path = fixture.path
        let clean = try closedCopy(of: path) { try Store.check(at: $0) }
        #expect(clean.problems.isEmpty && clean.files == 2 && clean.vectors == 2)
        let row = try #require(damaged.row)
        try flipByte(of: vectors, at: VectorFile.headerBytes + Int(row) * 64 + 4)
        let report = try closedCopy(of: path) { try Store.check(at: $0) }
        #expect(report.problems.map(\.place) == ["c/b.json"])
    }
}

private func write(_ text: String, to path: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
}

private func flipByte(of path: String, at offset: Int) throws {
    let descriptor = try SystemCall.open(path, O_RDWR)
    defer { close(descriptor) }
    var byte: UInt8 = 0
    #expect(pread(descriptor, &byte, 1, offset) == 1)
    byte ^= 0x10
    #expect(pwrite(descriptor, &byte, 1, offset) == 1)
}

/// Runs `body` on a copy of a store that is open.
private func closedCopy<R>(of path: String, _ body: (String) throws -> R) throws -> R {
    let copy = path + "-copy"
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    defer { removeTree(copy) }
    return try body(copy)
}
