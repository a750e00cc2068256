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
