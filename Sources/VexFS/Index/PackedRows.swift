/// Which rows of a chunk are there, where only some of them are stored, one behind the other: a bit for each row, and
/// the number of bits before each word, so that the place of a row is one lookup and one count of bits.
///
/// Contract: the memory is written by `init` and only read after that; an ``Index`` is valid as long as the object
/// lives, which the owner of the ``VectorRows`` that hands it out keeps.
final class PackedRows: @unchecked Sendable {
    /// What loops over rows read: plain pointers, so that copying one counts no references.
    struct Index {
        fileprivate let words: UnsafePointer<UInt64>
        fileprivate let ranks: UnsafePointer<UInt32>
        fileprivate let wordCount: Int
        /// How many rows are there.
        let count: Int
    }

    let index: Index
    private let words: UnsafeMutablePointer<UInt64>
    private let ranks: UnsafeMutablePointer<UInt32>

    /// The rows whose bits are set, the chunk's first row in the lowest bit of the first word.
    init(words source: [UInt64]) {
        words = .allocate(capacity: source.count + 1)
        ranks = .allocate(capacity: source.count + 1)
        var total = 0
        for (position, word) in source.enumerated() {
            words[position] = word
            ranks[position] = UInt32(total)
            total += word.nonzeroBitCount
        }
        words[source.count] = 0
        ranks[source.count] = UInt32(total)
        index = Index(words: words, ranks: ranks, wordCount: source.count, count: total)
    }

    /// The rows of the range that are there, ascending.
    func rows(in range: Range<Int>) -> [UInt32] { withExtendedLifetime(self) { index.rows(in: range) } }

    deinit {
        words.deallocate()
        ranks.deallocate()
    }
}

extension PackedRows.Index {
    /// Whether the chunk's row `local` is there.
    @inline(__always)
    func contains(_ local: Int) -> Bool {
        local >> 6 < wordCount && words[local >> 6] & (1 << UInt64(local & 63)) != 0
    }

    /// How many rows are there before the chunk's row `local`: its place, where it is there itself.
    @inline(__always)
    func rank(_ local: Int) -> Int {
        let word = min(local >> 6, wordCount)
        guard word < wordCount else { return count }
        return Int(ranks[word]) + (words[word] & (1 << UInt64(local & 63) - 1)).nonzeroBitCount
    }

    /// The rows of the range that are there, ascending.
    func rows(in range: Range<Int>) -> [UInt32] {
        var rows: [UInt32] = []
        rows.reserveCapacity(rank(range.upperBound) - rank(range.lowerBound))
        var word = range.lowerBound >> 6
        while word < wordCount, word << 6 < range.upperBound {
            var bits = words[word]
            while bits != 0 {
                let local = word << 6 + bits.trailingZeroBitCount
                if range.contains(local) { rows.append(UInt32(local)) }
                bits &= bits - 1
            }
            word += 1
        }
        return rows
    }
}
