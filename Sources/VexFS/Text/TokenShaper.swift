/// Makes a token of a piece of text: folded, in lower case, no stop word, cut to its stem, and of the right length.
///
/// The order is Qdrant's. Lives for one text, since its stemmer is lent.
struct TokenShaper {
    /// The bytes of the token that was shaped last.
    private(set) var token: [UInt8] = []
    private var folded: [UInt8] = []
    private let rules: TextAnalyzer.Rules
    private let stemmer: StemmerPool.Lease?

    init(_ rules: TextAnalyzer.Rules, _ stemmer: StemmerPool.Lease?) {
        self.rules = rules
        self.stemmer = stemmer
        token.reserveCapacity(64)
    }

    /// Shapes a token; false where it is none. The parts of prefixes are no stop words, and may be too long, because
    /// they are cut.
    mutating func shape(
        _ piece: UnsafeBufferPointer<UInt8>, checksStopwords: Bool = true, checksMaximum: Bool = true
    ) -> Bool {
        guard !piece.isEmpty else { return false }
        token.removeAll(keepingCapacity: true)
        if rules.options.asciiFolding, !piece.isASCII {
            folded.removeAll(keepingCapacity: true)
            ASCIIFolding.append(piece, to: &folded)
            folded.withUnsafeBufferPointer { lower($0) }
        } else {
            lower(piece)
        }
        if checksStopwords, let stopwords = rules.stopwords, stopwords.contains(token) { return false }
        stemmer?.stem(&token)
        return hasRightLength(checksMaximum: checksMaximum)
    }

    private mutating func lower(_ piece: UnsafeBufferPointer<UInt8>) {
        if rules.options.lowercase {
            LowerCase.append(piece, to: &token)
        } else {
            token.append(contentsOf: piece)
        }
    }

    private func hasRightLength(checksMaximum: Bool) -> Bool {
        let (minimum, maximum) = (rules.options.minTokenLength, rules.options.maxTokenLength)
        guard minimum != nil || maximum != nil else { return true }
        let count = token.withUnsafeBufferPointer { $0.scalarCount }
        return count >= minimum ?? 0 && (!checksMaximum || count <= maximum ?? .max)
    }
}
