import Testing

@testable import VexFS

@Suite struct PayloadIndexTests {
    private static let scalars: [JSON] = [
        .null, .bool(true), .bool(false), .integer(0), .integer(1), .integer(2020), .integer(.max), .integer(.min),
        .number(0.5), .number(1), .number(-0.0), .number(0x1p63), .integer(9_007_199_254_740_993), .number(0x1p53),
        .string("en"),
        .string("EN"), .string("é"), .string("e\u{301}"), .string("2020"), .string("2020-06-01"),
        .string("2020-06-01T02:00:00+02:00"), .string("2020-06-01T00:00:01.5Z"), .string("2021-01-01 00:00"),
        .string("urn:uuid:67E55044-10B1-426F-9247-BB680E5FE0C8"), .string("67e5504410b1426f9247bb680e5fe0c8"),
        .object([.init("lon", .number(13.4)), .init("lat", .number(52.5))]),
        .object([.init("lon", .integer(-180)), .init("lat", .integer(0))]),
        .object([.init("lon", .integer(180)), .init("lat", .integer(91))]),
        .object([.init("lat", .number(-0.0)), .init("lon", .number(179.9))]), .string("The quick fox"), .string(""),
        .string("true"), .integer(.max - 1),
    ]

    private static func metadata(_ generator: inout SeededGenerator) -> JSON {
        var members: [JSON.Member] = []
        for field in ["a", "b", "c", "n.x"] where Int.random(in: 0..<4, using: &generator) > 0 {
            var value = scalars.randomElement(using: &generator) ?? .null
            if Int.random(in: 0..<4, using: &generator) == 0 {
                let count = Int.random(in: 0..<4, using: &generator)
                value = .array((0..<count).map { _ in scalars.randomElement(using: &generator) ?? .null })
            }
            if field == "b", Bool.random(using: &generator) {
                value = .object([.init("in", value), .init("z", .null)])
            }
            members.append(.init(field, value))
        }
        return .object(members)
    }

    private static func filter(_ depth: Int, _ generator: inout SeededGenerator) -> Filter {
        let field = PayloadPath(["a", "b", "c", "b.in", "n.x", "none"].randomElement(using: &generator) ?? "a")
        func value() -> Filter.Value {
            Filter.Value(json: scalars.randomElement(using: &generator) ?? .null) ?? .number(.nan)
        }
        switch Int.random(in: 0..<(depth > 0 ? 10 : 7), using: &generator) {
        case 0: return .exists(field: field)
        case 1: return .anyOf(field: field, values: (0..<Int.random(in: 0...3, using: &generator)).map { _ in value() })
        case 2:
            func bound() -> Filter.Value? { Bool.random(using: &generator) ? value() : nil }
            return .range(
                field: field, .init(greater: bound(), atLeast: bound(), less: bound(), atMost: bound()))
        case 3:
            let text = ["fox", "e", "QUICK the", "20", "zebra"].randomElement(using: &generator) ?? ""
            return .textMatch(field: field, text: text)
        case 4:
            let times = ["2020-06-01", "2020-06-01T00:00:01.5Z", "2020-12-31T23:59:60Z"].map(PayloadTime.init)
            func bound() -> PayloadTime? {
                Bool.random(using: &generator) ? times.randomElement(using: &generator) ?? nil : nil
            }
            return .field(
                field, .time(.init(greater: bound(), atLeast: bound(), less: bound(), atMost: bound())))
        case 5:
            let known = PayloadUUID("67e55044-10b1-426f-9247-bb680e5fe0c8"),
                other = PayloadUUID(String(repeating: "0", count: 32))
            return .field(field, .uuid([known, other].compactMap { Bool.random(using: &generator) ? $0 : nil }))
        case 6:
            let areas: [GeoArea?] = [
                GeoPoint(longitude: 13, latitude: 52).map { .radius(center: $0, metres: 100_000) },
                .box(west: 170, south: -10, east: -170, north: 10), .box(west: -180, south: -10, east: 20, north: 60),
            ]
            return .field(
                field,
                .geo((areas.randomElement(using: &generator) ?? nil) ?? .box(west: 0, south: 0, east: 1, north: 1)))
        case 7: return .not(filter(depth - 1, &generator))
        case 8: return .and((0..<3).map { _ in filter(depth - 1, &generator) })
        default: return .or((0..<Int.random(in: 0...3, using: &generator)).map { _ in filter(depth - 1, &generator) })
        }
    }

