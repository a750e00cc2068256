import Testing

@testable import VexFS

/// Every answer of qdrant-client's local mode, once from plain points and once from a collection.
struct LocalModeTests {
    /// Asks a case's question and says what is wrong with the answer; nil where nothing is.
    static func complaint(_ item: LocalMode.Case, _ source: any PointSource) throws -> String? {
        var executor = QueryExecutor(source)
        func lines(_ json: JSON) throws -> [AnswerLine] { try (json.arrayValue ?? []).map { try AnswerLine($0) } }
        func lines(_ points: [ScoredRow]) throws -> [AnswerLine] { try points.map { try AnswerLine($0, source) } }
        let filter = try item.request["filter"].map { try Filter(qdrant: $0) }
        let limit = item.request["limit"]?.integerValue.map { Int($0) } ?? 10
        switch item.kind {
        case "query":
            do {
                let found = try lines(executor.run(QueryOperation(qdrant: item.request)))
                guard let answer = item.answer else { return "\(item) answers \(found), and should be refused" }
                let expected = try lines(answer)
                // The order of diverse points is no order of scores.
                let isDiverse = String(decoding: item.request.compact, as: UTF8.self).contains("\"mmr\"")
                let isSame = isDiverse ? found.map(\.id) == expected.map(\.id) : AnswerLine.same(found, expected)
                return isSame ? nil : "\(item) answers\n  \(found)\n and not\n  \(expected)"
            } catch let error as VexFSError {
                return item.answer == nil && error.code == .invalidQuery ? nil : "\(item) is refused: \(error)"
            }
        case "groups":
            let found = try executor.groups(GroupQuery(qdrant: item.request))
            let expected = try #require(item.answer?.arrayValue)
            let other = try item.request["with_lookup"]?.stringValue.map { try source.collection(named: $0) }
            for (group, wanted) in zip(found, expected) {
                let lookup = group.lookup.flatMap { other?.identifier(of: $0)?.json } ?? .null
                guard group.id.json == wanted["id"], lookup == wanted["lookup"],
                    try AnswerLine.same(lines(group.points), lines(#require(wanted["hits"])))
                else { return "\(item) has the group \(group) and not \(wanted)" }
            }
            return found.count == expected.count ? nil : "\(item) has \(found.count) groups, not \(expected.count)"
        case "matrix":
            let found = try executor.matrix(
                using: item.request["using"]?.stringValue ?? "", matching: filter,
                sample: Int(#require(item.request["sample"]?.integerValue)), limit: limit)
            let answer = try #require(item.answer)
            let pairs = try found.pairs.map { pair in
                JSON.array([
                    try #require(source.identifier(of: pair.first)).json,
                    try #require(source.identifier(of: pair.second)).json, .number(Double(pair.score)),
                ])
            }
            let isSame = try zip(pairs, #require(answer["pairs"]?.arrayValue)).allSatisfy { pair, wanted in
                let (found, expected) = (try #require(pair.arrayValue), try #require(wanted.arrayValue))
                return found[0...1] == expected[0...1]
                    && abs(found[2].numberValue! - expected[2].numberValue!) < 1e-5 * max(1, expected[2].numberValue!)
            }
            let ids = JSON.array(found.rows.compactMap { source.identifier(of: $0)?.json })
            func list(_ numbers: [Int]) -> JSON { .array(numbers.map { .integer(Int64($0)) }) }
            let isPlaced = list(found.offsets.line) == answer["rows"] && list(found.offsets.column) == answer["columns"]
            return isSame && ids == answer["ids"] && isPlaced && pairs.count == answer["pairs"]?.arrayValue?.count
                ? nil : "\(item) has the pairs \(pairs)"
        case "facet":
            let found = try executor.facet(
                PayloadPath(qdrant: #require(item.request["key"]?.stringValue)), matching: filter, limit: limit)
            let json = JSON.array(found.map { .array([$0.value.json, .integer(Int64($0.count))]) })
            return json == item.answer ? nil : "\(item) has the values \(json)"
        case "scroll":
            let start = try item.request["offset"].map { try LocalMode.identifier($0) }
            let page = try executor.scroll(ScrollQuery(filter: filter, start: start, limit: limit))
            let ids = JSON.array(page.points.compactMap { source.identifier(of: $0.row)?.json })
            let isSame = ids == item.answer?["ids"] && (page.next?.json ?? .null) == item.answer?["next"]
            return isSame ? nil : "\(item) has the page \(page)"
        default:
            let count = try executor.count(matching: filter)
            return item.answer == .integer(Int64(count)) ? nil : "\(item) counts \(count)"
        }
    }

    @Test func plainPointsAnswerAsLocalModeDoes() throws {
        let local = try LocalMode()
        #expect(local.cases.count > 600)
        for item in local.cases {
            if let complaint = try Self.complaint(item, local.source(item.metric)) { Issue.record("\(complaint)") }
        }
    }

    @Test func collectionsAnswerAsLocalModeDoes() throws {
        let local = try LocalMode()
        let fixture = try StoreFixture()
        for metric in Metric.allCases {
            for (name, points) in [(metric.rawValue, local.points), (metric.rawValue + "-other", local.other)] {
                let collection = try fixture.store.createCollection(named: ByteString(name))
                let settings = JSON.object([
                    .init("metric", .string(metric.rawValue)), .init("model", .string("none")),
                ])
                try collection.setConfiguration(settings.compact)
                for point in points { try collection.put(point) }
            }
        }
        for item in local.cases {
            let collection = try #require(fixture.store.collection(named: ByteString(item.metric.rawValue)))
            if let complaint = try Self.complaint(item, fixture.store.points(of: collection)) {
                Issue.record("\(complaint)")
            }
        }
    }
}

extension Collection {
    /// Commits a point as a document.
    func put(_ point: MemoryPoints.Point) throws {
        var members = [JSON.Member("metadata", point.payload)]
        members.append(.init("vector", point.vector.map { .array($0.map { .number(Double($0)) }) } ?? .null))
        try put(FileNaming.name(forID: point.id.text), String(decoding: JSON.object(members).compact, as: UTF8.self))
    }
}
