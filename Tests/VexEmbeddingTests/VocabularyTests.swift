import Testing

@testable import VexEmbedding

@Suite struct VocabularyTests {
    @Test func `Pieces are found by their place in a word`() {
        let vocabulary = Vocabulary(lines: Array("[UNK]\nab\n##ab\r\n##\nlong".utf8))
        #expect(vocabulary.count == 5)
        #expect(vocabulary.longest == 5)
        #expect(vocabulary.id(of: Array("ab".utf8)[...], continuing: false) == 1)
        #expect(vocabulary.id(of: Array("ab".utf8)[...], continuing: true) == 2)
        #expect(vocabulary.id(of: Array("##".utf8)[...], continuing: false) == 3)
        #expect(vocabulary.id(of: Array("long".utf8)[...], continuing: false) == 4)
        #expect(vocabulary.id(of: Array("long".utf8)[...], continuing: true) == nil)
        #expect(vocabulary.id(of: [], continuing: false) == nil)
    }
}
