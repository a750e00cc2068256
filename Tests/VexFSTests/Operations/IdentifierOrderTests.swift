import Testing

@testable import VexFS

struct IdentifierOrderTests {
    @Test(arguments: 0..<12) func pagesAreThoseOfASortedList(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let order = IdentifierOrder()
        var ids: [PointIdentifier] = []
        var live = RowBitmap()
        var names: UInt64 = 0
        for _ in 0..<30 {
            for _ in 0..<Int.random(in: 0...600, using: &generator) {
                live.insert(Row(ids.count))
                ids.append(.integer(UInt64.random(in: 0...1_000_000, using: &generator) << 24 | UInt64(ids.count)))
            }
            for _ in 0..<Int.random(in: 0...100, using: &generator) where !live.isEmpty {
                live.remove(live.row(at: Int.random(in: 0..<live.count, using: &generator)))
            }
            if Int.random(in: 0...9, using: &generator) == 0 {
                names += 1
                for row in live.rows.prefix(20) { ids[Int(row)] = .name(ByteString("renamed \(row) \(names)")) }
            }
            var rows = live
            if Bool.random(using: &generator) {
                let share = Int.random(in: 1...40, using: &generator)
                rows = RowBitmap(live.rows.filter { Int($0) % share == 0 })
            }
            let start = Bool.random(using: &generator) ? ids.randomElement(using: &generator) : nil
            let limit = Int.random(in: 0...50, using: &generator)
            let request = IdentifierOrder.Request(start: start, limit: limit, rows: rows, live: live, names: names)
            let found = order.page(request) { rows in rows.map { ids[Int($0)] } }
            let sorted = rows.rows.sorted { ids[Int($0)] < ids[Int($1)] }
            let expected = sorted.filter { row in start.map { ids[Int(row)] >= $0 } ?? true }.prefix(limit)
            #expect(found.map(\.row) == Array(expected), "seed \(seed)")
            #expect(found.map(\.id) == found.map { ids[Int($0.row)] }, "seed \(seed)")
        }
    }
}
