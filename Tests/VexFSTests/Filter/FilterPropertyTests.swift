import Testing

@testable import VexFS

/// Random filters over random documents, answered by an evaluator written from the documentation alone, by the
/// engine's own look at each document, and by an index that is old, new or partly filled.
@Suite struct FilterPropertyTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func allAnswersAgree(_ seed: UInt64) throws {
        print("seed \(seed)")
        var random = FilterGenerator(seed: seed)
        let rows = FilterRows()
        var index = PayloadIndex()
        var live = RowBitmap()
        for round in 0..<400 {
            for _ in 0..<random.number(1...3) {
                let subject = random.subject(rows.count)
                let row = rows.append(subject)
                live.insert(row)
                // Some rows are not announced: the index has to notice by itself.
                if random.isOne(in: 2) { index.insert(row: row, metadata: subject.payload) }
            }
            if random.isOne(in: 3) { live.remove(Row(random.number(0...rows.count - 1))) }
            let filter = random.filter(3)
            let expected = rows.rows { PlainFilter.matches(filter, $0) }.intersection(live)
            let looked = rows.rows { filter.matches($0) }.intersection(live)
            #expect(looked.rows == expected.rows, "\(filter)")
            #expect(try index.rows(matching: filter, among: live, from: rows).rows == expected.rows, "\(filter)")
            #expect(try index.count(matching: filter, among: live, from: rows) == expected.count, "\(filter)")
            if round % 50 == 49 {
                // As after a restart: another index, over what there is.
                let fresh = PayloadIndex()
                #expect(try fresh.rows(matching: filter, among: live, from: rows).rows == expected.rows, "\(filter)")
                if round % 100 == 99 { index = fresh }
                index.remove(RowBitmap(rowsBelow: rows.count).subtracting(live))
            }
        }
    }

    /// A search in a folder asks only about its rows, and the next one about others.
    @Test func rowsMayBeAskedAboutInAnyOrder() throws {
        var random = FilterGenerator(seed: 77)
        let rows = FilterRows()
        for number in 0..<300 { _ = rows.append(random.subject(number)) }
        let index = PayloadIndex()
        for _ in 0..<150 {
            let live = RowBitmap((0..<300).filter { _ in random.isOne(in: 2) }.map { Row($0) })
            let filter = random.filter(2)
            let expected = rows.rows { PlainFilter.matches(filter, $0) }.intersection(live)
            #expect(try index.rows(matching: filter, among: live, from: rows).rows == expected.rows, "\(filter)")
        }
    }
}

/// Makes documents and filters that have to do with each other.
struct FilterGenerator {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    mutating func isOne(in count: Int) -> Bool { number(1...count) == 1 }
    mutating func one<Element>(of list: [Element]) -> Element { list[number(0...list.count - 1)] }

    private static let strings = [
        "", "a", "fox", "Foxes", "The quick brown fox", "QUICK fox", "é", "e\u{301}", "Straße", "2020-06-01",
        "2020-06-01T02:00:00+02:00", "2021-01-01 00:00", "67e5504410b1426f9247bb680e5fe0c8",
        "67E55044-10B1-426F-9247-BB680E5FE0C8", "\u{212A}elvin", "\u{130}stanbul fox", "ſ fox", "日本語テキスト", "5", "true",
        "fox brown", "a\nfox",
    ]
    private static let numbers: [JSON] = [
        .integer(0), .integer(1), .integer(-7), .integer(.max), .integer(.min), .integer(.max - 1),
        .integer(9_007_199_254_740_993), .number(0x1p53), .number(0.5), .number(1), .number(-0.0), .number(0x1p63),
        .number(-1e300),
    ]
    private static let places: [JSON] = [
        .object([.init("lon", .number(13.4)), .init("lat", .number(52.5))]),
        .object([.init("lon", .integer(180)), .init("lat", .integer(0))]),
        .object([.init("lon", .number(-179.99)), .init("lat", .number(-0.0))]),
        .object([.init("lon", .integer(13)), .init("lat", .integer(91))]),
    ]

    private mutating func scalar() -> JSON {
        switch number(0...9) {
        case 0: .null
        case 1: .bool(isOne(in: 2))
        case 2...4: one(of: Self.numbers)
        case 5: one(of: Self.places)
        default: .string(one(of: Self.strings))
        }
    }

    private mutating func value(_ depth: Int) -> JSON {
        switch number(0...(depth > 0 ? 9 : 5)) {
        case 6:
            var object = JSON.object([])
            for _ in 0..<number(0...2) { object.set(one(of: ["a", "b", "c", "a.b"]), to: value(depth - 1)) }
            return object
        case 7...9: return .array((0..<number(0...3)).map { _ in value(depth - 1) })
        default: return scalar()
        }
    }

    mutating func subject(_ number: Int) -> FilterSubject {
        var payload = JSON.object([])
        for key in ["a", "b", "c", "a.b", "c[]"] where self.number(0...4) > 1 { payload.set(key, to: value(3)) }
        return FilterSubject(
            payload: payload, id: one(of: [ByteString("\(number)"), ByteString("note \(number).md")]),
            text: isOne(in: 5) ? nil : ByteString(text()),
            vectors: Set((["", "image", "é"] as [ByteString]).filter { _ in isOne(in: 2) }))
    }

