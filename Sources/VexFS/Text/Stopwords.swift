/// Words that are no tokens, compared byte by byte.
///
/// The lists are those of NLTK's corpus "stopwords", most of them from the Snowball project, and of Qdrant where NLTK
/// has none.
struct Stopwords: Sendable {
    private let words: Set<[UInt8]>
    /// The lengths that occur, as bits, so that most tokens are turned away without being looked up.
    private let lengths: UInt64

    /// The words of the options; in lower case where the tokens are.
    init(_ options: TextOptions) {
        var words: Set<[UInt8]> = []
        func add(_ word: some StringProtocol) {
            var text = String(word)
            words.insert(
                text.withUTF8 { bytes in
                    guard options.lowercase else { return Array(bytes) }
                    var lower: [UInt8] = []
                    LowerCase.append(bytes, to: &lower)
                    return lower
                })
        }
        for language in options.stopwords.languages {
            for word in Self.text(of: language).split(whereSeparator: { $0 == " " || $0 == "\n" }) { add(word) }
        }
        for word in options.stopwords.words { add(word) }
        lengths = words.reduce(0) { $0 | 1 << UInt64(min($1.count, 63)) }
        self.words = words
    }

    /// Whether the word is in one of the lists.
    func contains(_ word: [UInt8]) -> Bool {
        lengths >> UInt64(min(word.count, 63)) & 1 != 0 && words.contains(word)
    }

    /// The list of a language, with spaces and line breaks between the words.
    private static func text(of language: TextOptions.Language) -> String {
        switch language {
        case .arabic: arabic
        case .azerbaijani: azerbaijani
        case .basque: basque
        case .bengali: bengali
        case .catalan: catalan
        case .chinese: chinese
        case .danish: danish
        case .dutch: dutch
        case .english: english
        case .finnish: finnish
        case .french: french
        case .german: german
        case .greek: greek
        case .hebrew: hebrew
        case .hinglish: hinglish
        case .hungarian: hungarian
        case .indonesian: indonesian
        case .italian: italian
        case .japanese: japanese
        case .kazakh: kazakh
        case .nepali: nepali
        case .norwegian: norwegian
        case .portuguese: portuguese
        case .romanian: romanian
        case .russian: russian
        case .slovene: slovene
        case .spanish: spanish
        case .swedish: swedish
        case .tajik: tajik
        case .turkish: turkish
        }
    }
}
