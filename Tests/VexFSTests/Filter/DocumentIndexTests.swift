import Testing

@testable import VexFS

@Suite struct DocumentIndexTests {
    private static func rows(_ count: Int) -> FilterRows {
        let rows = FilterRows()
        for number in 0..<count {
            let text = ByteString(number % 10 == 0 ? "The ten-fold Fox \(number)" : "some other text \(number)")
            _ = rows.append(
                FilterSubject(payload: .object([]), id: ByteString("\(number)"), text: number % 7 == 3 ? nil : text))
        }
        return rows
    }

    @Test func textsAreLoadedOnce() throws {
        let rows = Self.rows(1000)
        let live = RowBitmap(rowsBelow: 1000)
        let index = DocumentIndex()
        for condition in [StringCondition.substring("fold F"), .words("fox ten"), .prefix("The"), .substring("x")] {
            let expected = rows.rows { Filter.document(condition).matches($0) }
            for _ in 0..<2 {
                #expect(try index.rows(meeting: condition, among: live, from: rows).rows == expected.rows)
            }
        }
        #expect(rows.textLoads == rows.rows { $0.text != nil }.count)
    }

    @Test func textsThatAreNotKeptAreLoadedToLookAtThem() throws {
        let rows = Self.rows(1000)
        let (half, live) = (RowBitmap(rowsBelow: 500), RowBitmap(rowsBelow: 1000))
        // Room for the first texts only.
        let index = DocumentIndex(textBytes: 2000)
        let condition = StringCondition.substring("fold Fox 9")
        let expected = rows.rows { Filter.document(condition).matches($0) }
        #expect(try index.rows(meeting: condition, among: half, from: rows).rows == expected.intersection(half).rows)
        #expect(try index.rows(meeting: condition, among: live, from: rows).rows == expected.rows)
        let loads = rows.textLoads
        #expect(try index.rows(meeting: condition, among: live, from: rows).rows == expected.rows)
        #expect(rows.textLoads == loads)
        #expect(try index.rows(meeting: .substring("old fox 9"), among: live, from: rows).isEmpty)
        #expect(rows.textLoads - loads < 30)
    }

    @Test func afterMostRowsWereForgottenTheOthersAreFound() throws {
        let rows = Self.rows(1000)
        let live = RowBitmap(rowsBelow: 1000)
        let index = DocumentIndex()
        let condition = StringCondition.substring("Fox")
        let expected = rows.rows { Filter.document(condition).matches($0) }
        #expect(try index.rows(meeting: condition, among: live, from: rows).rows == expected.rows)
        let rest = live.subtracting(RowBitmap(rowsBelow: 700))
        index.remove(RowBitmap(rowsBelow: 700))
        #expect(try index.rows(meeting: condition, among: rest, from: rows).rows == expected.intersection(rest).rows)
        #expect(try index.rows(meeting: condition, among: live, from: rows).rows == expected.rows)
    }
}
