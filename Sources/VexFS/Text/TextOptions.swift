/// How a text becomes tokens; the options of Qdrant's text index, with its defaults.
public struct TextOptions: Sendable, Hashable {
    /// Where tokens begin and end.
    public enum Tokenizer: String, Sendable, CaseIterable {
        /// Runs of letters and digits (Unicode `Alphabetic`, `Nd`, `Nl`, `No`).
        case word
        /// What stands between white space.
        case whitespace
        /// As `word`; a document has every prefix of its words, a query its words.
        case prefix
        /// As `word`, for any script: always in lower case, accents of Latin and Greek and marks of Hebrew, Arabic and
        /// Thai dropped; scripts without spaces in overlapping pairs of characters; tokens without a letter left out.
        case multilingual
    }

    /// Words that are no tokens.
    public struct Stopwords: Sendable, Hashable {
        /// The languages whose lists count.
        public var languages: Set<Language>
        /// Words of the caller's own.
        public var words: Set<String>

        /// Puts lists together; with the defaults, none.
        public init(languages: Set<Language> = [], words: Set<String> = []) {
            self.languages = languages
            self.words = words
        }
    }

    /// The languages that have a list of stop words.
    public enum Language: String, Sendable, CaseIterable {
        case arabic, azerbaijani, basque, bengali, catalan, chinese, danish, dutch, english, finnish, french, german
        case greek, hebrew, hinglish, hungarian, indonesian, italian, japanese, kazakh, nepali, norwegian, portuguese
        case romanian, russian, slovene, spanish, swedish, tajik, turkish
    }

    /// The Snowball algorithms (snowballstem.org), under libstemmer's names.
    public enum Stemmer: String, Sendable, CaseIterable {
        case arabic, armenian, basque, catalan, danish, dutch, english, finnish, french, german, greek, hindi, hungarian
        case indonesian, irish, italian, lithuanian, nepali, norwegian, porter, portuguese, romanian, russian, serbian
        case spanish, swedish, tamil, turkish, yiddish
    }

    /// Where tokens begin and end.
    public var tokenizer: Tokenizer = .word
    /// Whether tokens are in lower case.
    public var lowercase = true
    /// Whether letters lose their accents; before anything else happens to a token.
    public var asciiFolding = false
    /// Words that are no tokens.
    public var stopwords = Stopwords()
    /// How words are cut down to their stems, nil for not at all.
    public var stemmer: Stemmer?
    /// The fewest characters of a token, nil for any number.
    public var minTokenLength: Int?
    /// The most characters of a token, nil for any number.
    public var maxTokenLength: Int?
    /// Whether an index keeps the order of tokens, for phrases; tokens themselves do not depend on it.
    public var phraseMatching = false

    /// The defaults: words in lower case, none left out.
    public init() {}

    /// Qdrant's for a language whose stop words and stems are known: what `qdrant/bm25` does with English.
    public static let english: TextOptions = {
        var options = TextOptions()
        options.stopwords = Stopwords(languages: [.english])
        options.stemmer = .english
        return options
    }()
}
