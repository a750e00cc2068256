import Testing

@testable import VexFS

@Suite struct FilterQdrantTests {
    private struct Case {
        let name: String
        let filter: JSON
        let accepted: [Set<ByteString>]
    }

    private static func id(_ json: JSON) -> ByteString {
        ByteString(json.stringValue ?? json.integerValue.map(String.init) ?? "")
    }

    private static func cases(_ fixture: JSON) -> [Case] {
        (fixture["cases"]?.arrayValue ?? []).compactMap { json in
            let filter = json["kind"]?.stringValue == "filter" ? json["body"] : json["body"]?["filter"]
            guard let filter, let name = json["id"]?.stringValue else { return nil }
            // A query answers with all points that pass where its limit allows.
            let accepted = ["expect", "expect_indexed"].compactMap { json[$0]?.arrayValue }.map { Set($0.map(id)) }
            return Case(name: name, filter: filter, accepted: accepted)
        }
    }

    private static func subjects(_ fixture: JSON) -> [FilterSubject] {
        (fixture["points"]?.arrayValue ?? []).map {
            FilterSubject(payload: $0["payload"] ?? .null, id: id($0["id"] ?? .null), vectors: [""])
        }
    }

    @Test func answersAreThoseOfRealEngines() throws {
        let fixture = try FilterFixtures.json("qdrant_cases.json")
        let cases = Self.cases(fixture)
        #expect(cases.count == 98)
        for test in cases {
            let filter = try Filter(qdrant: test.filter)
            let found = Set(Self.subjects(fixture).filter { filter.matches($0) }.map(\.id))
            #expect(test.accepted.contains(found), "\(test.name): \(filter)")
        }
    }

    @Test func answersWithAnIndexAreTheSame() throws {
        let fixture = try FilterFixtures.json("qdrant_cases.json")
        let rows = FilterRows()
        for subject in Self.subjects(fixture) { _ = rows.append(subject) }
        let live = RowBitmap(rowsBelow: rows.count)
        let index = PayloadIndex()
        for test in Self.cases(fixture) {
            let filter = try Filter(qdrant: test.filter)
            let found = try index.rows(matching: filter, among: live, from: rows)
            #expect(test.accepted.contains(Set(found.rows.map { rows[$0].id })), "\(test.name): \(filter)")
        }
    }

