import Foundation
import Testing
import VexFS

@testable import VexEmbedding

@Suite struct WordPieceTokenizerTests {
    let tokenizer: WordPieceTokenizer

    init() throws { tokenizer = try WordPieceTokenizer(vocabularyPath: "\(try Fixtures.model())/vocab.txt") }

    @Test func `Ids are those of the reference texts`() throws {
        let references = try Fixtures.references()
        #expect(references.count == 161)
        for reference in references {
            #expect(tokenizer.encode(reference.text).ids == reference.ids, "\(reference.text.debugDescription)")
        }
    }

    @Test func `Ids of hostile texts are those of Hugging Face's tokenizers`() throws {
        let cases = try Fixtures.lines("\(Fixtures.directory)/tokenizer_cases.jsonl")
        #expect(cases.count == 2000)
        #expect(try differences(cases) == 0)
    }

    /// `scripts/check-tokenizer` runs this one on texts that it makes.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["VEXFS_TOKENIZER_CASES"] != nil))
    func `Ids of generated texts`() throws {
        let path = try #require(ProcessInfo.processInfo.environment["VEXFS_TOKENIZER_CASES"])
        let cases = try Fixtures.lines(path)
        let count = try differences(cases)
        print("\(cases.count) generated texts, \(count) differences")
        #expect(count == 0)
    }

    private func differences(_ cases: [JSON]) throws -> Int {
        var count = 0
        for line in cases {
            let text = try Fixtures.text(line)
            let expected = try Fixtures.ids(line)
            let ids = tokenizer.encode(text).ids
            if ids != expected {
                count += 1
                if count <= 5 { Issue.record("\(text.debugDescription): \(ids) instead of \(expected)") }
            }
        }
        return count
    }

    @Test(arguments: [
        ("", []), (" \t\n\u{3000}", []), ("\u{0}\u{AD}\u{FEFF}", []), ("[CLS]", [101]), ("a[SEP]b", [1037, 102, 1038]),
        ("[cls]", [1031, 18856, 2015, 1033]), ("[", [1031]), ("É", [1041]), ("e\u{301}", [1041]), ("中", [1746]),
        ("İ", [1045]), ("한", [1469, 30006, 30021]),
    ])
    func `Edge cases`(text: String, pieces: [Int32]) {
        #expect(tokenizer.encode(text) == .init(ids: [101] + pieces + [102], truncated: false))
    }

    @Test func `A word of more than 100 code points is unknown`() {
        let kept = tokenizer.encode(String(repeating: "a", count: 100))
        #expect(kept.ids.count > 3)
        #expect(tokenizer.encode(String(repeating: "a", count: 101)).ids == [101, 100, 102])
        #expect(tokenizer.encode(String(repeating: "a", count: 1_000_000)).ids == [101, 100, 102])
    }

    @Test func `The window holds 254 pieces, and more is reported`() {
        let full = tokenizer.encode(String(repeating: "a ", count: 254))
        #expect(full.ids.count == 256)
        #expect(!full.truncated)
        let over = tokenizer.encode(String(repeating: "a ", count: 255))
        #expect(over.ids == full.ids)
        #expect(over.truncated)
        #expect(tokenizer.encode("a a a", limit: 4).ids == [101, 1037, 1037, 102])
    }

    @Test func `A file that is not the vocabulary is refused`() throws {
        try Fixtures.withDirectory { directory in
            try Fixtures.write(Array("a\nb\n".utf8), to: "\(directory)/vocab.txt")
            let error = #expect(throws: VexFSError.self) {
                try WordPieceTokenizer(vocabularyPath: "\(directory)/vocab.txt")
            }
            #expect(error?.code == .corruption)
        }
    }
}
