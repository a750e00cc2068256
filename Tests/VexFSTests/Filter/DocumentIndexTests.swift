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

    @Test func whatIsForgottenDuringALoadIsLoadedAgain() throws {
        let rows = Self.rows(100)
        let live = RowBitmap(rowsBelow: 100)
        let index = DocumentIndex()
        let condition = StringCondition.substring("Fox")
        let expected = rows.rows { Filter.document(condition).matches($0) }
        rows.interruption = { index.remove(live) }
        for _ in 0..<2 {
            #expect(try index.rows(meeting: condition, among: live, from: rows).rows == expected.rows)
        }
    }

    /// Swift's strings are equal where they are canonically equivalent, and texts are matched by their bytes.
    @Test func twoSpellingsAreTwoConditions() throws {
        let rows = FilterRows()
        let spellings: [String] = ["caf\u{E9}", "cafe\u{301}"]
        for text in spellings {
            let payload = JSON.object([.init("a", .array([.object([.init("t", .string(text))])]))])
            _ = rows.append(FilterSubject(payload: payload, id: ByteString(text), text: ByteString(text)))
        }
        let (index, live) = (PayloadIndex(), RowBitmap(rowsBelow: 2))
        for (row, text) in spellings.enumerated() {
            let words = StringCondition.words(ByteString(text))
            let filters = [Filter.document(words), .nested("a", .field("t", .string(words)))]
            for filter in filters {
                #expect(try index.rows(matching: filter, among: live, from: rows).rows == [Row(row)], "\(filter)")
            }
            let tokens = StringCondition.tokens(TokenQuery(.all, text, options: TextOptions()))
            #expect(
                try index.rows(matching: .document(tokens), among: live, from: rows)
                    == rows.rows { Filter.document(tokens).matches($0) })
        }
        #expect(Filter.hasVector("caf\u{E9}") != Filter.hasVector("cafe\u{301}"))
        #expect(!Filter.hasVector("caf\u{E9}").matches(FilterSubject(payload: .null, vectors: ["cafe\u{301}"])))
    }
}
