import Synchronization

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
struct TokenMatcher: Sendable {
    /// Matchers that were asked for, so that whoever looks at text after text prepares none for each.
    private static let prepared = Mutex<[TokenQuery: TokenMatcher]>([:])
    private static let preparedMaximum = 64

    /// The matcher of a query, prepared once; nil for a query without tokens.
    static func prepared(_ query: TokenQuery) -> TokenMatcher? {
        if let known = prepared.withLock({ $0[query] }) { return known }
        guard let new = TokenMatcher(query) else { return nil }
        prepared.withLock { prepared in
            if prepared.count >= preparedMaximum { prepared.removeAll() }
            prepared[query] = new
        }
        return new
    }

    let mode: TokenQuery.Mode
    let analyzer: TextAnalyzer
    /// The tokens that are wanted; for a phrase in their order, else each of them once.
    let wanted: [String]
    /// Of a phrase, where to go on after a token that is not wanted.
    private let borders: [Int]

    init?(_ query: TokenQuery) {
        // Whoever reads a filter has made an analyzer of the options already; those that cannot be used match nothing.
        guard let analyzer = try? TextAnalyzer(query.options) else { return nil }
        self.analyzer = analyzer
        mode = query.mode
        let tokens = analyzer.queryTokens(of: query.text.string)
        wanted = mode == .phrase ? tokens : Array(Set(tokens)).sorted()
        borders = mode == .phrase ? Self.borders(wanted) : []
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
            // Knuth, Morris, Pratt (doi:10.1137/0206024): no token is looked at again and again.
            var matched = 0
            for token in tokens {
                while matched > 0, wanted[matched] != token { matched = borders[matched - 1] }
                if wanted[matched] == token { matched += 1 }
                if matched == wanted.count { return true }
            }
            return false
        }
    }

    /// For each beginning of the tokens how long its longest end is that is a beginning too, and not all of it.
    private static func borders(_ tokens: [String]) -> [Int] {
        var borders = [Int](repeating: 0, count: tokens.count)
        var length = 0
        for place in tokens.indices.dropFirst() {
            while length > 0, tokens[length] != tokens[place] { length = borders[length - 1] }
            if tokens[length] == tokens[place] { length += 1 }
            borders[place] = length
        }
        return borders
    }
}
