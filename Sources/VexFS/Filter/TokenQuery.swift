/// A text whose tokens another text has to hold, as an analyzer makes them of both.
public struct TokenQuery: Sendable, Hashable {
    /// Which of the tokens.
    public enum Mode: Sendable, Hashable {
        /// All of them, in any order.
        case all
        /// At least one of them.
        case any
        /// All of them, one behind the other.
        case phrase
    }

    /// Which of the tokens.
    public var mode: Mode
    /// The text whose tokens are wanted.
    public var text: ByteString
    /// How texts become tokens.
    public var options: TextOptions

    /// Creates a query.
    public init(_ mode: Mode, _ text: String, options: TextOptions) {
        self.mode = mode
        self.text = ByteString(text)
        self.options = options
    }
}

/// A ``TokenQuery`` made ready to be asked of many texts; one without tokens is met by none.
struct TokenMatcher {
    let mode: TokenQuery.Mode
    let analyzer: TextAnalyzer
    /// The tokens that are wanted; for a phrase in their order, else each of them once.
    let wanted: [String]

    init?(_ query: TokenQuery) {
        // Whoever reads a filter has made an analyzer of the options already; those that cannot be used match nothing.
        guard let analyzer = try? TextAnalyzer(query.options) else { return nil }
        self.analyzer = analyzer
        mode = query.mode
        let tokens = analyzer.queryTokens(of: query.text.string)
        wanted = mode == .phrase ? tokens : Array(Set(tokens)).sorted()
        if wanted.isEmpty { return nil }
    }

    func matches(_ text: ByteString) -> Bool { matches(analyzer.tokens(of: text.string)) }

    func matches(_ tokens: [String]) -> Bool {
        switch mode {
        case .all:
            let held = Set(tokens)
            return wanted.allSatisfy(held.contains)
        case .any: return tokens.contains(where: Set(wanted).contains)
        case .phrase:
            guard tokens.count >= wanted.count else { return false }
            return (0...tokens.count - wanted.count).contains { tokens[$0..<$0 + wanted.count].elementsEqual(wanted) }
        }
    }
}
