import Foundation
import Testing

@testable import VexFS

/// Snapshots and forks ask the indexes of what they began with; whatever changes there, they answer as a plain
/// implementation does over their own documents.
@Suite struct SharedIndexesTests {
    @Test(arguments: 0..<4) func everyBranchAnswersForItself(round: Int) throws {
        let seed =
            ProcessInfo.processInfo.environment["VEXFS_TEST_SEED"].flatMap(UInt64.init)
            ?? UInt64(Date().timeIntervalSince1970 * 1e6) &+ UInt64(round)
        print("shared indexes: VEXFS_TEST_SEED=\(seed)")
        var run = try SharedIndexRun(seed: seed)
        for _ in 0..<220 { try run.step() }
        try run.expectAll()
    }

    /// What the base has read already, nobody reads again.
    @Test func aSnapshotUsesWhatItsBaseHas() throws {
        var run = try SharedIndexRun(seed: 5)
        for _ in 0..<40 { try run.put("base") }
        let base = try run.collection("base")
        try run.expect("base", base)
        let (words, memory) = (base.textIndex.withLock { $0 }, base.payloads.indexedFields)
        try base.makeSnapshot(named: "s")
        let shown = try #require(try base.snapshot(named: "s"))
        try run.expect("base", shown)
        #expect(shown.textIndex.withLock { $0 } == nil && shown.inheritedTexts.withLock { $0 } == nil)
        #expect(shown.payloads.indexedFields.isEmpty && !shown.payloads.documents.isAsked)
        #expect(shown.state.withLock { $0.spaces.allSatisfy { $0.sparse == nil } })
        #expect(words === base.textIndex.withLock { $0 } && Set(memory).isSubset(of: base.payloads.indexedFields))
        let fork = try run.fixture.store.fork(base, as: "fork")
        try run.expect("base", fork)
        #expect(fork.inheritedTexts.withLock { $0 } == nil && fork.textIndex.withLock { $0 }?.rows.isEmpty == true)
    }

