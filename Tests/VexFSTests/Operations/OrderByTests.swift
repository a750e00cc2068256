import Testing

@testable import VexFS

struct OrderByTests {
    private func value(_ json: JSON) -> OrderValue { OrderValue(json)! }

    @Test func numbersCompareExactly() {
        #expect(value(.integer(9_007_199_254_740_993)) > value(.number(9_007_199_254_740_992)))
        #expect(value(.integer(3)) == value(.number(3)))
        #expect(value(.number(2.5)) < value(.integer(3)) && value(.integer(2)) < value(.number(2.5)))
        #expect(value(.integer(.min)) > value(.number(-1e19)))
    }

    @Test func timesAreMicrosecondsAndOtherValuesNone() {
        #expect(value(.string("1970-01-01T00:00:01Z")).json == .integer(1_000_000))
        for json in [JSON.string("soon"), .bool(true), .null, .array([.integer(1)])] {
            #expect(OrderValue(json) == nil)
        }
    }

    @Test func startIsPartOfTheAnswer() throws {
        let values: [(row: Row, value: OrderValue)] = [3, 1, 2].enumerated().map { (Row($0), value(.integer($1))) }
        let key = try PayloadPath(qdrant: "n")
        func rows(_ order: OrderBy) throws -> [Row] {
            try order.ordered(values, limit: 9, sorted: { $0.rows }).map(\.row)
        }
        #expect(try rows(OrderBy(key: key, start: value(.integer(2)))) == [2, 0])
        #expect(try rows(OrderBy(key: key, isDescending: true, start: value(.number(2.5)))) == [2, 1])
    }

    @Test(arguments: 0..<40) func pointsStandOnceForEachOfTheirValues(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let values: [(row: Row, value: OrderValue)] = (0..<30).map { _ in
            (Row.random(in: 0..<9, using: &generator), value(.integer(Int64.random(in: 0...5, using: &generator))))
        }
        let isDescending = Bool.random(using: &generator)
        let limit = Int.random(in: 0...30, using: &generator)
        let order = OrderBy(key: try PayloadPath(qdrant: "n"), isDescending: isDescending)
        var distinct: [[Int64]] = []
        for (row, value) in values where !distinct.contains([value.json.integerValue!, Int64(row)]) {
            distinct.append([value.json.integerValue!, Int64(row)])
        }
        distinct.sort { isDescending ? $1.lexicographicallyPrecedes($0) : $0.lexicographicallyPrecedes($1) }
        let found = try order.ordered(values, limit: limit, sorted: { $0.rows })
        #expect(
            found.map { [$0.orderValue!.json.integerValue!, Int64($0.row)] } == Array(distinct.prefix(limit)),
            "seed \(seed)")
    }

    @Test(arguments: 0..<40) func selectionsHaveTheFirstRows(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let start = Bool.random(using: &generator) ? OrderValue(JSON.integer(30)) : nil
        let order = OrderBy(
            key: PayloadPath(key: "n"), isDescending: Bool.random(using: &generator), start: start)
        let limit = Int.random(in: 0...80, using: &generator)
        var selection = OrderSelection(order, limit: limit)
        var all: [(row: Row, value: OrderValue)] = []
        for number in (0..<Int64.random(in: 0...300, using: &generator)).shuffled(using: &generator) {
            let rows = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                Row.random(in: 0..<50, using: &generator)
            }
            let value = value(.integer(number))
            all += rows.map { ($0, value) }
            selection.offer(value) { RowBitmap(rows) }
        }
        let found = try order.ordered(selection.values, limit: limit, sorted: { $0.rows })
        #expect(try found == order.ordered(all, limit: limit, sorted: { $0.rows }), "seed \(seed)")
        #expect(selection.values.count <= max(64, 2 * limit) * 2, "seed \(seed)")
    }
}
