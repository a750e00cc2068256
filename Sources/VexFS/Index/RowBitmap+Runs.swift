extension RowBitmap {
    /// Calls `body` with every maximal run of set rows within `range`, ascending. Empty words cost one comparison each.
    func forEachRun(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        let end = min(range.upperBound, words.count * 64)
        var row = range.lowerBound
        while row < end {
            guard let start = firstRow(set: true, from: row, below: end) else { return }
            let stop = firstRow(set: false, from: start, below: end) ?? end
            body(start..<stop)
            row = stop
        }
    }

    /// The first row from `row` on whose bit is as asked, or nil where there is none below `end`.
    private func firstRow(set wanted: Bool, from row: Int, below end: Int) -> Int? {
        guard row < end else { return nil }
        var index = row >> 6
        var word = (wanted ? words[index] : ~words[index]) & (~0 << UInt64(row & 63))
        while word == 0 {
            index += 1
            guard index << 6 < end else { return nil }
            word = wanted ? words[index] : ~words[index]
        }
        let found = index << 6 + word.trailingZeroBitCount
        return found < end ? found : nil
    }

    /// Whether at least one row is in both sets. O(words).
    public func intersects(_ other: RowBitmap) -> Bool {
        for index in 0..<min(words.count, other.words.count) where words[index] & other.words[index] != 0 {
            return true
        }
        return false
    }
}
