import Testing

@testable import VexFS

@Suite struct ElementFindingsTests {
    private static func filter(_ number: Int64) -> Filter {
        .nested("a", .field("x", .anyOf([.integer(number)])))
    }

    /// A finding that others push out while a load for it runs is remembered again as a whole.
    @Test func aFindingThatWasPushedOutLosesNoRow() throws {
        let rows = FilterRows()
        for _ in 0..<4 {
            _ = rows.append(.object([.init("a", .array([.object([.init("x", .integer(1))])]))]))
        }
        let (half, live) = (RowBitmap(rowsBelow: 2), RowBitmap(rowsBelow: 4))
        let findings = ElementFindings()
        let filter = Self.filter(1)
        #expect(try findings.rows(matching: filter, among: half, of: half, from: rows) == half)
        rows.interruption = {
            for number in Int64(2)..<50 {
                _ = try? findings.rows(matching: Self.filter(number), among: live, of: live, from: rows)
            }
        }
        for _ in 0..<2 {
            #expect(try findings.rows(matching: filter, among: live, of: live, from: rows) == live)
        }
    }
}
