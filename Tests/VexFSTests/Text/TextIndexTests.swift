import Testing

@testable import VexFS

@Suite struct TextIndexTests {
    private let texts: [Row: String?] = [
        0: "the quick brown fox", 1: "a lazy dog", 2: nil, 4: "foxes and dogs and foxes", 7: "nothing of the kind",
    ]

    private func index(covering rows: RowBitmap, threads: Int = 1) throws -> TextIndex {
        let index = TextIndex(try BM25())
        try index.update(covering: rows, threads: threads) { rows in rows.map { texts[$0] ?? nil } }
        return index
    }

    private let all = RowBitmap([0, 1, 2, 4, 7])

    @Test func documentsWithTheWordsAreFound() throws {
        let index = try index(covering: all)
        #expect(index.rows.rows == [0, 1, 4, 7])
        let answer = index.search("Fox?", limit: 10, among: all, statistics: all)
        #expect(answer.neighbors.map(\.row) == [4, 0])
        let weight = InverseDocumentFrequency.weight(documents: 4, holders: 2)
        let model = try BM25()
        let document = model.document("foxes and dogs and foxes")
        let place = try #require(document.indices.firstIndex(of: model.query("fox").indices[0]))
        #expect(answer.neighbors.first?.score == weight * document.values[place])
        #expect(index.search("the", limit: 10, among: all, statistics: all).neighbors.isEmpty)
    }

    @Test func onlyNewRowsAreRead() throws {
        let index = try index(covering: RowBitmap([0, 1]))
        var read: [Row] = []
        for _ in 0..<2 {
            try index.update(covering: all) { rows in
                read += rows
                return rows.map { texts[$0] ?? nil }
            }
        }
        #expect(read == [2, 4, 7])
        #expect(index.search("fox", limit: 1, among: all, statistics: all).neighbors.map(\.row) == [4])
    }

    @Test func aFailureLosesNoRow() throws {
        let index = TextIndex(try BM25())
        #expect(throws: VexFSError.self) {
            try index.update(covering: all) { _ throws(VexFSError) in throw VexFSError(.inputOutput, "no disk") }
        }
        try index.update(covering: all) { rows in rows.map { texts[$0] ?? nil } }
        #expect(index.rows.rows == [0, 1, 4, 7])
    }

    @Test func deletedRowsAnswerOnlyForThePast() throws {
        let index = try index(covering: all)
        let now = RowBitmap([0, 1, 7])
        #expect(index.search("foxes", limit: 10, among: now, statistics: now).neighbors.map(\.row) == [0])
        #expect(index.search("foxes", limit: 10, among: all, statistics: all).neighbors.map(\.row) == [4, 0])
        index.compact(removing: all.subtracting(now))
        #expect(index.rows == now)
        #expect(index.search("foxes", limit: 10, among: all, statistics: now).neighbors.map(\.row) == [0])
    }

    @Test func threadsMakeTheSameVectors() throws {
        let words = ["run", "running", "cats", "of", "generous", "été", "naïve"]
        var generator = SeededGenerator(seed: 3)
        let rows = RowBitmap(rowsBelow: 3000)
        let texts = (0..<3000).map { _ in
            (0..<20).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
        }
        let indexes = try [1, 4].map { threads in
            let index = TextIndex(try BM25())
            try index.update(covering: rows, threads: threads) { rows in rows.map { texts[Int($0)] } }
            return index
        }
        for word in words {
            let answers = indexes.map { $0.search(word, limit: 50, among: rows, statistics: rows).neighbors }
            #expect(answers[0] == answers[1])
        }
    }

    @Test func rowsThatComeBeforeACompactionStay() throws {
        let index = try index(covering: RowBitmap([0, 1]))
        // What is dead is found out before these come.
        let dead = RowBitmap([1, 2, 3])
        try index.update(covering: all) { rows in rows.map { texts[$0] ?? nil } }
        index.compact(removing: dead)
        #expect(index.rows.rows == [0, 4, 7])
        #expect(index.search("fox", limit: 9, among: all, statistics: all).neighbors.map(\.row) == [4, 0])
    }
}
