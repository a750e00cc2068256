/// Cuts texts into tokens, the same way for documents and for what is asked of them.
///
/// A text without an index is tokenised likewise, so a condition on text does not depend on there being one.
public struct TextAnalyzer: Sendable {
    /// What the options became.
    struct Rules: Sendable {
        var options: TextOptions
        var stopwords: Stopwords?
        var stemmers: StemmerPool?
    }

    /// What a text is read as.
    enum Role { case document, query }

    private let rules: Rules
    /// What frequent words became.
    let memos = MemoPool()

    /// The options.
    public var options: TextOptions { rules.options }

    /// Prepares stop words and stemmers. O(stop words).
    /// - Throws: `invalidConfiguration` (EINVAL) where lengths contradict each other, or the installed libstemmer has
    ///   not the language.
    public init(_ options: TextOptions) throws(VexFSError) {
        let (minimum, maximum) = (options.minTokenLength ?? 1, options.maxTokenLength ?? .max)
        guard minimum >= 0, maximum >= 1, minimum <= maximum else {
            throw VexFSError(
                .invalidConfiguration,
                "a text index takes tokens of \(minimum) to \(maximum) characters; "
                    + "the shortest must not be longer than the longest")
        }
        rules = Rules(
            options: options,
            stopwords: options.stopwords == TextOptions.Stopwords() ? nil : Stopwords(options),
            stemmers: try options.stemmer.map { language throws(VexFSError) in try StemmerPool(language) })
    }

    /// The tokens of a document, in its order, each as often as it occurs. O(bytes).
    ///
    /// With ``TextOptions/Tokenizer/prefix`` every prefix of every word; with
    /// ``TextOptions/Tokenizer/multilingual`` the single characters of longer unspaced runs follow at the end.
    public func tokens(of text: String) -> [String] { list(text, .document) }

    /// The tokens of a query, in its order, each as often as it occurs: a document has to have these to match.
    /// O(bytes).
    public func queryTokens(of text: String) -> [String] { list(text, .query) }

    private func list(_ text: String, _ role: Role) -> [String] {
        var tokens: [String] = []
        forEachToken(of: text, as: role) { tokens.append(String(decoding: $0, as: UTF8.self)) }
        return tokens
    }

    /// Calls `body` with the UTF-8 of each token; the bytes are valid during the call.
    func forEachToken(of text: String, as role: Role, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        withShaper { shaper in
            var text = text
            text.withUTF8 { text in
                switch options.tokenizer {
                case .word:
                    Tokenizers.words(of: text) { if shaper.shape($0) { shaper.token.withUnsafeBufferPointer(body) } }
                case .whitespace:
                    Tokenizers.pieces(of: text) { if shaper.shape($0) { shaper.token.withUnsafeBufferPointer(body) } }
                case .multilingual:
                    Multilingual.pieces(of: text, withSingles: role == .document) {
                        if shaper.shape($0) { shaper.token.withUnsafeBufferPointer(body) }
                    }
                case .prefix:
                    switch role {
                    case .document: prefixes(of: text, &shaper, body)
                    case .query: partialWords(of: text, &shaper, body)
                    }
                }
            }
        }
    }

    /// Runs `body` with what shapes tokens, and a stemmer of its own.
    func withShaper(_ body: (inout TokenShaper) -> Void) {
        let stemmer = rules.stemmers?.take()
        defer { if let stemmer { rules.stemmers?.give(stemmer) } }
        var shaper = TokenShaper(rules, stemmer)
        body(&shaper)
    }

    /// The longest prefix in characters: the prefixes of a word that is a whole file would be as long as its square.
    static let longestPrefix = 256

    private var longestPrefix: Int { min(options.maxTokenLength ?? .max, Self.longestPrefix) }

    /// All prefixes of the words, from the shortest to the longest that the options allow.
    private func prefixes(
        of text: UnsafeBufferPointer<UInt8>, _ shaper: inout TokenShaper, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        let shortest = max(1, options.minTokenLength ?? 1)
        let longest = longestPrefix
        Tokenizers.words(of: text) { word in
            guard shaper.shape(word, checksMaximum: false) else { return }
            shaper.token.withUnsafeBufferPointer { word in
                var reader = ScalarReader(word)
                var count = 0
                while count < longest, reader.next() != nil {
                    count += 1
                    let isWhole = reader.position == word.count
                    if count >= shortest || isWhole { body(.init(rebasing: word[0..<reader.position])) }
                }
            }
        }
    }

    /// The words, cut to the longest prefix that documents have; a stop word may be the beginning of another word.
    private func partialWords(
        of text: UnsafeBufferPointer<UInt8>, _ shaper: inout TokenShaper, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        Tokenizers.words(of: text) { word in
            guard shaper.shape(word, checksStopwords: false, checksMaximum: false) else { return }
            shaper.token.withUnsafeBufferPointer { word in
                body(word.prefix(scalars: longestPrefix))
            }
        }
    }
}
