import Foundation
import TestSupport
import Testing

@Suite struct FilterTests {
    /// One filter and the documents of `quarterCircle` that pass it.
    static let filters: [(String, [Int])] = [
        ("n:4", [4]), ("parity:even", [0, 2, 4, 6, 8]), ("n:1|3|5", [1, 3, 5]), ("year>=2020", [5, 6, 7, 8, 9]),
        ("year>2020", [6, 7, 8, 9]), ("year<2017", [0, 1]), ("year<=2017", [0, 1, 2]),
        ("year>=2017,year<2019", [2, 3]),
        ("draft:true", [3]), ("tags:t0", [0, 3, 6, 9]), ("tags:t0|t1", [0, 1, 3, 4, 6, 7, 9]),
        ("tags:all,parity:odd", [1, 3, 5, 7, 9]), ("!parity:even", [1, 3, 5, 7, 9]), ("absent:1", []),
        ("parity:even,n>5", [6, 8]), ("n:4,n:5", []),
    ]

    /// "`where=` filters by metadata: equality, any of several values, ranges and negation, all of which must hold."
    @Test(arguments: filters)
    func pathFilters(filter: String, expected: [Int]) throws {
        let collection = try Self.collection()
        #expect(try collection.searchIDs([1, 0], options: "k=20,where=\(filter)") == expected.map { "d\($0)" })
    }

