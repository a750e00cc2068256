/// A row: one immutable version of a document, numbered upwards from 0 within its collection.
public typealias Row = UInt32

/// A set of rows as one bit each.
public struct RowBitmap: Sendable, Equatable {
    /// The bits, row 0 in the lowest bit of the first word.
    public private(set) var words: [UInt64]
    /// How many rows are in the set.
    public private(set) var count: Int

    /// Creates an empty set.
    public init(capacity: Int = 0) {
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
        count = 0
    }

    /// The set whose bits are the words', row 0 in the lowest bit of the first. O(words).
    public init(words: [UInt64]) {
        self.words = words
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// The set of all rows below `count`.
    public init(rowsBelow count: Int) {
        words = [UInt64](repeating: ~0, count: count / 64)
        if count % 64 != 0 { words.append(1 << UInt64(count % 64) - 1) }
        self.count = count
    }

    /// Whether no row is in the set.
    public var isEmpty: Bool { count == 0 }

    /// Whether the row is in the set.
    public func contains(_ row: Row) -> Bool {
        let word = Int(row >> 6)
        return word < words.count && words[word] & (1 << UInt64(row & 63)) != 0
    }

    /// Adds a row.
    public mutating func insert(_ row: Row) {
        let word = Int(row >> 6)
        if word >= words.count {
            words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
        }
        let bit: UInt64 = 1 << UInt64(row & 63)
        if words[word] & bit == 0 {
            words[word] |= bit
            count += 1
        }
    }

    /// Removes a row.
    public mutating func remove(_ row: Row) {
        let word = Int(row >> 6)
        guard word < words.count else { return }
        let bit: UInt64 = 1 << UInt64(row & 63)
        if words[word] & bit != 0 {
            words[word] &= ~bit
            count -= 1
        }
    }

    /// Keeps only the rows that are in `other` too.
    public mutating func formIntersection(_ other: RowBitmap) {
        combine(other) { $0 & $1 }
    }

    /// Adds the rows of `other`.
    public mutating func formUnion(_ other: RowBitmap) {
        if other.words.count > words.count {
            words.append(contentsOf: repeatElement(0, count: other.words.count - words.count))
        }
        combine(other) { $0 | $1 }
    }

    /// Removes the rows of `other`.
    public mutating func subtract(_ other: RowBitmap) {
        combine(other) { $0 & ~$1 }
    }

    /// Calls `body` with every row, ascending.
    public func forEach(_ body: (Row) throws -> Void) rethrows {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                try body(Row(index * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
    }

    private mutating func combine(_ other: RowBitmap, _ operation: (UInt64, UInt64) -> UInt64) {
        var total = 0
        for index in words.indices {
            words[index] = operation(words[index], index < other.words.count ? other.words[index] : 0)
            total += words[index].nonzeroBitCount
        }
        count = total
    }
}
