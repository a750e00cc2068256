import Synchronization

extension TextAnalyzer {
    /// Memos for the threads that analyse at the same time.
    final class MemoPool: Sendable {
        // Unchecked: a memo is in the pool's list or with one borrower, never both.
        private struct Lease: @unchecked Sendable { let memo: TokenMemo }

        private let idle = Mutex([Lease]())

        /// Runs `body` with a memo that no other thread has.
        func withMemo(_ body: (TokenMemo) -> Void) {
            let lease = idle.withLock { $0.popLast() } ?? Lease(memo: TokenMemo())
            body(lease.memo)
            idle.withLock { $0.append(lease) }
        }
    }

    /// The dimension of each token, in the text's order: ``forEachToken(of:as:_:)`` without the tokens.
    func dimensions(of text: String, as role: Role) -> [UInt32] {
        var dimensions: [UInt32] = []
        guard options.tokenizer == .word || options.tokenizer == .whitespace else {
            forEachToken(of: text, as: role) { dimensions.append(TokenHash.dimension(of: $0)) }
            return dimensions
        }
        withShaper { shaper in
            memos.withMemo { memo in
                var text = text
                text.withUTF8 { text in
                    let take = { (word: UnsafeBufferPointer<UInt8>) in
                        if let dimension = Self.dimension(of: word, &shaper, memo) { dimensions.append(dimension) }
                    }
                    switch options.tokenizer {
                    case .whitespace: Tokenizers.pieces(of: text, take)
                    default: Tokenizers.words(of: text, take)
                    }
                }
            }
        }
        return dimensions
    }

    private static func dimension(
        of word: UnsafeBufferPointer<UInt8>, _ shaper: inout TokenShaper, _ memo: TokenMemo
    ) -> UInt32? {
        let slot = memo.slot(of: word)
        if let slot {
            switch memo.entry(at: slot, for: word) {
            case .none: return nil
            case .dimension(let dimension): return dimension
            case .unknown: break
            }
        }
        let dimension =
            shaper.shape(word) ? shaper.token.withUnsafeBufferPointer { TokenHash.dimension(of: $0) } : nil
        if let slot { memo.set(dimension, at: slot, for: word) }
        return dimension
    }
}