    /// "A name alone asks whether the field is there, `!` before it whether it is not."
    @Test func presence() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], metadata: ["x": 1]))
        try (collection / "b.json").write(document([1, 0], metadata: ["y": 1]))
        #expect(try collection.searchIDs([1, 0], options: "where=x") == ["a"])
        #expect(try collection.searchIDs([1, 0], options: "where=!x") == ["b"])
    }

    static let jsonFilters: [(String, [Int])] = [
        ("{\"$and\":[{\"parity\":\"even\"},{\"n\":{\"$gt\":5}}]}", [6, 8]),
        ("{\"$or\":[{\"n\":1},{\"n\":2}]}", [1, 2]),
        ("{\"$not\":{\"parity\":\"even\"}}", [1, 3, 5, 7, 9]),
    ]

    /// "A filter in braces is JSON, with `$and`, `$or`, `$not` and operators such as `$gt`."
    @Test(arguments: jsonFilters)
    func bracedFilters(filter: String, expected: [Int]) throws {
        let collection = try Self.collection()
        #expect(try collection.searchIDs([1, 0], options: "k=20,where=\(filter)") == expected.map { "d\($0)" })
    }

    /// "A `$date` object, as in `{$date: TIME}`, behind `$gt`, `$gte`, `$lt` or `$lte` compares times, whatever their
    /// zones."
    @Test func times() throws {
        let collection = try SharedMount.collection()
        let times = ["a": "2024-01-31T23:30:00Z", "b": "2024-02-01T00:15:00+01:00", "c": "2024-02-01", "d": "soon"]
        for (name, time) in times { try (collection / "\(name).json").write(document([1, 0], metadata: ["at": time])) }
        func found(_ condition: String) throws -> [String] {
            try collection.searchIDs([1, 0], options: "where={\"at\":{\(condition)}}").sorted()
        }
        #expect(try found("\"$gte\":{\"$date\":\"2024-02-01\"}") == ["c"])
        #expect(try found("\"$lt\":{\"$date\":\"2024-02-01T00:20:00+01:00\"}") == ["b"])
        #expect(try found("\"$lte\":{\"$date\":\"2024-01-31T23:30:00Z\"}") == ["a", "b"])
        #expect(try found("\"$gt\":{\"$date\":\"2000-01-01\"}") == ["a", "b", "c"])
    }

    /// Documents whose metadata has all shapes, and a search of them by name.
    private static func shapes(_ collection: TestPath) throws -> (String) throws -> [String] {
        let documents: [(String, String, [String: Any])] = [
            ("a", "The quick brown fox", ["s": "red/green", "at": ["lon": 13.4, "lat": 52.5], "n": [1, 2]]),
            (
                "b", "quick silver",
                ["s": "green", "at": ["lon": 179.9, "lat": 0], "o": ["k": ["x", 7]], "n": NSNull()]
            ),
            ("c", "a brown quick dog", ["s": ["infra red"], "at": ["lon": -179.9, "lat": 0], "n": []]),
            ("d", "", ["p": [["k": "x", "v": 1], ["k": "y", "v": 2]], "n": 3]),
            ("e", "Foxes", ["p": [["k": "x", "v": 2]], "n": [NSNull()]]),
        ]
        for (name, text, metadata) in documents {
            try (collection / "\(name).json").write(document([1, 0], text: text, metadata: metadata))
        }
        return { try collection.searchIDs([1, 0], options: "k=20,where=\($0)").sorted() }
    }

    static let pathsOfShapes: [(String, [String])] = [
        ("s*=red", ["a", "c"]), ("s*=Red", []), ("s^=red", ["a"]), ("s^=green", ["b"]), ("!s*=green", ["c", "d", "e"]),
        ("at@13;52;100000", ["a"]), ("at@180;0;50000", ["b", "c"]), ("at@170;-10;-170;10", ["b", "c"]),
        ("at@0;0;20;60", ["a"]), ("o.k:x", ["b"]), ("o.k[1]:7", ["b"]), ("p[].k:x", ["d", "e"]), ("p[1].k:x", []),
        ("p.k:x", []), ("p[].v>=2", ["d", "e"]),
    ]

    /// "`FIELD*=PART` asks whether a string contains a text as it is written, `FIELD^=PART` whether it begins with it."
    /// "`FIELD@LON;LAT;METRES` asks for a place that near, `FIELD@WEST;SOUTH;EAST;NORTH` for one in that box, which may
    /// lie across the antimeridian."
    /// "A field can be a path: `a.b` goes into an object, `a[]` to every element of an array, `a[1]` to one."
    @Test func pathConditions() throws {
        let found = try Self.shapes(try SharedMount.collection())
        for (filter, expected) in Self.pathsOfShapes { #expect(try found(filter) == expected, "\(filter)") }
    }

    static let jsonOfShapes: [(String, [String])] = [
        (#"{"p":{"$element":{"k":"x","v":2}}}"#, ["e"]), (#"{"p[].k":"x","p[].v":2}"#, ["d", "e"]),
        (#"{"p":{"$element":{"$not":{"k":"x"}}}}"#, ["d"]), (#"{"n":{"$empty":true}}"#, ["b", "c"]),
        (#"{"n":{"$null":true}}"#, ["b", "e"]), (#"{"n":{"$count":2}}"#, ["a"]),
        (#"{"n":{"$count":{"gte":1}}}"#, ["a", "d", "e"]), (#"{"n":{"$except":[1]}}"#, ["a", "d"]),
        (#"{"n":{"$nin":[1]}}"#, ["b", "c", "d", "e"]), (#"{"s":{"$substring":"d%2Fg"}}"#, ["a"]),
        (#"{"s":{"$regex":"^(red|infra)"}}"#, ["a", "c"]), (#"{"s":{"$tokens":"RED"}}"#, ["a", "c"]),
        (#"{"$document":{"$substring":"quick "}}"#, ["a", "b", "c"]),
        (#"{"$document":{"$regex":"(?i)\\bfox"}}"#, ["a", "e"]),
        (#"{"$document":{"$tokens":"brown quick"}}"#, ["a", "c"]), (#"{"$document":{"$phrase":"quick brown"}}"#, ["a"]),
        (#"{"$document":{"$any_token":"silver dog"}}"#, ["b", "c"]), (#"{"$document":{"$prefix":"The"}}"#, ["a"]),
        (#"{"$not":{"$document":{"$substring":"o"}}}"#, ["b", "d"]), (#"{"$id":["a","e","x"]}"#, ["a", "e"]),
        (#"{"$vector":""}"#, ["a", "b", "c", "d", "e"]), (#"{"$vector":"none"}"#, []),
        (#"{"$at_least":{"count":2,"of":[{"s":"green"},{"o.k":"x"},{"n":3}]}}"#, ["b"]),
    ]

    /// "`$element` asks for one element of an array that meets a whole filter by itself."
    /// "`$empty`, `$null` and `$count` ask how many values a field has, `$except` for a value that is not listed."
    /// "`$substring`, `$prefix`, `$regex`, `$tokens`, `$any_token` and `$phrase` ask about strings, and within
    /// `$document` about the document's text; a regular expression has the syntax of RE2."
    /// "`$id` asks for documents by their ids, `$vector` for those with a vector of a name; `$at_least` counts the
    /// filters that match."
    @Test func jsonConditions() throws {
        let found = try Self.shapes(try SharedMount.collection())
        for (filter, expected) in Self.jsonOfShapes { #expect(try found(filter) == expected, "\(filter)") }
    }

    /// "`$slice` asks for one of several disjoint parts, which together hold every document and stay the same."
    /// "A filter's answer does not depend on which indexes there are."
    @Test func slicesAndIndexes() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        let found = try Self.shapes(collection)
        func slices() throws -> [[String]] {
            try (0..<3).map { try found("{\"$slice\":{\"total\":3,\"index\":\($0)}}") }
        }
        let (parts, answers) = (try slices(), try Self.jsonOfShapes.map { try found($0.0) })
        #expect(parts.flatMap { $0 }.sorted() == ["a", "b", "c", "d", "e"])
        try mount.remount()
        #expect(try slices() == parts)
        try (collection / ".vexfs/schema.json").write(#"{"indexed": ["n", "p[].k"], "s": {"type": "text"}}"#)
        #expect(try Self.jsonOfShapes.map { try found($0.0) } == answers)
        try (collection / "c.json").rename(to: collection / "renamed.json")
        #expect(try slices().flatMap { $0 }.sorted() == ["a", "b", "d", "e", "renamed"])
        #expect(try found(#"{"$id":["c","renamed"]}"#) == ["renamed"])
        try mount.close()
    }

    /// "A filtered search always returns k results where k pass the filter, however far away they are."
    @Test func filteredRecall() throws {
        let collection = try SharedMount.collection()
        var generator = SeededGenerator.announced(for: "filteredRecall")
        let vectors = (0..<3000).map { _ in generator.vector(dimension: 4) }
        let lines = vectors.enumerated().map { index, vector in
            "{\"id\": \"d\(index)\", \"vector\": \(vector), \"rare\": \(index % 100 == 7)}"
        }
        try (collection / ".vexfs/bulk").write(Array(lines.joined(separator: "\n").utf8), flags: O_WRONLY)
        #expect(try collection.searchIDs([1, 0, 0, 0], options: "k=30,where=rare:true").count == 30)
        #expect(try collection.searchIDs([1, 0, 0, 0], options: "k=40,where=rare:true").count == 30)
    }

    /// "A filter sees a change of metadata with the next search."
    @Test func filtersFollowChanges() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], metadata: ["state": "new"]))
        #expect(try collection.searchIDs([1, 0], options: "where=state:new") == ["a"])
        try (collection / "a.json").write(document([1, 0], metadata: ["state": "old"]))
        #expect(try collection.searchIDs([1, 0], options: "where=state:new") == [])
        #expect(try collection.searchIDs([1, 0], options: "where=state:old") == ["a"])
    }

    private static let shared: Result<TestPath, any Error> = Result { try quarterCircle("filters") }
    private static func collection() throws -> TestPath { try shared.get() }
}
