import Testing

@testable import VexFS

@Suite struct TextAnalyzerTests {
    private func tokens(
        _ text: String, query: Bool = false, _ change: (inout TextOptions) -> Void = { _ in }
    ) throws -> [String] {
        var options = TextOptions()
        change(&options)
        let analyzer = try TextAnalyzer(options)
        return query ? analyzer.queryTokens(of: text) : analyzer.tokens(of: text)
    }

    /// Qdrant's engine made the dimensions: each is a token's hash, so equal dimensions are equal tokens.
    @Test func tokensAreThoseOfQdrant() throws {
        let cases = try TextFixtures.lines("analyzer_cases.jsonl")
        #expect(cases.count > 400)
        for line in cases {
            let analyzer = try TextAnalyzer(try TextFixtures.options(line["options"]))
            let text = try TextFixtures.text(line)
            let tokens = analyzer.queryTokens(of: text)
            let dimensions = Set(tokens.map { dimension(of: $0) }).sorted()
            let wanted = try TextFixtures.dimensions(line["query"])
            #expect(dimensions == wanted, "\(analyzer.options) of \(text.debugDescription): \(tokens)")
        }
    }

    private func dimension(of token: String) -> UInt32 {
        var token = token
        return token.withUTF8 { TokenHash.dimension(of: $0) }
    }

    @Test func wordsAreLettersAndDigits() throws {
        #expect(try tokens("Hello, world! it's 3.14_x") == ["hello", "world", "it", "s", "3", "14", "x"])
        #expect(try tokens("Hello, World") { $0.lowercase = false } == ["Hello", "World"])
        #expect(try tokens(" ,.; ").isEmpty)
    }

    @Test func whiteSpaceKeepsTheRest() throws {
        #expect(try tokens("it's  e-mail,\u{a0}now") { $0.tokenizer = .whitespace } == ["it's", "e-mail,", "now"])
    }

    @Test func prefixes() throws {
        func set(_ options: inout TextOptions) {
            options.tokenizer = .prefix
            options.minTokenLength = 2
            options.maxTokenLength = 4
        }
        #expect(try tokens("Hello мир a", set) == ["he", "hel", "hell", "ми", "мир"])
        #expect(try tokens("Hello мир a", query: true, set) == ["hell", "мир"])
    }

    @Test func aStopWordMayBeginAPrefix() throws {
        func set(_ options: inout TextOptions) {
            options.tokenizer = .prefix
            options.stopwords.languages = [.english]
        }
        #expect(try tokens("the theory", set) == ["t", "th", "the", "theo", "theor", "theory"])
        #expect(try tokens("the", query: true, set) == ["the"])
    }

    @Test func everyLanguageHasStopWords() throws {
        let samples: [TextOptions.Language: String] = [
            .arabic: "في", .azerbaijani: "və", .basque: "eta", .bengali: "এবং", .catalan: "i", .chinese: "的",
            .danish: "og", .dutch: "en", .english: "and", .finnish: "ja", .french: "et", .german: "und", .greek: "και",
            .hebrew: "את", .hinglish: "aur", .hungarian: "és", .indonesian: "dan", .italian: "e", .japanese: "これ",
            .kazakh: "жоқ", .nepali: "र", .norwegian: "og", .portuguese: "e", .romanian: "ar", .russian: "и",
            .slovene: "in", .spanish: "y", .swedish: "och", .tajik: "ва", .turkish: "ve",
        ]
        #expect(Set(samples.keys) == Set(TextOptions.Language.allCases))
        for (language, word) in samples {
            let left = try tokens("\(word) vexfs") {
                $0.tokenizer = .whitespace
                $0.stopwords.languages = [language]
            }
            #expect(left == ["vexfs"], "\(language)")
        }
    }

    @Test func stopWordsAreComparedInTheTokensCase() throws {
        #expect(try tokens("THE End") { $0.stopwords.languages = [.english] } == ["end"])
        let exact = try tokens("THE the Own own") {
            $0.lowercase = false
            $0.stopwords = .init(languages: [.english], words: ["Own"])
        }
        #expect(exact == ["THE"])
    }

    @Test func everyStemmerIsInTheLibrary() throws {
        for language in TextOptions.Stemmer.allCases {
            #expect(try tokens("abc") { $0.stemmer = language }.count == 1, "\(language)")
        }
    }

    @Test func stems() throws {
        #expect(try tokens("running foxes") { $0.stemmer = .english } == ["run", "fox"])
        #expect(try tokens("Häuser") { $0.stemmer = .german } == ["haus"])
    }

    @Test func manyThreadsShareOneAnalyzer() async throws {
        let analyzer = try TextAnalyzer(.english)
        await withTaskGroup(of: [String].self) { group in
            for number in 0..<64 {
                group.addTask { analyzer.tokens(of: String(repeating: "running \(number) generously ", count: 50)) }
            }
            for await tokens in group { #expect(tokens.first == "run" && tokens.last == "generous") }
        }
    }

    @Test func lengthsAreCountedInCharacters() throws {
        func set(_ options: inout TextOptions) {
            options.minTokenLength = 2
            options.maxTokenLength = 3
        }
        #expect(try tokens("a éé ééé éééé", set) == ["éé", "ééé"])
    }

    @Test func contradictoryLengthsAreRefused() {
        var options = TextOptions()
        options.minTokenLength = 5
        options.maxTokenLength = 4
        #expect(throws: VexFSError.self) { try TextAnalyzer(options) }
    }

    @Test func folding() throws {
        #expect(try tokens("Crème Straße Ærø ﬁn") { $0.asciiFolding = true } == ["creme", "strasse", "aero", "fin"])
    }

    @Test func unspacedScriptsBecomePairs() throws {
        func set(_ options: inout TextOptions) { options.tokenizer = .multilingual }
        #expect(try tokens("今天是abc中", query: true, set) == ["今天", "天是", "abc", "中"])
        #expect(try tokens("今天是abc中", set) == ["今天", "天是", "abc", "中", "今", "天", "是"])
        #expect(try tokens("天", query: true, set) == ["天"])
        #expect(try tokens("テキスト", query: true, set) == ["テキ", "キス", "スト"])
        #expect(try tokens("한국어 텍스트", query: true, set) == ["한국어", "텍스트"])
        #expect(try tokens("မြန်မာ", query: true, set) == ["မြန်", "န်မာ"])
    }

    @Test func multilingualTextIsPlain() throws {
        func set(_ options: inout TextOptions) {
            options.tokenizer = .multilingual
            options.lowercase = false
        }
        #expect(try tokens("Crème ΆΛΦΑ e\u{301} שָׁלוֹם كِتَاب", set) == ["creme", "αλφα", "e", "שלום", "كتاب"])
        #expect(try tokens("42 a1", set) == ["a1"])
    }

    /// The prefixes of a word as long as a file would take its square.
    @Test func prefixesAreBounded() throws {
        var options = TextOptions()
        options.tokenizer = .prefix
        let analyzer = try TextAnalyzer(options)
        let word = String(repeating: "ä", count: 200_000)
        var count = 0
        var longest = 0
        analyzer.forEachToken(of: word, as: .document) { token in
            count += 1
            longest = max(longest, token.count)
        }
        #expect(count == 256)
        #expect(longest == 512)
        // What is asked for is cut likewise, so that a document is found by its own words.
        #expect(Set(analyzer.tokens(of: word)).isSuperset(of: analyzer.queryTokens(of: word)))
        options.maxTokenLength = 65_536
        #expect(try TextAnalyzer(options).tokens(of: word).count == 256)
    }
}
