import Testing

@testable import VexFS

/// Random batches of operations on documents, and the same done to a dictionary.
@Suite struct PointOperationPropertyTests {
    @Test(arguments: 1...12) func batchesDoWhatTheirOperationsSay(seed: UInt64) throws {
        var run = PointRun(seed: seed)
        let fixture = try StoreFixture()
        var collection = try fixture.store.createCollection(named: "c")
        let side = #""side":{"dimension":1,"metric":"euclidean"}"#
        let settings = #"{"model":"none","metric":"euclidean","vectors":{\#(side)}}"#
        try collection.setConfiguration(Array(settings.utf8))
        for round in 0..<60 {
            let operations = run.batch()
            var after = run.documents
            var expected: [PointOutcome]?
            do { expected = try operations.map { try PlainPoints.apply($0, to: &after) } } catch { expected = nil }
            if let expected {
                #expect(try collection.apply(operations) == expected, "seed \(seed): \(operations)")
                run.documents = after
            } else {
                #expect(throws: VexFSError.self) { try collection.apply(operations) }
            }
            try expect(collection, run.documents, "seed \(seed), round \(round): \(operations)")
            if round % 20 == 19 {
                try fixture.reopen()
                collection = try #require(fixture.store.collection(named: "c"))
                try expect(collection, run.documents, "seed \(seed), opened again")
            }
        }
        fixture.close()
    }

    private func expect(_ collection: Collection, _ documents: [String: PlainPoint], _ comment: String) throws {
        #expect(collection.documentCount == documents.count, "\(comment)")
        for (id, document) in documents {
            let file = try #require(collection.file(withID: ByteString(id)), "\(comment)")
            let facts = try collection.facts(of: file)
            #expect(PlainPoints.sorted(facts.metadata) == PlainPoints.sorted(document.payload), "\(comment), \(id)")
            #expect(try collection.embedding(of: file) == document.vectors[""], "\(comment), \(id)")
            #expect(
                try collection.vector(of: file, named: "side") == document.vectors["side"].map { .dense($0) },
                "\(comment), \(id)")
        }
        // Filters see what the operations did.
        for number in 0..<4 {
            let filter = Filter.anyOf(field: "n", values: [.integer(Int64(number))])
            let live = collection.state.withLock { $0.rows.live }
            let rows = try collection.rows(matching: filter, among: live)
            let found = collection.identifiers(of: rows.rows).compactMap { $0?.text.string }.sorted()
            #expect(found == PlainPoints.named(.filter(filter), documents), "\(comment)")
        }
    }
}

struct PlainPoint: Equatable {
    var payload: JSON
    var vectors: [String: [Float]] = [:]
}

/// What operations on points do, written down for dictionaries.
enum PlainPoints {
    struct Refused: Error {}

    static func sorted(_ json: JSON) -> JSON {
        switch json {
        case .object(let members):
            .object(members.map { JSON.Member($0.key, sorted($0.value)) }.sorted { $0.key < $1.key })
        case .array(let elements): .array(elements.map(sorted))
        default: json
        }
    }

    /// The ids of a selection, also those that nobody has.
    static func named(_ selection: PointSelection, _ documents: [String: PlainPoint]) -> [String] {
        switch selection {
        case .ids(let ids): ids.map(\.string)
        case .filter(let filter): documents.filter { matches(filter, $0.value) }.keys.sorted()
        }
    }

    private static func matches(_ filter: Filter, _ point: PlainPoint) -> Bool {
        PlainFilter.matches(filter, FilterSubject(payload: point.payload))
    }

    static func apply(_ operation: PointOperation, to documents: inout [String: PlainPoint]) throws -> PointOutcome {
        var outcome = PointOutcome()
        switch operation {
        case .put(let points, let mode, let condition):
            for point in points {
                let old = documents[point.id.string]
                let isLeftAlone =
                    old == nil
                    ? mode == .updateOnly
                    : mode == .insertOnly || condition.map { filter in !matches(filter, old!) } ?? false
                if isLeftAlone {
                    outcome.skipped += 1
                    continue
                }
                if old == nil { outcome.created += 1 } else { outcome.changed += 1 }
                var new = PlainPoint(payload: .object(point.metadata))
                new.vectors[""] = point.vector
                for named in point.vectors {
                    if case .dense(let vector) = named.vector { new.vectors[named.name] = vector }
                }
                documents[point.id.string] = new
            }
        case .patch(let patches):
            for patch in patches {
                guard var point = documents[patch.id.string] else {
                    outcome.skipped += 1
                    continue
                }
                if let change = patch.metadata { point.payload = try changed(point.payload, change) }
                if let vector = patch.vector { point.vectors[""] = vector }
                documents[patch.id.string] = point
                outcome.changed += 1
            }
        case .payload(let change, let selection):
            for id in named(selection, documents) {
                guard let point = documents[id] else {
                    outcome.skipped += 1
                    continue
                }
                documents[id]?.payload = try changed(point.payload, change)
                outcome.changed += 1
            }
        case .deleteVectors(let selection, let names):
            for id in named(selection, documents) {
                for name in names { documents[id]?.vectors[name] = nil }
                if documents[id] == nil { outcome.skipped += 1 } else { outcome.changed += 1 }
            }
        case .delete(let selection):
            for id in named(selection, documents) {
                if documents.removeValue(forKey: id) == nil { outcome.skipped += 1 } else { outcome.removed += 1 }
            }
        }
        return outcome
    }

