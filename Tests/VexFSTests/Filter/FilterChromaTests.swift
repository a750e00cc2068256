import Testing

@testable import VexFS

@Suite struct FilterChromaTests {
    @Test func answersAreThoseOfTheRealServer() throws {
        var count = 0
        for group in try FilterFixtures.json("chroma_cases.json")["groups"]?.arrayValue ?? [] {
            let rows = FilterRows()
            for record in group["records"]?.arrayValue ?? [] {
                _ = rows.append(
                    FilterSubject(
                        payload: record["metadata"] ?? .null, id: ByteString(record["id"]?.stringValue ?? ""),
                        text: record["document"]?.stringValue.map(ByteString.init), vectors: [""]))
            }
            for test in group["cases"]?.arrayValue ?? [] {
                count += 1
                let name = test["name"]?.stringValue ?? ""
                guard let wanted = test["expect"]?.arrayValue?.compactMap(\.stringValue) else {
                    let error = #expect(throws: VexFSError.self, "\(name)") { try Self.filter(test) }
                    #expect(error?.code == .invalidFilter)
                    continue
                }
                let filter = try Self.filter(test)
                #expect(
                    rows.rows { filter.matches($0) }.rows.map { rows[$0].id.string } == wanted, "\(name): \(filter)")
                let found = try PayloadIndex().rows(
                    matching: filter, among: RowBitmap(rowsBelow: rows.count), from: rows)
                #expect(found.rows.map { rows[$0].id.string } == wanted, "\(name): \(filter)")
            }
        }
        #expect(count == 55)
    }

    private static func filter(_ test: JSON) throws -> Filter {
        if let json = test["where"] { return try Filter(chromaWhere: json) }
        return try Filter(chromaWhereDocument: test["where_document"] ?? .null)
    }

    @Test(arguments: [
        (#"{"a": {"$contains": "x"}}"#, #""a"[] = "x""#), (#"{"a.b": 1}"#, #""a.b"[!] = 1"#),
        (#"{"a": {"$in": [1.5, 2.5]}}"#, #""a"[!] in [1.5, 2.5]"#),
    ]) func reads(_ text: String, _ description: String) throws {
        #expect(try Filter(chromaWhere: try JSON.parse(Array(text.utf8))).description == description)
    }

    @Test(arguments: [
        (##"{"#document": {"$contains": "He"}}"##, true), (##"{"#document": {"$not_regex": "H.l"}}"##, false),
        (##"{"$or": [{"#document": {"$contains": "zz"}}, {"n": 1}]}"##, true),
        (##"{"$and": [{"#document": {"$regex": "é\\w"}}, {"n": 1}]}"##, false), (##"{"": 1}"##, false),
    ]) func conditionsOnTheTextStandAmongOthers(_ text: String, _ isMatch: Bool) throws {
        let subject = FilterSubject(
            payload: .object([.init("n", .integer(1))]), id: "a", text: "Hello", vectors: [""])
        #expect(try Filter(chromaWhere: try JSON.parse(Array(text.utf8))).matches(subject) == isMatch)
    }

    @Test func aDocumentWithoutTextMatchesWhatIsNegated() throws {
        let subject = FilterSubject(payload: .object([]))
        #expect(try !Filter(chromaWhereDocument: .object([.init("$contains", .string(""))])).matches(subject))
        #expect(try Filter(chromaWhereDocument: .object([.init("$not_contains", .string("x"))])).matches(subject))
    }

    @Test func clausesAreCounted() throws {
        func body(_ clause: JSON, _ count: Int) -> JSON {
            .object([.init("$or", .array(Array(repeating: clause, count: count)))])
        }
        let clause = JSON.object([.init("a", .integer(1))])
        let document = JSON.object([.init("$contains", .string("x"))])
        #expect(throws: Never.self) { try Filter(chromaWhere: body(clause, 1024)) }
        #expect(throws: Never.self) { try Filter(chromaWhereDocument: body(document, 1024)) }
        for read in [
            { try Filter(chromaWhere: body(clause, 1025)) }, { try Filter(chromaWhereDocument: body(document, 1025)) },
        ] {
            let error = #expect(throws: VexFSError.self) { try read() }
            #expect(error?.message == "the filter has more than 1024 conditions")
        }
    }
}
