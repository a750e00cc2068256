import Foundation
import Testing

@testable import VexFS

/// What is removed into the trash comes back as it was, whatever happens in between.
@Suite struct CollectionTrashTests {
    /// What a collection and its trash should hold.
    private struct Model {
        struct Document: Equatable {
            var bytes: [UInt8]
            var vector: [Float]
            var named: [Float]?
            var stored: [DocumentVector?]
            var number: Int
            var modified: Int64
        }
        var live: [String: Document] = [:]
        var trash: [(name: ByteString, origin: String, document: Document)] = []
    }

    private let fixture: StoreFixture
    private var model = Model()
    private var random: SeededGenerator
    private var made = 0

    init() throws {
        fixture = try StoreFixture(indexPolicy: CollectionIndexTests.smallSegments)
        random = SeededGenerator(seed: 1)
        let made = try fixture.store.createCollection(named: "c")
        try made.setConfiguration(
            Array(
                """
                {"metric":"euclidean","model":"none","trash":{"documents":300},
                 "vectors":{"half":{"datatype":"float16","metric":"cosine","dimension":2},"sparse":{"sparse":true},
                 "several":{"multivector":true,"metric":"cosine","datatype":"float16"}}}
                """.utf8))
        for folder in ["d", "e"] {
            _ = try made.makeDirectory(ByteString(folder), in: 1, mode: 0o755, owner: 0, group: 0)
        }
    }

