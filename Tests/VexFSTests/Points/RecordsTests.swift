import Testing

@testable import VexFS

/// Records of rows as answers have them.
@Suite struct RecordsTests {
    private let all: PointFields = [.texts, .metadatas, .givenVectors]

    /// A record made of the file alone.
    private func plain(_ row: Row, of collection: Collection) throws -> PointRecord {
        let file = try #require(collection.state.withLock { $0.rows.file(of: row) })
        let attributes = try #require(collection.attributes(of: file))
        let bytes = try collection.content(of: file).bytes
        var text: String?
        if FileNaming.format(of: attributes.name) == .json {
            text = bytes.isEmpty ? nil : try JSON.parse(bytes)["text"]?.stringValue
        } else {
            text = bytes.isEmpty ? nil : try DocumentParser.parse(bytes, as: .markdown).text
        }
        let metadata = try collection.facts(of: file).metadata.compact
        return PointRecord(
            id: collection.identifier(of: file), path: collection.path(of: file) ?? "", state: attributes.state,
            text: text.map { JSON.string($0).compact } ?? Array("null".utf8), metadata: metadata, vector: nil)
    }

    /// However often they are read, and whatever happens to the documents between.
    private func expectRecords(of collection: Collection) throws {
        let rows = collection.points().rows.rows
        for keeps in [true, true, false] {
            let records = try collection.records(of: rows, [.texts, .metadatas], keeps: keeps)
            #expect(try records == rows.map { try plain($0, of: collection) })
        }
        let vectors = try collection.records(of: rows, all).map { $0?.vector }
        #expect(try collection.records(of: rows, all).map { $0?.vector } == vectors)
        #expect(try collection.records(of: rows, []).map { $0?.text } == rows.map { _ in [] })
    }

    @Test func theyAreWhatTheFilesSay() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("theyAreWhatTheFilesSay: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let fixture = try StoreFixture()
        defer { fixture.close() }
        let name: ByteString = "c"
        var collection = try fixture.store.createCollection(named: name)
        let x: [Float] = [1] + [Float](repeating: 0, count: 15)
        func id() -> ByteString {
            let number = Int.random(in: 0..<12, using: &random)
            return number == 11 ? ByteString(String(repeating: "long ", count: 60)) : ByteString("é/\(number)")
        }
        for step in 0..<60 {
            let id = id()
            let words = "step \(step) \"quoted\" \\ \u{1} \u{7F} 日本"
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                _ = try collection.apply([
                    .put([PointContent(id: id, text: words, metadata: [.init("n", .integer(Int64(step)))], vector: x)])
                ])
            case 2: try collection.insert([NewPoint(id: id, text: words)], vectors: x)
            case 3: _ = try collection.apply([.put([PointContent(id: id, vector: x)])])
            case 4: _ = try collection.apply([.payload(.set([.init("m", .integer(Int64(step)))]), of: .ids([id]))])
            case 5: _ = try collection.apply([.delete(.ids([id]))])
            case 6:
                let text = ByteString("note\(step % 3).md")
                if collection.lookup(text, in: 1) == nil { try collection.put(text, "---\nk: \(step)\n---\n\(words)") }
                let file = try #require(collection.lookup(text, in: 1))
                try collection.setMetadata("set", to: .integer(Int64(step)), of: file.number)
            default:
                if step % 4 == 0 {
                    try fixture.reopen()
                    collection = try #require(fixture.store.collection(named: name))
                } else if let file = collection.lookup("note1.md", in: 1) {
                    let other = ByteString("other\(step).md")
                    _ = try collection.rename(file.name, in: 1, to: other, in: 1, mode: .replace)
                }
            }
            if step % 5 == 0 { try expectRecords(of: collection) }
        }
        try expectRecords(of: collection)
        try collection.makeSnapshot(named: "s")
        let fork = try fixture.store.fork(collection, as: "f")
        _ = try collection.apply([.put([PointContent(id: "é/1", text: "after the snapshot", vector: x)])])
        _ = try fork.apply([.put([PointContent(id: "é/2", text: "in the fork", vector: x)])])
        try expectRecords(of: try #require(try collection.snapshot(named: "s")))
        try expectRecords(of: fork)
        try expectRecords(of: collection)
    }

    @Test func aVectorThatTheDocumentGivesIsReadEachTime() throws {
        let fixture = try StoreFixture()
        defer { fixture.close() }
        let collection = try fixture.store.createCollection(named: "c")
        let given = (1...16).map { Float($0) }
        _ = try collection.apply([.put([PointContent(id: "given", text: "t", vector: given)])])
        try collection.insert([NewPoint(id: "spliced")], vectors: given)
        let rows = ["given", "spliced", "none"].compactMap { collection.points().row(of: PointIdentifier($0)) }
        for _ in 0..<2 { #expect(try collection.records(of: rows, all).map { $0?.vector } == [given, nil]) }
    }
}