    /// What is refused, and the words that name the place.
    @Test(arguments: [
        ("[]", "$ is an array"), (#"{"musty": []}"#, "$.musty is not known"), (#"{"must": 1}"#, "$.must is a number"),
        (#"{"must": [{"key": "a"}]}"#, "$.must[0] has a key and no condition"),
        (#"{"must": [{"key": "a", "mach": {}}]}"#, "$.must[0].mach is not known"),
        (#"{"must": [{"key": "a", "match": {"values": 1}}]}"#, "$.must[0].match.values is not known"),
        (#"{"must": [{"key": "a", "match": {"value": 1.5}}]}"#, "$.must[0].match.value is a number"),
        (#"{"must": [{"key": "a", "match": {"any": [1, "x"]}}]}"#, "$.must[0].match.any[1] is of another kind"),
        (#"{"must": [{"key": "a", "match": {"any": "x"}}]}"#, "$.must[0].match.any is a string"),
        (#"{"must": [{"key": "a", "match": {"regex": "("}}]}"#, "missing )"),
        (#"{"must": [{"key": "a", "range": {"gtt": 1}}]}"#, "$.must[0].range.gtt is not known"),
        (#"{"must": [{"key": "a", "range": {"gt": "soon"}}]}"#, "$.must[0].range.gt is not a time"),
        (#"{"must": [{"key": "a", "range": {"gt": 1, "lt": "2020-01-01"}}]}"#, "numbers and times"),
        (#"{"must": [{"key": "a[x]", "range": {"gt": 1}}]}"#, "$.must[0].key"),
        (#"{"must": [{"key": "a", "geo_radius": {"center": {"lon": 1, "lat": 91}, "radius": 1}}]}"#, "is no place"),
        (#"{"must": [{"key": "a", "geo_polygon": {"exterior": {"points": []}}}]}"#, "is no ring"),
        (#"{"must": [{"key": "a", "values_count": {"gt": -1}}]}"#, "values_count.gt"),
        (#"{"must": [{"is_empty": "a"}]}"#, "$.must[0].is_empty is a string"),
        (#"{"must": [{"has_id": [1.5]}]}"#, "$.must[0].has_id[0] is no id"), (#"{"must": [{"has_id": 1}]}"#, "has_id"),
        (#"{"must": [{"slice": {"total": 2, "index": 2}}]}"#, "$.must[0].slice"),
        (#"{"must": [{"nested": {"key": "a", "filter": {"must": [{"has_id": [1]}]}}}]}"#, "has_id"),
        (#"{"must": [{"nested": {"key": "a"}}]}"#, "has no filter"),
        (#"{"must": [{"what": 1}]}"#, "$.must[0].what is no condition"),
        (#"{"min_should": {"conditions": [], "min_count": -1}}"#, "min_count"),
        (#"{"min_should": {"conditions": [], "min_count": 1, "x": 1}}"#, "$.min_should.x is not known"),
    ]) func refuses(_ text: String, _ words: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        let error = #expect(throws: VexFSError.self) { try Filter(qdrant: json) }
        #expect(error?.code == .invalidFilter)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("{}", "everything"), (#"{"must": null, "should": []}"#, "everything"),
        (#"{"must": {"key": "a", "match": {"value": 1}}}"#, "a = 1"),
        (#"{"must": {"key": "a", "match": {"value": 1}, "is_null": true}}"#, "(a = 1 or a is null)"),
        (#"{"must_not": [{"key": "a", "is_empty": false}]}"#, "not not a is empty"),
        (#"{"must": {"key": "a", "match": {"text_any": "red fox"}}}"#, #"a has any token "red fox""#),
        (#"{"must": {"key": "a", "match": {"phrase": "red fox"}}}"#, #"a has the phrase "red fox""#),
        (#"{"must": {"key": "a", "match": {"prefix": "re"}}}"#, #"a begins with "re""#),
        (#"{"must": {"key": "a", "match": {"substring": "re"}}}"#, #"a contains "re""#),
        (#"{"must": {"key": "a.\"b c\"[].d", "range": {}}}"#, #""\"a\".\"b c\"[].\"d\"" is a number"#),
        (#"{"must": {"slice": {"total": 4, "index": 1}}}"#, "slice 1 of 4"),
        (
            #"{"must": {"has_id": ["550E8400E29B41D4A716446655440000"]}}"#,
            #"id in ["550E8400E29B41D4A716446655440000", "550e8400-e29b-41d4-a716-446655440000"]"#
        ),
        (
            #"{"must": {"nested": {"key": "a[]", "filter": {"must": {"key": "b", "match": {"value": true}}}}}}"#,
            "an element of a with (b = true)"
        ),
    ]) func reads(_ text: String, _ description: String) throws {
        #expect(try Filter(qdrant: try JSON.parse(Array(text.utf8))).description == description)
    }

    @Test func aFieldsOptionsCutItsTexts() throws {
        let json = try JSON.parse(Array(#"{"must": {"key": "a", "match": {"text": "Fox"}}}"#.utf8))
        var asked: [PayloadPath] = []
        _ = try withoutActuallyEscaping({ (path: PayloadPath) -> TextOptions? in
            asked.append(path)
            return nil
        }) { try Filter(qdrant: json, textOptions: $0) }
        #expect(asked == [PayloadPath(key: "a")])
    }

    @Test func conditionsAreCounted() throws {
        func body(_ count: Int) -> JSON {
            let condition = JSON.object([.init("is_null", .object([.init("key", .string("a"))]))])
            let inner = JSON.object([.init("should", .array(Array(repeating: condition, count: count)))])
            return .object([.init("must", .array([inner, inner]))])
        }
        #expect(throws: Never.self) { try Filter(qdrant: body(500)) }
        let error = #expect(throws: VexFSError.self) { try Filter(qdrant: body(512)) }
        #expect(error?.message == "the filter has more than 1024 conditions")
    }

    /// Comparing each value with each of a list would take minutes here.
    @Test(.timeLimit(.minutes(2))) func longListsCostNoMoreForEachDocument() throws {
        let count = 150_000
        let values = JSON.array((0..<count).map { .integer(Int64($0 * 2)) })
        for (name, isMember) in [("any", true), ("except", false)] {
            let match = JSON.object([.init("key", .string("b")), .init("match", .object([.init(name, values)]))])
            let nested = JSON.object([
                .init("key", .string("a")), .init("filter", .object([.init("must", match)])),
            ])
            let body = JSON.object([.init("must", .array([match, .object([.init("nested", nested)])]))])
            let filter = try Filter(qdrant: body)
            let rows = FilterRows()
            var wanted: [Row] = []
            for number in 0..<3000 {
                let value = JSON.Member("b", .integer(Int64(number * 7)))
                _ = rows.append(.object([value, .init("a", .array([.object([value])]))]))
                if (number % 2 == 0) == isMember { wanted.append(Row(number)) }
            }
            let live = RowBitmap(rowsBelow: 3000)
            #expect(try PayloadIndex().rows(matching: filter, among: live, from: rows).rows == wanted)
            #expect(rows.rows { filter.matches($0) }.rows == wanted)
        }
    }

    @Test func polygonsAreBounded() throws {
        func body(_ count: Int) throws -> JSON {
            let point = #"{"lon":1,"lat":1}"#
            let points = Array(repeating: point, count: count).joined(separator: ",")
            return try JSON.parse(
                Array(#"{"must":{"key":"a","geo_polygon":{"exterior":{"points":[\#(points)]}}}}"#.utf8))
        }
        #expect(throws: Never.self) { try Filter(qdrant: body(16_384)) }
        let error = #expect(throws: VexFSError.self) { try Filter(qdrant: body(16_385)) }
        #expect(error?.message.contains("16384 is the most") == true)
    }
}