    private var collection: Collection { get throws { try #require(fixture.store.collection(named: "c")) } }

    private func place(_ path: String) throws -> (name: ByteString, parent: FileNumber) {
        let parts = path.split(separator: "/")
        let parent = parts.count == 2 ? try collection.lookup(ByteString(String(parts[0])), in: 1)?.number : 1
        return (ByteString(String(parts[parts.count - 1])), try #require(parent))
    }

    private mutating func vector() -> [Float] { (0..<3).map { _ in Float.random(in: -1...1, using: &random) } }

    private mutating func path() -> String {
        let folder = ["", "d/", "e/"][Int.random(in: 0..<3, using: &random)]
        return "\(folder)\(Int.random(in: 0..<400, using: &random)).json"
    }

    private mutating func put() throws {
        let path = path()
        guard model.live[path] == nil else { return }
        made += 1
        let vector = vector()
        var text = "{\"vector\":[\(vector.map(\.description).joined(separator: ","))],\"n\":\(made)"
        let hasNamed = Bool.random(using: &random)
        let hasStored = Bool.random(using: &random)
        let named = hasNamed ? ["\"half\":[\(made),1]"] : []
        let several = [
            "\"sparse\":{\"indices\":[1,\(made + 1)],\"values\":[\(made % 7 + 1),0.5]}",
            "\"several\":[[\(made),1],[2,\(made)]]",
        ]
        let vectors = named + (hasStored ? several : [])
        if !vectors.isEmpty { text += ",\"vectors\":{\(vectors.joined(separator: ","))}" }
        let (name, parent) = try place(path)
        let file = try collection.createFile(name, in: parent, mode: 0o640, owner: 7, group: 8)
        var number = made
        try collection.commit(Array((text + "}").utf8), to: file.number, modified: Int64(made) * 1000)
        if Bool.random(using: &random) {
            number = -made
            try collection.setMetadata("n", to: .integer(Int64(number)), of: file.number)
        }
        model.live[path] = Model.Document(
            bytes: Array((text + "}").utf8), vector: vector,
            named: hasNamed ? try collection.embedding(of: file.number, named: "half") : nil,
            stored: try stored(of: file.number), number: number, modified: Int64(made) * 1000)
    }

    private func stored(of file: FileNumber) throws -> [DocumentVector?] {
        try ["sparse", "several"].map { try collection.vector(of: file, named: $0) }
    }

    private mutating func remove(_ path: String) throws {
        let (name, parent) = try place(path)
        _ = try collection.remove(name, in: parent, keepsInTrash: true)
        let entry = try #require(collection.trash.last)
        #expect(entry.origin == path)
        if let document = model.live.removeValue(forKey: path) { model.trash.append((entry.name, path, document)) }
        if model.trash.count > 300 { model.trash.removeFirst() }
    }

    private mutating func restore() throws {
        guard let index = model.trash.indices.randomElement(using: &random) else { return }
        let path = path()
        let (name, parent) = try place(path)
        let mode: RenameMode = Bool.random(using: &random) ? .replace : .noReplace
        let entry = model.trash[index]
        if mode == .noReplace, model.live[path] != nil {
            #expect(throws: VexFSError.self) { try collection.restore(entry.name, to: name, in: parent, mode: mode) }
            return
        }
        let outcome = try collection.restore(entry.name, to: name, in: parent, mode: mode)
        #expect((outcome.replaced != nil) == (model.live[path] != nil))
        model.live[path] = entry.document
        model.trash.remove(at: index)
    }

    private mutating func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: try put()
        case 45..<65: if let path = model.live.keys.sorted().randomElement(using: &random) { try remove(path) }
        case 65..<85: try restore()
        case 85..<95:
            guard let index = model.trash.indices.randomElement(using: &random) else { return }
            try collection.removeFromTrash(model.trash.remove(at: index).name)
        case 95..<98: try collection.compact()
        default: try fixture.reopen()
        }
    }

    private static func distance(_ one: [Float], _ other: [Float]) -> Float {
        var sum: Float = 0
        for (left, right) in zip(one, other) { sum += (left - right) * (left - right) }
        return sum
    }

    private mutating func check() throws {
        let collection = try collection
        #expect(collection.documentCount == model.live.count)
        #expect(collection.trash.map(\.name) == model.trash.map(\.name))
        for entry in model.trash {
            let kept = try #require(collection.trashed(entry.name))
            #expect(kept.origin == entry.origin)
            #expect(try collection.content(of: kept).bytes == entry.document.bytes)
            #expect(try collection.metadata(of: kept)["n"] == .integer(Int64(entry.document.number)))
        }
        for (path, document) in model.live {
            let file = try #require(collection.state.withLock { $0.tree.number(atPath: path) })
            #expect(try collection.content(of: file).bytes == document.bytes)
            #expect(try collection.embedding(of: file) == document.vector)
            #expect(try collection.embedding(of: file, named: "half") == document.named)
            #expect(try stored(of: file) == document.stored)
            let facts = try collection.facts(of: file)
            #expect(facts.metadata["n"] == .integer(Int64(document.number)) && facts.state == .ready)
            let attributes = try #require(collection.attributes(of: file))
            #expect(attributes.modified == document.modified && attributes.mode == 0o640 && attributes.owner == 7)
        }
        try checkSparse(collection)
        for mode in [QueryRequest.Mode.vector, .exact] {
            let target = vector()
            var request = QueryRequest(target: .vector(target), title: "q")
            request.mode = mode
            let number = model.live.values.map(\.number).randomElement(using: &random) ?? 0
            request.filter = Bool.random(using: &random) ? try Filter.parse("n=\(number)") : nil
            let among = model.live.filter { request.filter == nil || $0.value.number == number }
            let best = among.map { path, document in
                (Self.distance(document.vector, target), String(path.dropLast(5)))
            }.sorted { $0 < $1 }.prefix(10)
            let ids = try collection.search(request).hits.map { $0.id.string }
            #expect(ids == best.map { $0.1 })
        }
    }

    /// The search of the component that all sparse vectors have finds those of live documents.
    private func checkSparse(_ collection: Collection) throws {
        var request = QueryRequest(target: .sparse(try SparseVector(indices: [1], values: [2])), title: "q")
        (request.using, request.limit) = ("sparse", 10_000)
        let found = try collection.search(request).hits.map { "\($0.id) \($0.score)" }
        let expected = model.live.compactMap { path, document -> String? in
            guard case .sparse(let vector)? = document.stored[0] else { return nil }
            return "\(path.dropLast(5)) \(Double(vector.values[0] * 2))"
        }
        #expect(Set(found) == Set(expected) && found.count == expected.count)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) mutating func randomRemovalsAndRestorations(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        for round in 1...1500 {
            try step()
            if round % 150 == 0 { try check() }
        }
        #expect(made > 300)
        try check()
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    /// The vectors of removed rows stay through a compaction and a start, also where nothing else is left.
    @Test mutating func compactionKeepsTheRowsOfTheTrash() throws {
        let collection = try collection
        let count = VectorFile.rowsPerChunk + 100
        try collection.insert(
            (0..<count).map { NewPoint(id: ByteString("x\($0)")) }, vectors: (0..<count * 3).map { Float($0) })
        for number in 0..<count {
            _ = try collection.remove(ByteString("x\(number).json"), in: 1, keepsInTrash: number % 500 == 7)
        }
        #expect(collection.isCompactionWorthwhile)
        #expect(try collection.compact().droppedRows > 8000)
        #expect(!collection.isCompactionWorthwhile)
        try fixture.reopen()
        let again = try self.collection
        #expect(again.trash.count == (count + 492) / 500 && again.documentCount == 0)
        for entry in again.trash {
            let bytes = try again.content(of: entry).bytes
            let name = ByteString(entry.origin)
            let file = try again.restore(entry.name, to: name, in: 1, mode: .noReplace).moved
            let number = try #require(Int(entry.origin.dropFirst().dropLast(5)))
            #expect(try again.embedding(of: file.number) == (0..<3).map { Float(number * 3 + $0) })
            #expect(try again.content(of: file.number).bytes == bytes)
        }
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    /// What documents in the trash have of a vector is as good as what others have: it cannot become another kind.
    @Test mutating func vectorsInTheTrashKeepTheirKind() throws {
        let collection = try collection
        let words = "{\"vector\":[1,2,3],\"vectors\":{\"sparse\":{\"indices\":[7],\"values\":[2]}}}"
        try collection.put("a.json", words)
        _ = try collection.remove("a.json", in: 1, keepsInTrash: true)
        #expect(throws: VexFSError.self) {
            try collection.setConfiguration(Array("{\"vectors\":{\"sparse\":{\"sparse\":false}}}".utf8))
        }
        let batch = WriteBatch()
        let row = try #require(collection.trashed("a.json")?.attributes.row)
        let space = try #require(collection.state.withLock { $0.space(named: "sparse")?.number })
        // A value that is not what was written is made anew from the document.
        batch.put(
            StoreKey.vector(collection.number, space, row),
            StoredVector.encoded(try SparseVector(indices: [8], values: [2])))
        try collection.database.write(batch)
        let file = try collection.restore("a.json", to: "a.json", in: 1, mode: .noReplace).moved
        #expect(try stored(of: file.number)[0] == .sparse(SparseVector(indices: [7], values: [2])))
        #expect(try collection.database.value(StoreKey.vector(collection.number, space, row)) == nil)
    }

    @Test mutating func timeEmptiesTheTrash() throws {
        let collection = try collection
        for name in ["a.json", "b.json"] as [ByteString] {
            try collection.put(name, "{\"vector\":[1,2,3]}")
            _ = try collection.remove(name, in: 1, keepsInTrash: true)
        }
        let removed = try #require(collection.trash.first).removed
        let week: Int64 = 604_800_000_000_000
        try collection.expireTrash(now: removed + week)
        #expect(collection.trash.map(\.name) == ["a.json", "b.json"])
        try collection.expireTrash(now: removed + week + 1)
        #expect(collection.trash.map(\.name) == ["b.json"])
        fixture.store.context.expireTrash(now: removed + 2 * week)
        #expect(collection.trash.isEmpty)
        let rest = try collection.database.lastNumber(prefix: StoreKey.prefix(.document, collection.number))
        #expect(rest == nil)
    }

    @Test mutating func settingsTakeEffectAtOnce() throws {
        let collection = try collection
        for number in 0..<5 {
            try collection.put(ByteString("\(number).json"), "{\"vector\":[1,2,\(number)]}")
            _ = try collection.remove(ByteString("\(number).json"), in: 1, keepsInTrash: true)
        }
        try collection.setConfiguration(Array("{\"trash\":{\"documents\":3}}".utf8))
        #expect(collection.trash.map(\.origin) == ["2.json", "3.json", "4.json"])
        try collection.setConfiguration(Array("{\"trash\":{\"bytes\":40}}".utf8))
        #expect(collection.trash.map(\.origin) == ["3.json", "4.json"])
        try collection.setConfiguration(Array("{\"trash\":{\"seconds\":0}}".utf8))
        #expect(collection.trash.isEmpty)
        try collection.put("a.json", "{\"vector\":[1,2,3]}")
        _ = try collection.remove("a.json", in: 1, keepsInTrash: true)
        #expect(collection.trash.isEmpty)
    }

    @Test mutating func onlyDocumentsWithContentAreKept() throws {
        let collection = try collection
        for (name, text) in [(".hidden", "x"), ("b.tmp", "x"), ("empty.json", "")] as [(ByteString, String)] {
            try collection.put(name, text)
            _ = try collection.remove(name, in: 1, keepsInTrash: true)
        }
        _ = try collection.makeSymlink("l", in: 1, target: [120], owner: 0, group: 0)
        _ = try collection.remove("l", in: 1, keepsInTrash: true)
        #expect(collection.trash.isEmpty)
    }

    @Test mutating func anotherKindOfNameMakesAnotherKindOfFile() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "words")
        try collection.put("a.json", "{\"text\":\"some words\"}")
        for name in ["a.md", ".a", "a.json"] as [ByteString] {
            let present = try #require(collection.state.withLock { $0.tree.lookup(list($0), in: 1) })
            guard present.kind == .document else {
                #expect(
                    try collection.rename(present.name, in: 1, to: name, in: 1, mode: .replace).moved.kind == .document)
                continue
            }
            _ = try collection.remove(present.name, in: 1, keepsInTrash: true)
            let file = try collection.restore(present.name, to: name, in: 1, mode: .noReplace).moved
            #expect(file.kind == (name == ".a" ? .scratch : .document))
            #expect(try collection.content(of: file.number).bytes == Array("{\"text\":\"some words\"}".utf8))
            let facts = try collection.facts(of: file.number)
            #expect(facts.state == (name == ".a" ? .unindexed : .ready) && collection.trash.isEmpty)
        }
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    private func list(_ state: borrowing Collection.State) -> ByteString {
        var name: ByteString = ""
        state.tree.list(1, after: 0) { entry in
            name = entry.name
            return false
        }
        return name
    }

    @Test mutating func aVectorLostWithThePowerIsMadeAnew() throws {
        let fixture = try StoreFixture()
        let words = try fixture.store.createCollection(named: "words")
        try words.put("a.json", "{\"text\":\"some words\"}")
        let vector = try words.embedding(of: 2)
        _ = try words.remove("a.json", in: 1, keepsInTrash: true)
        let path = StoreDirectory(path: fixture.path).vectorFilePath(words.number)
        try fixture.reopen { try FileManager.default.removeItem(atPath: path) }
        let again = try #require(fixture.store.collection(named: "words"))
        let file = try again.restore("a.json", to: "b.json", in: 1, mode: .noReplace).moved
        #expect(try again.embedding(of: file.number) == vector && file.state == .ready)
    }

    /// A vector that a loss of power took is not put into the content of a removed document.
    @Test func aLostVectorIsNoContent() throws {
        let fixture = try StoreFixture()
        let made = try fixture.store.createCollection(named: "c")
        try made.insert([NewPoint(id: "a"), NewPoint(id: "b")], vectors: [1, 2, 3, 4])
        _ = try made.remove("a.json", in: 1, keepsInTrash: true)
        let entry = try #require(made.trash.first)
        let vectors = try #require(made.state.withLock { $0.unnamed.vectors })
        try vectors.write([0, 0], count: 1, at: try #require(entry.attributes.row))
        #expect(throws: VexFSError.self) { try made.content(of: entry) }
        #expect(throws: VexFSError.self) { try made.restore("a.json", to: "a.json", in: 1, mode: .replace) }
        #expect(made.lookup("a.json", in: 1) == nil && made.trash.count == 1)
    }
}
