import Testing

@testable import VexFS

@Suite struct SegmentListTests {
    private func entry(_ range: Range<Row>, _ recipe: String = "lists binary") -> SegmentEntry {
        SegmentEntry(range: range, segment: nil, recipe: recipe, file: "\(range.lowerBound).seg")
    }

    @Test func namesTheRowsThatNoSegmentCovers() {
        var list = SegmentList()
        #expect(list.gaps(below: 0) == [])
        #expect(list.gaps(below: 5) == [0..<5])
        _ = list.insert(entry(1024..<2048))
        _ = list.insert(entry(4096..<8192))
        #expect(list.gaps(below: 10_000) == [0..<1024, 2048..<4096, 8192..<10_000])
        #expect(list.gaps(below: 3000) == [0..<1024, 2048..<3000])
        #expect(list.gaps(below: 8192) == [0..<1024, 2048..<4096])
        _ = list.insert(entry(0..<1024))
        #expect(list.gaps(below: 2048) == [])
    }

    @Test func replacesWhatANewSegmentCovers() throws {
        var list = SegmentList()
        for range: Range<Row> in [0..<1024, 2048..<3072, 3072..<4096] { #expect(list.insert(entry(range)) != nil) }
        let inserted = list.insert(entry(1024..<4096, "graph"))
        let replaced = try #require(inserted)
        #expect(replaced.map(\.range) == [2048..<3072, 3072..<4096])
        #expect(list.entries.map(\.range) == [0..<1024, 1024..<4096])
        #expect(list.end == 4096)
    }

    @Test func doesNotCutASegment() {
        var list = SegmentList()
        _ = list.insert(entry(0..<2048))
        #expect(list.insert(entry(1024..<4096)) == nil)
        #expect(list.entries.map(\.range) == [0..<2048])
    }

    @Test func theManifestIsReadBack() throws {
        var list = SegmentList()
        _ = list.insert(entry(0..<2048, "graph m=24"))
        _ = list.insert(entry(4096..<8192))
        let manifest = try SegmentManifest(decoding: SegmentManifest(next: 9, list: list).encoded)
        #expect(manifest.next == 9)
        #expect(
            manifest.entries == [
                .init(range: 0..<2048, recipe: "graph m=24", file: "0.seg"),
                .init(range: 4096..<8192, recipe: "lists binary", file: "4096.seg"),
            ])
        for text in ["", "[]", "{\"next\":1}", "{\"next\":1,\"segments\":[{\"first\":5,\"end\":5}]}"] {
            #expect(throws: VexFSError.self) { try SegmentManifest(decoding: Array(text.utf8)) }
        }
    }
}
