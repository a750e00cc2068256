import CVexKernels

/// Rows in order.
extension RowBitmap {
    /// Calls `body` with every row, ascending.
    public func forEach(_ body: (Row) throws -> Void) rethrows {
        for (index, container) in containers.enumerated() {
            guard let container else { continue }
            let first = Row(index << 16)
            if container.isList {
                for place in UnsafeBufferPointer(start: container.list, count: container.count) {
                    try body(first + Row(place))
                }
                continue
            }
            for word in 0..<Container.wordCount {
                var rest = container.bits[word]
                while rest != 0 {
                    try body(first + Row(word * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
        }
    }

    /// The rows, ascending: `[count]`.
    public var rows: [Row] {
        var rows: [Row] = []
        rows.reserveCapacity(count)
        forEach { rows.append($0) }
        return rows
    }

    /// Writes how far behind `origin` the rows within `range` lie, ascending; returns how many.
    ///
    /// `room` holds that many and `VEXFS_LIST_SLACK` more, which may be written to. O(rows + words of the range).
    func copyRows(in range: Range<Int>, from origin: Row, into room: UnsafeMutablePointer<UInt32>) -> Int {
        var filled = 0
        forEachPart(of: range) { container, first, places in
            filled += container.copyRows(of: places, first: UInt32(first) &- origin, into: room + filled)
        }
        return filled
    }

    /// Calls `body` with every maximal run of set rows within `range`, ascending. Empty words cost one comparison each.
    func forEachRun(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        // A run may go on in the next container.
        var open = 0..<0
        forEachPart(of: range) { container, first, places in
            container.forEachRun(in: places) { run in
                if first + run.lowerBound == open.upperBound {
                    open = open.lowerBound..<first + run.upperBound
                } else {
                    if !open.isEmpty { body(open) }
                    open = first + run.lowerBound..<first + run.upperBound
                }
            }
        }
        if !open.isEmpty { body(open) }
    }

    /// How many rows are within `range`. O(containers of the range).
    public func count(in range: Range<Int>) -> Int {
        var total = 0
        forEachPart(of: range) { container, _, places in
            total += container.count(below: places.upperBound) - container.count(below: places.lowerBound)
        }
        return total
    }

    /// How many rows are below `row`.
    public func rank(of row: Row) -> Int { count(in: 0..<Int(row)) }

    /// The `index`-th row from 0. O(containers).
    /// - Precondition: `index` is below ``count``.
    public func row(at index: Int) -> Row {
        precondition(index >= 0 && index < count, "there are \(count) rows")
        var rest = index
        for (number, container) in containers.enumerated() {
            guard let container else { continue }
            if rest < container.count { return Row(number << 16 + container.place(at: rest)) }
            rest -= container.count
        }
        // The containers' counts add up to `count`.
        return 0
    }

    /// The lowest `limit` rows, or all where there are fewer.
    public func prefix(_ limit: Int) -> RowBitmap {
        guard limit < count else { return self }
        guard limit > 0 else { return RowBitmap() }
        return intersection(RowBitmap(rowsBelow: Int(row(at: limit - 1)) + 1))
    }

    /// Calls `body` with the containers that `range` touches, the first row of each, and which places of it are meant.
    private func forEachPart(of range: Range<Int>, _ body: (Container, Int, Range<Int>) -> Void) {
        let end = min(range.upperBound, containers.count * Container.rowCount)
        guard range.lowerBound < end else { return }
        for index in range.lowerBound / Container.rowCount...(end - 1) / Container.rowCount {
            guard let container = containers[index] else { continue }
            let first = index * Container.rowCount
            body(container, first, max(0, range.lowerBound - first)..<min(Container.rowCount, end - first))
        }
    }
}

extension RowBitmap.Container {
    /// Writes `first` plus the numbers of the rows within `places`; returns how many.
    fileprivate func copyRows(of places: Range<Int>, first: UInt32, into room: UnsafeMutablePointer<UInt32>) -> Int {
        guard !isList else {
            let start = count(below: places.lowerBound)
            let end = count(below: places.upperBound)
            for index in start..<end { room[index - start] = first &+ UInt32(list[index]) }
            return end - start
        }
        var filled = 0
        var place = places.lowerBound
        while place < places.upperBound {
            // Words that the range cuts are masked, the whole ones between them are the kernel's.
            if place & 63 == 0, places.upperBound - place >= 64 {
                let words = (places.upperBound - place) / 64
                filled += vexfs_bits_rows(room + filled, bits + place / 64, words, first &+ UInt32(place))
                place += words * 64
            } else {
                let end = min(places.upperBound, (place | 63) + 1)
                var word = bits[place / 64] >> UInt64(place & 63)
                if end - place < 64 { word &= 1 << UInt64(end - place) - 1 }
                filled += vexfs_bits_rows(room + filled, &word, 1, first &+ UInt32(place))
                place = end
            }
        }
        return filled
    }
}