    private mutating func text() -> String {
        (0..<number(0...4)).map { _ in one(of: Self.strings) }.joined(separator: " ")
    }

    private mutating func path() -> PayloadPath {
        let text = one(of: [
            "a", "b", "c", "a.b", "b.a", "a[]", "b[].a", "c[0]", "c[]", "b[][]", "a[1].b", #""a"."b""#, #""a.b""#,
            "none", "a[!]",
        ])
        return PayloadPath(text)
    }

    private mutating func wanted() -> Filter.Value {
        while true { if let value = Filter.Value(json: scalar()) { return value } }
    }

    private mutating func range(_ bound: (inout FilterGenerator) -> Filter.Value) -> Filter.Range {
        var range = Filter.Range()
        if isOne(in: 3) { range.greater = bound(&self) }
        if isOne(in: 2) { range.atLeast = bound(&self) }
        if isOne(in: 3) { range.less = bound(&self) }
        if isOne(in: 2) { range.atMost = bound(&self) }
        return range
    }

    mutating func string() -> StringCondition {
        let part = one(of: Self.strings)
        switch number(0...6) {
        case 0: return .words(one(of: ["fox", "QUICK fox", "i", "\u{212A}", "日本", "kel", "ist"]))
        case 1: return .prefix(ByteString(String(part.prefix(number(0...4)))))
        case 2, 3:
            let start = part.index(part.startIndex, offsetBy: number(0...part.count))
            return .substring(ByteString(String(part[start...].prefix(number(0...6)))))
        case 4:
            let patterns = [
                "^The", "fox$", "(?i)KELVIN", "(?i)str", "(quick|brown) fox", "[fF]ox", "x.*q", "é", "本語", "", "^$",
                "(?i)fox.*(é|brown)", "(fox|日本語).*fox", "\\d{4}-\\d", "(?i)stan", "(?i)ſ",
            ]
            guard let expression = try? RegularExpression(one(of: patterns)) else { return .substring("fox") }
            return .expression(expression)
        default:
            let mode = one(of: [TokenQuery.Mode.all, .any, .phrase])
            return .tokens(
                TokenQuery(mode, one(of: ["fox", "quick FOX", "brown fox", "é", "", "the"]), options: TextOptions()))
        }
    }

    private mutating func condition() -> FieldCondition {
        switch number(0...12) {
        case 0, 1: return .anyOf(ValueList((0..<number(0...12)).map { _ in wanted() }))
        case 2, 3: return .except(ValueList((0..<number(0...12)).map { _ in wanted() }))
        case 4, 5: return .range(range { $0.wanted() })
        case 6:
            let times = ["2020-06-01", "2020-06-01T00:00:01.5Z", "2020-12-31T23:59:60Z"].compactMap(PayloadTime.init)
            return .time(
                .init(greater: isOne(in: 2) ? one(of: times) : nil, atMost: isOne(in: 2) ? one(of: times) : nil))
        case 7: return .uuid([PayloadUUID("67e55044-10b1-426f-9247-bb680e5fe0c8")].compactMap { $0 })
        case 8:
            let holed = GeoArea.polygon(exterior: Self.ring(0, 0, 60), interiors: [Self.ring(13, 52, 1)])
            return .geo(
                one(of: [
                    .box(west: 170, south: -10, east: -170, north: 10), holed,
                    .polygon(exterior: Self.ring(0, 0, 60), interiors: []),
                ]))
        case 9: return .count(range { .integer(Int64($0.number(0...3))) })
        case 10: return one(of: [.exists, .isEmpty, .isNull])
        default: return .string(string())
        }
    }

    private static func ring(_ west: Double, _ south: Double, _ side: Double) -> [GeoPoint] {
        [(0, 0), (side, 0), (side, side), (0, side), (0, 0)].compactMap {
            GeoPoint(longitude: west + $0.0, latitude: south + $0.1)
        }
    }

    mutating func filter(_ depth: Int) -> Filter {
        switch number(0...(depth > 0 ? 15 : 9)) {
        case 0: return .document(string())
        case 1: return .hasID([ByteString("\(number(0...300))"), "note 3.md"])
        case 2: return .hasVector(one(of: ["", "image", "e\u{301}"]))
        case 3: return .slice(one(of: (0..<3).compactMap { DocumentSlice(index: $0, total: 3) }))
        case 10: return .not(filter(depth - 1))
        case 11: return .and((0..<number(0...3)).map { _ in filter(depth - 1) })
        case 12: return .or((0..<number(0...3)).map { _ in filter(depth - 1) })
        case 13: return .atLeast(number(0...3), (0..<number(0...3)).map { _ in filter(depth - 1) })
        case 14, 15: return .nested(path(), filter(depth - 1))
        default: return .field(path(), condition())
        }
    }
}
