import Testing

@testable import VexFS

@Suite struct PostingsTests {
    @Test func everyFormHoldsTheSameRows() {
        let seed: UInt64 = 0x9057
        var generator = SeededGenerator(seed: seed)
        for limit in [50, 5_000, 400_000] {
            var postings: Postings?
            var rows: Set<Row> = []
            let live = RowBitmap((0..<2000).map { _ in Row.random(in: 0..<Row(limit), using: &generator) })
            while rows.count < min(2000, limit / 2) {
                let row = Row.random(in: 0..<Row(limit), using: &generator)
                guard rows.insert(row).inserted else { continue }
                if postings == nil { postings = .one(row) } else { postings?.add(row) }
                postings?.add(row)
                guard rows.count % 97 < 3 else { continue }
                #expect(postings?.rows.rows == rows.sorted(), "seed \(seed)")
                #expect(postings?.count == rows.count)
                #expect(postings?.count(in: live) == rows.filter(live.contains).count)
                #expect(postings.flatMap { Postings($0.rows) }?.rows == postings?.rows)
            }
            if limit == 5000, case .set? = postings {} else { #expect(limit != 5000, "dense rows become a set") }
        }
        #expect(Postings(RowBitmap()) == nil)
    }

    @Test func aUnionHoldsTheRowsOfAll() {
        var union = PostingsUnion()
        let set = RowBitmap((0..<500).map { Row($0 * 3) })
        for postings in [Postings.one(7), .list([9, 2_000_000, 1]), .set(set), .one(7)] { union.add(postings) }
        union.add(RowBitmap([10]))
        #expect(union.rows() == RowBitmap(set.rows + [7, 9, 2_000_000, 1, 10]))
        #expect(set.count == 500, "what was added stays as it was")
    }
}
