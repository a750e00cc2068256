import Testing

@testable import VexFS

@Suite struct FilterParseTests {
    /// What is written, and how `.explain` shows what was understood.
    @Test(arguments: [
        ("lang:en", #"lang = "en""#), ("lang=en", #"lang = "en""#), ("year:2020", #"year in [2020, "2020"]"#),
        ("draft:true", #"draft in [true, "true"]"#), ("tags:a|b", #"tags in ["a", "b"]"#),
        ("lang!=en", #"not lang = "en""#), ("!lang:en", #"not lang = "en""#), ("year>=2020", "year >= 2020"),
        ("year>2020", "year > 2020"), ("x<=-0.5", "x <= -0.5"), ("x<1e3", "x < 1000"),
        ("date>=2024-01-31", #"date >= "2024-01-31""#), ("t~red fox", #"t ~ "red fox""#),
        ("draft", "(draft exists and not draft = false)"), ("!draft", "not (draft exists and not draft = false)"),
        ("a:1,b:x", #"(a in [1, "1"] and b = "x")"#), (#"a:"x,y|z""#, #"a = "x,y|z""#), (#"a:"2020""#, #"a = "2020""#),
        ("a:x%2Cy%7Cz", #"a = "x,y|z""#), (#""my field">5"#, #""my field" > 5"#),
        ("my%3Afield:x", #""my:field" = "x""#),
        ("a.b:x", #"a.b = "x""#), (#"a:"""#, #"a = """#), ("url:http://x", #"url = "http://x""#), ("é:ü", #"é = "ü""#),
    ]) func clauses(_ text: String, _ description: String) throws {
        #expect(try Filter.parse(text).description == description)
    }

    @Test(arguments: [
        (#"{"lang":"en"}"#, #"lang = "en""#), (#"{"year":2020}"#, "year = 2020"), (#"{"x":3.0}"#, "x = 3"),
        (#"{"year":{"$gte":2020,"$lt":2022}}"#, "(year >= 2020 and year < 2022)"),
        (#"{"a":1,"b":true}"#, "(a = 1 and b = true)"), (#"{"a":{"$eq":1}}"#, "a = 1"),
        (#"{"a":{"$ne":1}}"#, "not a = 1"),
        (#"{"a":{"$in":[1,"x"]}}"#, #"a in [1, "x"]"#), (#"{"a":[1,2]}"#, "a in [1, 2]"),
        (#"{"a":{"$nin":[1]}}"#, "not a = 1"), (#"{"a":{"$exists":false}}"#, "not a exists"),
        (#"{"a":null}"#, "not a exists"),
        (#"{"a":{"$ne":null}}"#, "a exists"), (#"{"a":{"$contains":"fox"}}"#, #"a ~ "fox""#),
        (#"{"a":{"$text":"red fox"}}"#, #"a ~ "red fox""#), (#"{"a":{"b":1}}"#, "a.b = 1"), (#"{"a.b":1}"#, "a.b = 1"),
        (#"{"$or":[{"a":1},{"b":2,"c":3}]}"#, "(a = 1 or (b = 2 and c = 3))"), (#"{"$not":{"a":1}}"#, "not a = 1"),
        (#"{"$and":[{"a":{"$gt":1}},{"a":{"$lt":9}}]}"#, "(a > 1 and a < 9)"),
        (
            #"{"t":{"$gte":{"$date":"2024-01-31"},"$lt":{"date":"2024-02-01T01:00:00+01:00"}}}"#,
            "(t >= time 2024-01-31T00:00:00Z and t < time 2024-02-01T00:00:00Z)"
        ), (#"{"t":{"gt":{"date":"2024-01-31"}}}"#, "t > time 2024-01-31T00:00:00Z"),
        (
            #"{"id":{"$uuid":"67E5504410B1426F9247BB680E5FE0C8"}}"#, "id is uuid 67e55044-10b1-426f-9247-bb680e5fe0c8"
        ), (#"{"t":{"uuid":"x","date":1}}"#, #"(t.uuid = "x" and t.date = 1)"#),
        (#"{"a":{"$not":{"$gt":5}}}"#, "not a > 5"), (#"{"d":{"$gte":"2024"}}"#, #"d >= "2024""#),
    ]) func json(_ text: String, _ description: String) throws {
        #expect(try Filter.parse(text).description == description)
    }

    /// What is refused, and the words that name the place or the remedy.
    static let malformed: [(String, String)] = [
        ("", "item 1"), (",", "item 1"), ("a:1,", "item 2"), ("a:1,,b:2", "item 2"), ("!", "item 1"),
        ("a:1,!", "item 2"),
        (":x", "no field"), ("=x", "no field"), (">5", "no field"), ("!:x", "no field"), ("\"\":x", "no field"),
        ("a:", "empty value"), ("a=", "empty value"), ("a:x|", "empty value"), ("a:|x", "empty value"),
        ("a!=", "empty value"), ("a>", "after >"), ("a>=", "after >="), ("a<", "after <"), ("a<=", "after <="),
        ("a>true", "compares with true"), ("a<false", "order"), ("a>>5", "signs are"), ("a>=<5", "signs are"),
        ("a>1|2", "alternatives"), ("a~", "after ~"), ("a~%20", "after ~"), ("a:\"x", "byte 2"), ("\"a:x", "byte 0"),
        ("a:x\"y\"z", "double quote in the middle"), ("b:1,a:\"x", "byte 6"),
        ("{", "line 1, column 2"), ("{}", "$ is empty"), ("{\"a\":}", "column 6"), ("{\"a\":1}x", "after the end"),
        (#"{"a":{}}"#, "$.a is empty"), (#"{"a":[]}"#, "$.a"), (#"{"a":[null]}"#, "$.a[0] is null"),
        (#"{"a":[[1]]}"#, "$.a[0] is an array"), (#"{"a":{"$foo":1}}"#, "$.a.$foo is not known"),
        (#"{"$foo":[]}"#, "$.$foo is not known"), (#"{"$gt":5}"#, "$.$gt is not known"),
        (#"{"a":{"$gt":1,"b":2}}"#, "$.a mixes"), (#"{"a":{"$gt":true}}"#, "$.a.$gt is a boolean"),
        (#"{"a":{"$gt":null}}"#, "$.a.$gt is null"), (#"{"a":{"$lt":[1]}}"#, "$.a.$lt is an array"),
        (#"{"a":{"$in":1}}"#, "$.a.$in is not an array"), (#"{"a":{"$in":[]}}"#, "$.a.$in"),
        (#"{"a":{"$in":[1,{}]}}"#, "$.a.$in[1] is an object"), (#"{"a":{"$nin":"x"}}"#, "$.a.$nin"),
        (#"{"a":{"$gt":{"$date":"yesterday"}}}"#, "$.a.$gt is not a date"),
        (#"{"a":{"$gt":{"date":5}}}"#, "$.a.$gt is not a date"),
        (#"{"a":{"$eq":{"$date":"2024-01-31"}}}"#, "stands only"),
        (#"{"a":{"$uuid":"x"}}"#, "$.a.$uuid is not a UUID"), (#"{"a":{"$uuid":5}}"#, "$.a.$uuid is not a UUID"),
        (#"{"a":{"$exists":1}}"#, "$.a.$exists is not true or false"), (#"{"a":{"$eq":{}}}"#, "$.a.$eq is an object"),
        (#"{"a":{"$text":5}}"#, "$.a.$text"), (#"{"a":{"$contains":" "}}"#, "$.a.$contains"),
        (#"{"$and":{}}"#, "$.$and is not an array"), (#"{"$or":[]}"#, "$.$or"),
        (#"{"$or":[1]}"#, "$.$or[0] is a number"),
        (#"{"$or":[{"a":1},{}]}"#, "$.$or[1] is empty"), (#"{"$not":[]}"#, "$.$not is an array"),
        (#"{"a":{"$not":5}}"#, "$.a.$not"), (#"{"a":{"$not":{"b":1}}}"#, "$.a.$not"), (#"{"":1}"#, "empty field name"),
        (#"{"$and":[{"b":{"$gt":{}}}]}"#, "$.$and[0].b.$gt is an object"),
    ]

    @Test(arguments: malformed) func refused(_ text: String, _ words: String) throws {
        let error = try #require(throws: VexFSError.self) { try Filter.parse(text) }
        #expect(error.code == .invalidFilter)
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"$not":"#, count: depth) + #"{"a":1}"# + String(repeating: "}", count: depth)
        }
        #expect(throws: Never.self) { try Filter.parse(nested(15)) }
        let deep = try #require(throws: VexFSError.self) { try Filter.parse(nested(16)) }
        #expect(deep.message.contains("16 levels"))
        for text in [
            String(repeating: "a,", count: 1100) + "a", "a:" + String(repeating: "x|", count: 1100) + "x",
            #"{"a":["# + String(repeating: "1,", count: 1100) + "1]}", "a:" + String(repeating: "x", count: 70_000),
        ] { #expect(throws: VexFSError.self) { try Filter.parse(text) } }
    }

    @Test func aNumberMatchesItsSpelling() throws {
        let filter = try Filter.parse("year:2020")
        #expect(filter.matches(.object([.init("year", .integer(2020))])))
        #expect(filter.matches(.object([.init("year", .number(2020))])))
        #expect(filter.matches(.object([.init("year", .string("2020"))])))
        #expect(!filter.matches(.object([.init("year", .string("2021"))])))
        let bare = try Filter.parse("draft")
        #expect(bare.matches(.object([.init("draft", .string("x"))])))
        #expect(!bare.matches(.object([.init("draft", .bool(false))])))
        #expect(!bare.matches(.object([.init("draft", .null)])))
        #expect(!bare.matches(.object([])))
    }

    @Test func aKeyNamedDateOfAnElementIsAKey() throws {
        let filter = try Filter.parse(#"{"events":{"$element":{"date":"2024-01-31"}}}"#)
        #expect(filter.matches(try JSON.parse(Array(#"{"events":[{"date":"2024-01-31"}]}"#.utf8))))
        #expect(!filter.matches(try JSON.parse(Array(#"{"events":[{"date":"2024-01-30"}]}"#.utf8))))
    }
}
