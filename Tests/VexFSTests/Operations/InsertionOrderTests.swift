import Testing

@testable import VexFS

@Suite struct InsertionOrderTests {
    /// Every page is the part of the plainly sorted whole, whatever came in between.
    @Test func pages() {
        var generator = SeededGenerator(seed: 0x5EED_0A61)
        func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
        let order = InsertionOrder()
        var files: [Row: FileNumber] = [:]
        for row in 0..<400 { files[Row(row)] = FileNumber(pick(0..<1_000_000)) }
        var selection = RowBitmap((0..<300).map(Row.init))
        for _ in 0..<300 {
            if pick(0..<5) == 0 { selection.insert(Row(pick(0..<400))) }
            let (offset, limit) = (pick(0..<350), pick(0..<100))
            let expected = selection.rows.sorted { files[$0, default: 0] < files[$1, default: 0] }
            let page = order.page(of: selection, offset: offset, limit: limit) { rows in rows.map { files[$0] } }
            #expect(page.map { files[$0] } == expected.dropFirst(offset).prefix(limit).map { files[$0] })
        }
    }

    /// The rows of a selection are looked up once for all its pages.
    @Test func pagesShareTheirOrder() {
        let order = InsertionOrder()
        let selection = RowBitmap((0..<1000).map(Row.init))
        var lookups = 0
        var seen: [Row] = []
        for offset in stride(from: 0, to: 1000, by: 10) {
            seen += order.page(of: selection, offset: offset, limit: 10) { rows in
                lookups += rows.count
                return rows.map { FileNumber(1000 - $0) }
            }
        }
        #expect(lookups == 1000)
        #expect(seen == (0..<1000).reversed().map(Row.init))
    }
}
