extension RowBitmap {
    /// How many rows of the range are in the set. O(words of the range).
    public func count(in range: Range<Row>) -> Int {
        var total = 0
        forEachWord(in: range) { _, word in total += word.nonzeroBitCount }
        return total
    }

    /// The rows that are in the set and in one of the ranges, which ascend.
    public func intersection(_ ranges: [Range<Row>]) -> RowBitmap {
        var result = [UInt64](repeating: 0, count: words.count)
        for range in ranges { forEachWord(in: range) { index, word in result[index] |= word } }
        return RowBitmap(words: result)
    }

    /// Calls `body` with each word of the range, bits outside the range cleared.
    private func forEachWord(in range: Range<Row>, _ body: (Int, UInt64) -> Void) {
        let end = min(Int(range.upperBound), words.count * 64)
        var row = Int(range.lowerBound)
        while row < end {
            let index = row >> 6
            var word = words[index] & (~0 << UInt64(row & 63))
            let next = (index + 1) << 6
            if next > end { word &= ~(~0 << UInt64(end & 63)) }
            body(index, word)
            row = next
        }
    }
}
