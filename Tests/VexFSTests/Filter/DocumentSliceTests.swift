import Testing

@testable import VexFS

@Suite struct DocumentSliceTests {
    /// The example of the paper's appendix A, and two of its authors' table of vectors.
    @Test(
        arguments: [(15, 0xa129_ca61_49be_45e5), (0, 0x726f_db47_dd0e_0e31), (8, 0x93f5_f579_9a93_2462)]
            as [(Int, UInt64)])
    func hashes(_ count: Int, _ hash: UInt64) {
        let bytes = (0..<UInt8(count)).map { $0 }
        #expect(SipHash.hash(bytes, key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)) == hash)
    }

    @Test func slicesAreDisjointAndComplete() throws {
        let ids = (0..<500).map {
            ByteString(["\($0)", "note \($0).md", "00000000-0000-0000-0000-\(100_000_000_000 + $0)"][$0 % 3])
        }
        for total in [1, 2, 4, 7] as [UInt32] {
            let slices = (0..<total).compactMap { DocumentSlice(index: $0, total: total) }
            for id in ids { #expect(slices.count { $0.contains(DocumentSlice.hash(of: id)) } == 1) }
        }
        #expect(DocumentSlice(index: 4, total: 4) == nil)
        let (quarter, half) = (DocumentSlice(index: 0, total: 4), DocumentSlice(index: 0, total: 2))
        for id in ids where quarter?.contains(DocumentSlice.hash(of: id)) == true {
            #expect(half?.contains(DocumentSlice.hash(of: id)) == true)
        }
    }

    @Test func allSpellingsOfAUUIDAreOneId() {
        let hashes = ["550e8400-e29b-41d4-a716-446655440000", "550E8400E29B41D4A716446655440000"].map {
            DocumentSlice.hash(of: ByteString($0))
        }
        #expect(hashes[0] == hashes[1])
        #expect(DocumentSlice.hash(of: "7") != DocumentSlice.hash(of: "07"))
    }

    @Test func aNewIdIsSeenAfterAllWereForgotten() throws {
        let rows = FilterRows()
        for number in 0..<100 { _ = rows.append(FilterSubject(payload: .object([]), id: ByteString("\(number)"))) }
        let (index, live) = (PayloadIndex(), RowBitmap(rowsBelow: 100))
        let slice = try #require(DocumentSlice(index: 0, total: 2))
        let before = try index.rows(matching: .slice(slice), among: live, from: rows)
        for row in live.rows { rows[row].id = ByteString("renamed \(row)") }
        #expect(try index.rows(matching: .slice(slice), among: live, from: rows).rows == before.rows)
        rows.slices.forgetAll()
        let after = try index.rows(matching: .slice(slice), among: live, from: rows)
        #expect(after.rows == rows.rows { Filter.slice(slice).matches($0) }.rows)
        #expect(after.rows != before.rows)
    }
}