    /// Documents that the base removed before it had an index are read by who keeps them.
    @Test func whatTheBaseNeverReadIsReadBySnapshots() throws {
        var run = try SharedIndexRun(seed: 6)
        for _ in 0..<40 { try run.put("base") }
        let base = try run.collection("base")
        try base.makeSnapshot(named: "s")
        let before = run.branches["base"] ?? [:]
        for _ in 0..<25 { try run.remove("base") }
        for _ in 0..<10 { try run.put("base") }
        try run.expect("base", base)
        let after = run.branches["base"] ?? [:]
        run.branches["past"] = before
        for _ in 0..<3 { try run.expect("past", try #require(try base.snapshot(named: "s"))) }
        // Other options of the base make other words, which the snapshot does not have.
        try base.setConfiguration(Array(#"{"text":{"stemmer":"none"}}"#.utf8))
        try run.expect("past", try #require(try base.snapshot(named: "s")))
        #expect(after.count == base.documentCount)
    }

    /// How a schema says texts are cut into tokens holds for snapshots and forks, and at once after an open.
    @Test func snapshotsAndForksCutTextsAsTheirBaseDoes() throws {
        let fixture = try StoreFixture()
        let base = try fixture.store.createCollection(named: "base")
        try base.put("a.json", #"{"metadata":{"t":"running far"},"vector":null}"#)
        try base.setSchema(Array(#"{"t":{"type":"text","stemmer":"english"}}"#.utf8))
        try base.makeSnapshot(named: "s")
        let fork = try fixture.store.fork(base, as: "fork")
        let query = try JSON.parse(Array(#"{"must":[{"key":"t","match":{"text":"runs"}}]}"#.utf8))
        func found(_ collection: Collection) throws -> Int {
            let live = collection.state.withLock { $0.rows.live }
            return try collection.rows(matching: try collection.filter(qdrant: query), among: live).count
        }
        #expect(try found(base) == 1)
        #expect(try found(try #require(try base.snapshot(named: "s"))) == 1)
        #expect(try found(fork) == 1)
        try fixture.reopen()
        #expect(try found(try #require(fixture.store.collection(named: "base"))) == 1)
        #expect(try found(try #require(fixture.store.collection(named: "fork"))) == 1)
        fixture.close()
    }
}

/// A store with branches, and what each should hold.
struct SharedIndexRun {
    struct Document {
        var subject: FilterSubject
        var sparse: SparseVector?
    }

    let fixture: StoreFixture
    private var generator: SeededGenerator
    private var filters: FilterGenerator
    /// By name, a snapshot as `collection@name`.
    var branches: [String: [ByteString: Document]] = [:]
    private var steps = 0

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed: seed)
        filters = FilterGenerator(seed: seed &+ 1)
        fixture = try StoreFixture()
        let base = try fixture.store.createCollection(named: "base")
        let settings = """
            {"metric":"euclidean","model":"none","vectors":{"image":{"dimension":2},"é":{"dimension":2},
             "sparse":{"sparse":true,"modifier":"idf"}}}
            """
        try base.setConfiguration(Array(settings.utf8))
        branches["base"] = [:]
        for _ in 0..<30 { try put("base") }
    }

    func collection(_ name: String) throws -> Collection {
        let parts = name.split(separator: "@").map(String.init)
        let found = try #require(fixture.store.collection(named: ByteString(parts[0])))
        return parts.count == 1 ? found : try #require(try found.snapshot(named: ByteString(parts[1])))
    }

    private mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    mutating func step() throws {
        steps += 1
        let writable = branches.keys.filter { !$0.contains("@") }.sorted()
        let name = writable[pick(0..<writable.count)]
        switch pick(0..<100) {
        case 0..<40: try put(name)
        case 40..<60: try remove(name)
        case 60..<66:
            guard branches.count < 12 else { return }
            try collection(name).makeSnapshot(named: ByteString("s\(steps)"))
            branches["\(name)@s\(steps)"] = branches[name]
        case 66..<70:
            guard writable.count < 5 else { return }
            let all = branches.keys.sorted()
            let origin = all[pick(0..<all.count)]
            _ = try fixture.store.fork(try collection(origin), as: ByteString("f\(steps)"))
            branches["f\(steps)"] = branches[origin]
        case 70..<73:
            guard let snapshot = branches.keys.filter({ $0.contains("@") }).sorted().first else { return }
            let parts = snapshot.split(separator: "@").map(String.init)
            try collection(parts[0]).removeSnapshot(named: ByteString(parts[1]))
            branches[snapshot] = nil
        case 73..<77: try collection(name).compact()
        case 77..<79: try fixture.reopen()
        default:
            let all = branches.keys.sorted()
            let shown = all[pick(0..<all.count)]
            try expect(shown, try collection(shown))
        }
    }

    mutating func expectAll() throws {
        for name in branches.keys.sorted() { try expect(name, try collection(name)) }
    }

    mutating func put(_ name: String) throws {
        var subject = filters.subject(pick(0..<70))
        if subject.text?.isEmpty ?? false { subject.text = nil }
        var vectors = (["image", "é"] as [ByteString]).filter { subject.vectors.contains($0) }
            .map { JSON.Member($0.string, .array([.integer(1), .integer(2)])) }
        let sparse =
            pick(0..<3) > 0 ? try generator.sparseVector(count: 6, dimensions: 12, values: 0.25...1) : nil
        if let sparse { vectors.append(.init("sparse", DocumentVector.sparse(sparse).json)) }
        let text = subject.text.map { [JSON.Member("text", .string($0.string))] } ?? []
        let document = JSON.object(
            text + [
                .init("metadata", subject.payload),
                .init("vector", subject.vectors.contains("") ? .array([.integer(1)]) : .null),
                .init("vectors", .object(vectors)),
            ])
        let (collection, file) = (try collection(name), FileNaming.name(forID: subject.id))
        if let known = collection.lookup(file, in: Collection.rootNumber) {
            try collection.commit(document.compact, to: known.number)
        } else {
            try collection.put(file, String(decoding: document.compact, as: UTF8.self))
        }
        branches[name]?[subject.id] = Document(subject: subject, sparse: sparse)
    }

    mutating func remove(_ name: String) throws {
        guard let id = branches[name]?.keys.sorted().randomElement(using: &generator) else { return }
        _ = try collection(name).remove(
            FileNaming.name(forID: id), in: Collection.rootNumber, keepsInTrash: Bool.random(using: &generator))
        branches[name]?[id] = nil
    }

    /// Compares what a branch should hold with the answers of a collection.
    mutating func expect(_ branch: String, _ collection: Collection) throws {
        let documents = branches[branch] ?? [:]
        let live = collection.state.withLock { $0.rows.live }
        for _ in 0..<6 {
            let filter = filters.filter(2)
            let wanted = documents.filter { PlainFilter.matches(filter, $0.value.subject) }.keys
            let rows = try collection.rows(matching: filter, among: live)
            let found = collection.identifiers(of: rows.rows).compactMap { $0?.text }
            #expect(Set(found) == Set(wanted) && found.count == wanted.count, "\(branch): \(filter)")
        }
        let word = ["fox", "quick brown", "The kelvin", "text"][pick(0..<4)]
        try expectWords(branch, collection, documents, word)
        try expectSparse(branch, collection, documents)
        let points = documents.map {
            MemoryPoints.Point(id: PointIdentifier($0.key), vector: nil, payload: $0.value.subject.payload)
        }
        var plain = QueryExecutor(MemoryPoints(name: "c", metric: .euclidean, points: points))
        var real = QueryExecutor(collection.points())
        for path in ["a", "c[]", "b[].a"] as [PayloadPath] {
            let found = try real.facet(path, limit: 1000).map { "\($0.value.text) \($0.count)" }
            let wanted = try plain.facet(path, limit: 1000).map { "\($0.value.text) \($0.count)" }
            #expect(found.sorted() == wanted.sorted(), "\(branch): values of \(path)")
        }
        let names = Set(documents.values.flatMap { $0.subject.payload.members?.map(\.key) ?? [] })
        let shown = try Set(collection.facetFields().map { $0 })
        #expect(names.allSatisfy { name in shown.contains { $0 == name || $0.hasPrefix(name + ".") } }, "\(branch)")
    }

    private func expectWords(
        _ branch: String, _ collection: Collection, _ documents: [ByteString: Document], _ word: String
    ) throws {
        var reference = SparseReference()
        let model = try TextModel(text: collection.configuration.text).bm25()
        let ids = documents.keys.sorted()
        for (row, id) in ids.enumerated() {
            if let text = documents[id]?.subject.text {
                reference.vectors.append((Row(row), model.document(text.string)))
            }
        }
        let all = RowBitmap(rowsBelow: ids.count)
        let wanted = reference.search(model.query(word), limit: 1000, among: all, statistics: all)
        var request = QueryRequest(target: .text(word), title: "w")
        (request.mode, request.limit) = (.text, 1000)
        let found = try collection.search(request).hits
        #expect(
            Dictionary(found.map { ($0.id, Float($0.score)) }) { first, _ in first }
                == Dictionary(uniqueKeysWithValues: wanted.map { (ids[Int($0.row)], $0.score) }),
            "\(branch): \(word)")
    }

    private mutating func expectSparse(
        _ branch: String, _ collection: Collection, _ documents: [ByteString: Document]
    ) throws {
        let query = try generator.sparseVector(count: 4, dimensions: 12, values: 0.25...1)
        var reference = SparseReference()
        let ids = documents.keys.sorted()
        for (row, id) in ids.enumerated() {
            if let vector = documents[id]?.sparse { reference.vectors.append((Row(row), vector)) }
        }
        let all = RowBitmap(rowsBelow: ids.count)
        let wanted = reference.search(query, limit: 1000, among: all, statistics: all)
        var request = QueryRequest(target: .sparse(query), title: "s")
        (request.using, request.limit) = ("sparse", 1000)
        let found = try collection.search(request).hits
        #expect(
            Dictionary(found.map { ($0.id, Float($0.score)) }) { first, _ in first }
                == Dictionary(uniqueKeysWithValues: wanted.map { (ids[Int($0.row)], $0.score) }),
            "\(branch): \(query)")
    }
}