    static func changed(_ payload: JSON, _ change: PayloadChange) throws -> JSON {
        switch change {
        case .clear: return .object([])
        case .overwrite(let members): return .object(members)
        case .delete(let paths): return paths.reduce(payload) { without($0, $1.steps) }
        case .set(let members, let path): return try with(payload, path?.steps ?? [], members)
        }
    }

    private static func with(_ json: JSON, _ steps: [PayloadPath.Step], _ members: [JSON.Member]) throws -> JSON {
        guard let step = steps.first else {
            var own: [String: JSON] = [:]
            if case .object(let old) = json { for member in old { own[member.key] = member.value } }
            for member in members { own[member.key] = member.value == .null ? nil : member.value }
            return .object(own.map { JSON.Member($0.key, $0.value) })
        }
        let rest = Array(steps.dropFirst())
        switch step {
        case .key(let key):
            var own: [String: JSON] = [:]
            if case .object(let old) = json { for member in old { own[member.key] = member.value } }
            own[key.string] = try with(own[key.string] ?? .null, rest, members)
            return .object(own.map { JSON.Member($0.key, $0.value) })
        case .index(let index):
            var elements = json.arrayValue ?? []
            guard index < 60_000 else { throw Refused() }
            while elements.count <= index { elements.append(.null) }
            elements[index] = try with(elements[index], rest, members)
            return .array(elements)
        case .each: return .array(try (json.arrayValue ?? []).map { try with($0, rest, members) })
        case .dotted, .scalar: throw Refused()
        }
    }

    private static func without(_ json: JSON, _ steps: [PayloadPath.Step]) -> JSON {
        guard let step = steps.first else { return json }
        let rest = Array(steps.dropFirst())
        switch (step, json) {
        case (.key(let key), .object(let members)):
            return .object(
                members.compactMap { member in
                    guard member.key == key.string else { return member }
                    return rest.isEmpty ? nil : JSON.Member(member.key, without(member.value, rest))
                })
        case (.index(let index), .array(let elements)):
            return .array(
                elements.enumerated().compactMap { place, element in
                    guard place == index else { return element }
                    return rest.isEmpty ? nil : without(element, rest)
                })
        case (.each, .array(let elements)): return .array(rest.isEmpty ? [] : elements.map { without($0, rest) })
        default: return json
        }
    }
}

/// Makes batches.
private struct PointRun {
    private var generator: SeededGenerator
    var documents: [String: PlainPoint] = [:]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
    private mutating func id() -> ByteString { ByteString("\(pick(0..<9))") }

    mutating func batch() -> [PointOperation] { (0..<pick(1..<5)).map { _ in operation() } }

    private mutating func value(_ depth: Int) -> JSON {
        switch pick(0..<(depth > 0 ? 5 : 3)) {
        case 0: .integer(Int64(pick(0..<4)))
        case 1: .string(["x", "é", ""][pick(0..<3)])
        case 2: .bool(true)
        case 3: .object(members(depth - 1))
        default: .array((0..<pick(0..<3)).map { _ in value(depth - 1) })
        }
    }

    private mutating func members(_ depth: Int) -> [JSON.Member] {
        var members: [JSON.Member] = []
        for key in ["a", "b", "n"] where pick(0..<2) == 0 {
            members.append(.init(key, key == "n" ? .integer(Int64(pick(0..<4))) : value(depth)))
        }
        return members
    }

    private mutating func path() -> PayloadPath? {
        let text = ["a", "b", "a.b", "a[]", "a[].b", "b[1]", "a[0].n", "n", "b.a[]", "a[70000]"][pick(0..<10)]
        return try? PayloadPath(qdrant: text)
    }

    private mutating func selection() -> PointSelection {
        switch pick(0..<3) {
        case 0: .filter(.anyOf(field: "n", values: [.integer(Int64(pick(0..<4)))]))
        case 1: .filter(.not(.exists(field: "a")))
        default: .ids((0..<pick(1..<4)).map { _ in id() })
        }
    }

    private mutating func change() -> PayloadChange {
        switch pick(0..<5) {
        case 0:
            var wanted = members(2)
            if pick(0..<3) == 0 { wanted.append(.init("gone", .null)) }
            return .set(wanted)
        case 1: return .set(members(1), at: path())
        case 2: return .overwrite(members(2))
        case 3: return .delete([path(), path()].compactMap { $0 })
        default: return pick(0..<3) == 0 ? .clear : .set([.init("n", .integer(Int64(pick(0..<4))))])
        }
    }

    private mutating func operation() -> PointOperation {
        switch pick(0..<10) {
        case 0...3:
            let points = (0..<pick(1..<4)).map { _ in
                PointContent(
                    id: id(), metadata: members(2), vector: pick(0..<3) > 0 ? [Float(pick(0..<9)), 1] : nil,
                    vectors: pick(0..<2) == 0 ? [NamedVector("side", .dense([Float(pick(1..<9))]))] : [])
            }
            let condition: Filter? =
                pick(0..<3) == 0 ? .anyOf(field: "n", values: [.integer(Int64(pick(0..<4)))]) : nil
            return .put(points, mode: [.upsert, .insertOnly, .updateOnly][pick(0..<3)], condition: condition)
        case 4, 5:
            return .patch([
                PointPatch(id: id(), metadata: change(), vector: pick(0..<2) == 0 ? [1, Float(pick(0..<9))] : nil)
            ])
        case 6, 7: return .payload(change(), of: selection())
        case 8: return .deleteVectors(of: selection(), names: [["", "side"], ["side"], [""]][pick(0..<3)])
        default: return .delete(selection())
        }
    }
}
