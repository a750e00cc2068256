import CVexKernels

/// Tests single rows in inner loops, at about a nanosecond each.
///
/// Contract: lives only inside ``RowBitmap/withReader(_:)``, on one thread.
public struct RowReader {
    /// The bits of each container; nil for a list, until one of its rows is asked for.
    fileprivate let table: UnsafeMutablePointer<UnsafePointer<UInt64>?>
    fileprivate let containers: UnsafeBufferPointer<RowBitmap.Container?>

    /// Whether the row is in the set.
    @inline(__always)
    public func contains(_ row: Row) -> Bool {
        let index = Int(row >> 16)
        guard index < containers.count else { return false }
        let words = table[index] ?? expand(index)
        return words[Int(row >> 6) & 1023] >> UInt64(row & 63) & 1 != 0
    }

    @inline(never)
    private func expand(_ index: Int) -> UnsafePointer<UInt64> {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: RowBitmap.Container.wordCount)
        words.initialize(repeating: 0, count: RowBitmap.Container.wordCount)
        if let container = containers[index] { _ = vexfs_bits_set(words, container.list, container.count) }
        table[index] = UnsafePointer(words)
        return UnsafePointer(words)
    }
}

extension RowBitmap {
    /// Calls `body` with a view that tests rows fast. O(containers), and 8 KB for each list that is looked into.
    public func withReader<Result>(_ body: (RowReader) throws -> Result) rethrows -> Result {
        try containers.withUnsafeBufferPointer { containers in
            try withUnsafeTemporaryAllocation(
                of: UnsafePointer<UInt64>?.self, capacity: max(1, containers.count)
            ) { table in
                table.initialize(repeating: nil)
                for (index, container) in containers.enumerated() {
                    table[index] = container.flatMap { $0.isList ? nil : UnsafePointer($0.bits) }
                }
                defer {
                    for (index, container) in containers.enumerated() where container?.isList ?? true {
                        table[index]?.deallocate()
                    }
                }
                // At least one element, so there is an address.
                guard let base = table.baseAddress else { preconditionFailure("an allocation has an address") }
                return try body(RowReader(table: base, containers: containers))
            }
        }
    }

    /// Calls `body` with the bits of each container up to that of row `last`, 1024 words each. 8 KB for each list.
    func withTable<Result>(
        through last: Row, _ body: (UnsafePointer<UnsafePointer<UInt64>?>) throws -> Result
    ) rethrows -> Result {
        try withUnsafeTemporaryAllocation(
            of: UnsafePointer<UInt64>?.self, capacity: Int(last >> 16) + 1
        ) { table in
            var expanded: [Container] = []
            for index in 0..<table.count {
                var container = index < containers.count ? containers[index] ?? Container.none : Container.none
                if container.isList {
                    container = container.copy()
                    container.becomeBits()
                    expanded.append(container)
                }
                table.initializeElement(at: index, to: UnsafePointer(container.bits))
            }
            // At least one element, so there is an address.
            guard let base = table.baseAddress else { preconditionFailure("an allocation has an address") }
            return try withExtendedLifetime((containers, expanded)) { try body(UnsafePointer(base)) }
        }
    }

    /// The bits up to the highest row, row 0 in the lowest bit of the first word. O(words).
    public var words: [UInt64] {
        guard let last else { return [] }
        return withWords(in: 0..<(Int(last) / 64 + 1) * 64) { Array($0) }
    }

    /// Calls `body` with the bits of the rows in `range`, the first one's in the lowest bit of the first word; the last
    /// word's bits beyond the range are 0. O(words); nothing is copied where one container's bits are the answer.
    public func withWords<Result>(
        in range: Range<Int>, _ body: (UnsafeBufferPointer<UInt64>) throws -> Result
    ) rethrows -> Result {
        let count = (range.count + 63) / 64
        let index = range.lowerBound / Container.rowCount
        let place = range.lowerBound % Container.rowCount
        if place % 64 == 0, range.count % 64 == 0, place + range.count <= Container.rowCount,
            index < containers.count, let container = containers[index], !container.isList
        {
            return try withExtendedLifetime(container) {
                try body(UnsafeBufferPointer(start: container.bits + place / 64, count: count))
            }
        }
        let words = [UInt64](unsafeUninitializedCapacity: count) { words, filled in
            words.initialize(repeating: 0)
            copyBits(of: range, to: words)
            filled = count
        }
        return try words.withUnsafeBufferPointer(body)
    }

    /// Sets the bits of the rows in `range` in words that are 0.
    private func copyBits(of range: Range<Int>, to words: UnsafeMutableBufferPointer<UInt64>) {
        let isAligned = range.lowerBound % 64 == 0
        for index in range.lowerBound / Container.rowCount..<containers.count {
            let first = index * Container.rowCount
            guard first < range.upperBound else { break }
            guard let container = containers[index] else { continue }
            let isInside = first >= range.lowerBound && first + Container.rowCount <= range.upperBound
            if isAligned, isInside, !container.isList, let base = words.baseAddress {
                let target = base + (first - range.lowerBound) / 64
                target.update(from: container.bits, count: Container.wordCount)
                continue
            }
            let places = max(0, range.lowerBound - first)..<min(Container.rowCount, range.upperBound - first)
            let shift = first - range.lowerBound
            if container.isList {
                var place = container.count(below: places.lowerBound)
                while place < container.count, Int(container.list[place]) < places.upperBound {
                    let bit = Int(container.list[place]) + shift
                    words[bit / 64] |= 1 << UInt64(bit % 64)
                    place += 1
                }
            } else {
                container.copyBits(of: places, to: words, at: places.lowerBound + shift)
            }
        }
    }
}

extension RowBitmap.Container {
    /// Sets the bits of `places`, the first one's at `bit`, in words where they are 0; only where the container has
    /// bits.
    fileprivate func copyBits(of places: Range<Int>, to words: UnsafeMutableBufferPointer<UInt64>, at bit: Int) {
        var place = places.lowerBound
        var bit = bit
        while place < places.upperBound {
            let count = min(64 - place % 64, 64 - bit % 64, places.upperBound - place)
            let mask: UInt64 = count == 64 ? ~0 : 1 << UInt64(count) - 1
            words[bit / 64] |= (bits[place / 64] >> UInt64(place % 64) & mask) << UInt64(bit % 64)
            place += count
            bit += count
        }
    }
}
