import CVexKernels
import VexFS

/// The tokenizer of the uncased BERT models: normalisation, splitting and WordPiece, with the ids that Hugging Face's
/// `tokenizers` gives.
///
/// Method: Devlin et al., arXiv 1810.04805; WordPiece by longest match first.
public final class WordPieceTokenizer: Sendable {
    /// A text's tokens.
    public struct Tokens: Sendable, Equatable {
        /// `[CLS]`, the pieces, `[SEP]`.
        public var ids: [Int32]
        /// Whether pieces were cut off.
        public var truncated: Bool
    }

    /// The most code points of a word; a longer one is unknown as a whole.
    static let longestWord = 100

    enum Special {
        static let unknown: Int32 = 100
        static let start: Int32 = 101
        static let end: Int32 = 102
        /// Written in a text, these stand for themselves.
        static let spelled: [(text: StaticString, id: Int32)] = [
            ("[PAD]", 0), ("[UNK]", 100), ("[CLS]", 101), ("[SEP]", 102), ("[MASK]", 103),
        ]
    }

    let vocabulary: Vocabulary

    /// Reads a `vocab.txt`.
    /// - Throws: `modelMissing` when it cannot be read, `corruption` when it is not the uncased BERT vocabulary.
    public init(vocabularyPath path: String) throws(VexFSError) {
        vocabulary = Vocabulary(lines: try readFile(path, limit: 1 << 22))
        let found = Special.spelled.allSatisfy { special in
            vocabulary.id(of: Array("\(special.text)".utf8)[...], continuing: false) == special.id
        }
        guard found, vocabulary.count == VEXFS_MINILM_VOCABULARY else {
            throw VexFSError(
                .corruption, "This is not the vocabulary of all-MiniLM-L6-v2; run scripts/fetch-model again.", at: path)
        }
    }

    /// The ids of a text, at most `limit` (at least 2) with the two special ones. O(length) up to the limit.
    public func encode(_ text: String, limit: Int = MiniLM.maximumTokens) -> Tokens {
        var encoder = Encoder(vocabulary: vocabulary, limit: limit - 2)
        encoder.consume(text)
        return Tokens(ids: [Special.start] + encoder.ids.prefix(limit - 2) + [Special.end], truncated: encoder.isFull)
    }
}

extension WordPieceTokenizer {
    /// The state of one text's encoding.
    struct Encoder {
        let vocabulary: Vocabulary
        let limit: Int
        var ids: [Int32] = []
        private var word: [UInt8] = []
        /// Code points of the word, also those beyond the limit, which are counted but not kept.
        private var wordLength = 0

        init(vocabulary: Vocabulary, limit: Int) {
            self.vocabulary = vocabulary
            self.limit = limit
            ids.reserveCapacity(min(limit, 64) + 1)
            word.reserveCapacity(64)
        }

        /// Whether there are more pieces than fit.
        var isFull: Bool { ids.count > limit }

        mutating func consume(_ text: String) {
            let scalars = text.unicodeScalars
            var at = scalars.startIndex
            while at < scalars.endIndex, !isFull {
                if scalars[at] == "[", let special = Self.special(in: text, at: at) {
                    finishWord()
                    ids.append(special.id)
                    at = text.utf8.index(at, offsetBy: special.length)
                } else {
                    take(scalars[at].value)
                    at = scalars.index(after: at)
                }
            }
            if !isFull { finishWord() }
        }

        private static func special(in text: String, at start: String.Index) -> (id: Int32, length: Int)? {
            let rest = text.utf8[start...]
            for special in Special.spelled {
                let length = special.text.utf8CodeUnitCount
                let matches = special.text.withUTF8Buffer { rest.prefix(length).elementsEqual($0) }
                if matches { return (special.id, length) }
            }
            return nil
        }

        private mutating func take(_ scalar: UInt32) {
            // The common letters need no table.
            if scalar &- 0x61 < 26 || scalar &- 0x30 < 10 { return append(scalar) }
            var outputs: (UInt32, UInt32, UInt32) = (0, 0, 0)
            var count: Int32 = 0
            // The function writes at most three words, which is what the tuple holds.
            let kind = withUnsafeMutableBytes(of: &outputs) { buffer in
                vexfs_normalize(scalar, buffer.assumingMemoryBound(to: UInt32.self).baseAddress, &count)
            }
            switch kind {
            case VEXFS_NORMAL_DROP: return
            case VEXFS_NORMAL_SPACE: finishWord()
            case VEXFS_NORMAL_ALONE:
                finishWord()
                append(scalar)
                finishWord()
            default:
                split(outputs.0)
                if count > 1 { split(outputs.1) }
                if count > 2 { split(outputs.2) }
            }
        }

        /// A normalised code point: a border, a word by itself, or part of the current one.
        private mutating func split(_ scalar: UInt32) {
            if scalar == 0x20 {
                finishWord()
            } else if vexfs_is_punctuation(scalar) != 0 {
                finishWord()
                append(scalar)
                finishWord()
            } else {
                append(scalar)
            }
        }

        private mutating func append(_ value: UInt32) {
            wordLength += 1
            guard wordLength <= longestWord, let scalar = Unicode.Scalar(value) else { return }
            word.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }

        private mutating func finishWord() {
            guard wordLength > 0 else { return }
            defer {
                word.removeAll(keepingCapacity: true)
                wordLength = 0
            }
            guard wordLength <= longestWord else { return ids.append(Special.unknown) }
            let before = ids.count
            var start = 0
            while start < word.count {
                guard let (id, end) = longestPiece(from: start) else {
                    ids.removeSubrange(before...)
                    return ids.append(Special.unknown)
                }
                ids.append(id)
                start = end
            }
        }

        private func longestPiece(from start: Int) -> (id: Int32, end: Int)? {
            var end = min(word.count, start + vocabulary.longest)
            while end > start {
                if let id = vocabulary.id(of: word[start..<end], continuing: start > 0) { return (id, end) }
                end -= 1
            }
            return nil
        }
    }
}
