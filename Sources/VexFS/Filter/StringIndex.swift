/// Finds among the distinct strings of a field those that meet a condition; a string's code is its number.
///
/// Words, tokens and trigrams are indexed when they are first asked for, and then for every string that comes.
struct StringIndex: Sendable {
    /// Fewer strings than this are looked through.
    private static var fewStrings: Int { 512 }

    private var words: WordIndex?
    private var tokens: [TextOptions: TokenIndex] = [:]
    private var trigrams: TrigramIndex?

    /// Takes strings into the index that a condition needs, at most `limit`; whether it has all then.
    @discardableResult
    mutating func prepare(for condition: StringCondition, _ strings: [ByteString], limit: Int = .max) -> Bool {
        let done: Int
        switch condition {
        case .words:
            if words == nil { words = WordIndex() }
            for text in strings[(words?.count ?? 0)...].prefix(limit) { words?.append(text) }
            done = words?.count ?? 0
        case .tokens(let query):
            // Nil where there is no analyzer with such options.
            guard var index = tokens.removeValue(forKey: query.options) ?? TokenIndex(query.options) else {
                return true
            }
            for text in strings[index.count...].prefix(limit) { index.append(text) }
            done = index.count
            tokens[query.options] = index
        case .prefix, .substring, .expression:
            guard strings.count >= Self.fewStrings else { return true }
            if trigrams == nil { trigrams = TrigramIndex() }
            for text in strings[(trigrams?.count ?? 0)...].prefix(limit) { text.withBytes { trigrams?.append($0) } }
            done = trigrams?.count ?? 0
        }
        return done == strings.count
    }

    /// The codes of the strings that meet the condition.
    mutating func codes(meeting condition: StringCondition, _ strings: [ByteString]) -> RowBitmap {
        prepare(for: condition, strings)
        switch condition {
        case .words(let text): return words?.codes(of: FilterWords(text.string)) ?? RowBitmap()
        case .tokens(let query): return tokens[query.options]?.codes(meeting: query, strings) ?? RowBitmap()
        case .prefix, .substring, .expression: break
        }
        let candidates = trigrams?.candidates(for: condition) ?? RowBitmap(rowsBelow: strings.count)
        var found: [Row] = []
        candidates.forEach { if condition.isMet(by: strings[Int($0)]) { found.append($0) } }
        return RowBitmap(found)
    }
}

extension TrigramIndex {
    /// The texts that may meet a condition, nil where the index cannot tell.
    func candidates(for condition: StringCondition) -> RowBitmap? {
        switch condition {
        case .prefix(let part), .substring(let part): candidates(holding: part)
        case .expression(let expression): candidates(matching: expression)
        case .words(let text): candidates(withWords: FilterWords(text.string).words)
        case .tokens: nil
        }
    }
}

/// The tokens of a field's distinct strings with the codes of the strings that have each.
struct TokenIndex: Sendable {
    private let analyzer: TextAnalyzer
    private var postings: [String: Postings] = [:]
    /// How many strings are in.
    private(set) var count = 0

    /// Nil where there is no analyzer with such options; then no string has a token.
    init?(_ options: TextOptions) {
        guard let analyzer = try? TextAnalyzer(options) else { return nil }
        self.analyzer = analyzer
    }

    /// Takes in the next string.
    mutating func append(_ text: ByteString) {
        let code = Row(count)
        count += 1
        for token in analyzer.tokens(of: text.string) { postings[token, default: .one(code)].add(code) }
    }

    /// The codes of the strings that meet a query with the same options.
    func codes(meeting query: TokenQuery, _ strings: [ByteString]) -> RowBitmap {
        guard let matcher = TokenMatcher.prepared(query) else { return RowBitmap() }
        if matcher.mode == .any {
            var union = PostingsUnion()
            for token in matcher.wanted { if let found = postings[token] { union.add(found) } }
            return union.rows()
        }
        var result: RowBitmap?
        for token in Set(matcher.wanted) {
            guard let found = postings[token] else { return RowBitmap() }
            result = result?.intersection(found.rows) ?? found.rows
        }
        guard let result, matcher.mode == .phrase else { return result ?? RowBitmap() }
        var kept: [Row] = []
        result.forEach { if matcher.matches(strings[Int($0)]) { kept.append($0) } }
        return RowBitmap(kept)
    }
}