    @Test func agreesWithTheDefinition() throws {
        let seed: UInt64 = 1_000_003
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let rows = FilterRows()
        let index = PayloadIndex()
        var live = RowBitmap()
        for round in 0..<1500 {
            let metadata = Self.metadata(&generator)
            let row = rows.append(metadata)
            live.insert(row)
            // Every third row is not announced: the index has to notice by itself.
            if index.hasColumns, round % 3 != 0 { index.insert(row: row, metadata: metadata) }
            if round % 5 == 0 { live.remove(Row.random(in: 0...row, using: &generator)) }
            let filter = Self.filter(3, &generator)
            let found = try index.rows(matching: filter, among: live, from: rows)
            var expected = RowBitmap()
            live.forEach { if filter.matches(rows[$0].payload) { expected.insert($0) } }
            #expect(Self.list(found) == Self.list(expected), "\(filter)")
            #expect(try index.count(matching: filter, among: live, from: rows) == expected.count, "\(filter)")
            if round % 300 == 299 {
                let type = PayloadType.allCases.randomElement(using: &generator)
                let field = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
                try index.apply(
                    PayloadSchema(fields: [.init(name: field, type: type)]), among: live,
                    load: rows.loadPayloads(_:keeping:_:))
                let dead = RowBitmap(rowsBelow: Int(row) + 1).subtracting(live)
                index.remove(dead)
            }
        }
    }

    private static func list(_ rows: RowBitmap) -> [Row] {
        var list: [Row] = []
        rows.forEach { list.append($0) }
        return list
    }

    @Test func facets() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        for text in [
            #"{"lang":"en","year":2020,"tags":["a","b"]}"#, #"{"lang":"en","year":"2020","tags":["a","a"]}"#,
            #"{"lang":"de","year":2020.5,"n":{"x":true,"y":null},"e":{}}"#, #"{"lang":"fr"}"#,
        ] { live.insert(rows.append(try JSON.parse(Array(text.utf8)))) }
        live.remove(3)
        let index = PayloadIndex()
        #expect(!index.hasColumns)
        #expect(
            try index.fields(among: live, load: rows.loadPayloads(_:keeping:_:)) == ["lang", "n.x", "tags", "year"])
        let kinds = try index.fieldKinds(among: live, load: rows.loadPayloads(_:keeping:_:))
        #expect(kinds.last == PayloadField(name: "year", strings: 1, numbers: 2))
        let languages = try index.values(of: "lang", among: live, load: rows.loadPayloads(_:keeping:_:))
        #expect(languages.map(\.value) == ["en", "de"])
        #expect(languages.map(\.count) == [2, 1])
        let years = try index.values(of: "year", among: live, load: rows.loadPayloads(_:keeping:_:))
        #expect(years.map(\.value) == ["2020", "2020.5"])
        #expect(years.map(\.count) == [2, 1])
        let tags = try index.values(of: "tags", among: live, load: rows.loadPayloads(_:keeping:_:))
        #expect(tags.map(\.count) == [2, 1])
        for (text, expected) in [("2020", [0, 1]), ("2020.5", [2]), ("2020.0", []), ("x", [])] as [(ByteString, [Row])]
        {
            let found = try index.rows(
                whereField: "year", hasText: text, among: live, load: rows.loadPayloads(_:keeping:_:))
            #expect(Self.list(found) == expected)
        }
        #expect(index.indexedFields == ["lang", "tags", "year"])
    }

    @Test func aColumnIsLoadedOnce() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        for value in 0..<1000 { live.insert(rows.append(.object([.init("v", .integer(Int64(value % 3)))]))) }
        let index = PayloadIndex()
        let filter = Filter.anyOf(field: "v", values: [.integer(1)])
        for _ in 0..<5 { #expect(try index.rows(matching: filter, among: live, from: rows).count == 333) }
        #expect(rows.loads == 1)
    }

    @Test func onlyMissingRowsAreLoaded() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        for value in 0..<1000 { live.insert(rows.append(.object([.init("v", .integer(Int64(value % 3)))]))) }
        let index = PayloadIndex()
        let schema = PayloadSchema(fields: [.init(name: "u"), .init(name: "v", type: .integer)])
        try index.apply(schema, among: live, load: rows.loadPayloads(_:keeping:_:))
        #expect(index.schema == schema)
        for value in 0..<3 { live.insert(rows.append(.object([.init("v", .integer(Int64(value)))]))) }
        let filter = Filter.and([.range(field: "v", .init(atLeast: .integer(1))), .exists(field: "v")])
        let found = try index.rows(matching: filter, among: live, from: rows)
        #expect(rows.loaded == [1000, 1001, 1002])
        #expect(found.count == 333 + 333 + 2)
        // Two fields that are both new are filled in one go.
        let loads = rows.loads
        _ = try index.rows(matching: .or([.exists(field: "x"), .exists(field: "y")]), among: live, from: rows)
        #expect(rows.loads == loads + 1)
    }

    @Test func aDroppedFieldIsIndexedAgainWhenItIsFilteredOn() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        for value in 0..<100 { live.insert(rows.append(.object([.init("v", .integer(Int64(value)))]))) }
        let index = PayloadIndex()
        let filter = Filter.range(field: "v", .init(less: .integer(5)))
        try index.apply(
            PayloadSchema(fields: [.init(name: "v", type: .integer)]), among: live,
            load: rows.loadPayloads(_:keeping:_:))
        let drop = try PayloadSchema(json: try JSON.parse(Array(#"{"v":{"index":false}}"#.utf8)))
        try index.apply(drop, among: live, load: rows.loadPayloads(_:keeping:_:))
        #expect(index.schema.fields.isEmpty && !index.hasColumns)
        #expect(try index.rows(matching: filter, among: live, from: rows).count == 5)
        #expect(rows.loads == 2)
    }

    @Test func forgottenRowsAreLoadedAgainWhereTheyAreAskedFor() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        for value in 0..<1000 { live.insert(rows.append(.object([.init("v", .string("\(value % 10)"))]))) }
        let index = PayloadIndex()
        let filter = Filter.anyOf(field: "v", values: [.string("3")])
        #expect(try index.rows(matching: filter, among: live, from: rows).count == 100)
        index.remove(RowBitmap((0..<500).map { Row($0) }))
        let rest = live.subtracting(RowBitmap(rowsBelow: 500))
        let loads = rows.loads
        #expect(try index.rows(matching: filter, among: rest, from: rows).count == 50)
        #expect(
            try index.values(of: "v", among: rest, load: rows.loadPayloads(_:keeping:_:)).map(\.count)
                == [Int](repeating: 50, count: 10))
        #expect(rows.loads == loads)
        #expect(try index.rows(matching: filter, among: live, from: rows).count == 100)
        #expect(rows.loads == loads + 1)
    }

    @Test func aFailingLoadIsReportedAndRetried() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        live.insert(rows.append(.object([.init("v", .integer(1))])))
        let index = PayloadIndex()
        let filter = Filter.exists(field: "v")
        rows.fails = true
        #expect(throws: VexFSError.self) { try index.rows(matching: filter, among: live, from: rows) }
        rows.fails = false
        #expect(try index.rows(matching: filter, among: live, from: rows).count == 1)
    }

    @Test func comparisonIsExact() {
        let big = Filter.Value.integer((1 << 53) + 1)
        #expect(Filter.Value.number(0x1p53).isLess(than: big) == true)
        #expect(big.isLess(than: .number(0x1p53)) == false)
        #expect(Filter.Value.integer(.max).isLess(than: .number(0x1p63)) == true)
        #expect(Filter.Value.number(-0x1p63).isLess(than: .integer(.min)) == false)
        #expect(Filter.Value.integer(-1).isLess(than: .number(-0.5)) == true)
        #expect(Filter.Value.number(.nan).isLess(than: .integer(1)) == nil)
        #expect(Filter.Value.string("a").isLess(than: .integer(1)) == nil)
    }

    /// Whoever asks for ever new fields takes neither all memory nor all time of those who write.
    @Test func columnsThatNobodySetUpAreTakenAway() throws {
        let rows = FilterRows()
        var live = RowBitmap()
        for number in 0..<20 { live.insert(rows.append(.object([.init("v", .integer(Int64(number)))]))) }
        let index = PayloadIndex()
        let schema = PayloadSchema(fields: [PayloadSchema.Field(name: "kept", type: .integer, text: nil)])
        try index.apply(schema, among: live) { (rows_, keys, body) throws(VexFSError) in
            try rows.loadPayloads(rows_, keeping: keys, body)
        }
        let first = Filter.anyOf(field: "v", values: [.integer(7)])
        for number in 0..<400 {
            _ = try index.rows(matching: .exists(field: PayloadPath(key: "made up \(number)")), among: live, from: rows)
            if number % 50 == 0 { #expect(try index.rows(matching: first, among: live, from: rows).rows == [7]) }
        }
        let fields = index.indexedFields
        #expect(fields.count <= PayloadIndex.maximumColumns + 1)
        #expect(fields.contains("kept") && fields.contains("v") && fields.contains("made up 399"))
        #expect(!fields.contains("made up 0"))
        // A filter of more fields than there may be columns has all of them while it runs.
        let many = (0..<300).map { Filter.not(.exists(field: PayloadPath(key: "other \($0)"))) }
        #expect(try index.rows(matching: .and(many + [first]), among: live, from: rows).rows == [7])
        #expect(try index.rows(matching: .exists(field: "made up 3"), among: live, from: rows).isEmpty)
    }

    @Test(arguments: [1, 2, 7, 8, 9, 20, 40, 41]) func atLeastSoManyOfManyMatch(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let rows = FilterRows()
        var live = RowBitmap()
        for _ in 0..<300 {
            let row = rows.append(.object([.init("v", .integer(Int64.random(in: 0..<50, using: &generator)))]))
            if Int.random(in: 0..<5, using: &generator) > 0 { live.insert(row) }
        }
        let parts = (0..<40).map { Filter.range(field: "v", .init(atLeast: .integer(Int64($0)))) }
        let filter = Filter.atLeast(count, parts)
        let index = PayloadIndex()
        let found = try index.rows(matching: filter, among: live, from: rows)
        var expected: [Row] = []
        try rows.loadPayloads(live, keeping: nil) { row, payload in if filter.matches(payload) { expected.append(row) }
        }
        #expect(found.rows == expected)
        #expect(try index.rows(matching: filter, among: RowBitmap(), from: rows).isEmpty)
    }
}
