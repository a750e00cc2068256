import CVexKernels

/// Making segments of vectors and of other segments.
extension SparseSegment {
    /// A segment of vectors, by ascending row, all of one container. O(components log components).
    convenience init(_ vectors: SparseRows) {
        let order = ComponentOrder.byDimension(vectors.indices)
        let rows = RowBitmap(vectors.rows)
        var lengths = SparseLengths(rows)
        for entry in order { lengths.add(UInt32(truncatingIfNeeded: entry >> 32)) }
        let memory = SparseMemory(lengths)
        let componentPlaces = vectors.componentPlaces
        for (target, entry) in order.enumerated() {
            let position = Int(entry & 0xFFFF_FFFF)
            memory.values[target] = vectors.values[position]
            memory.places[target] = componentPlaces[position]
        }
        lengths.finish(memory)
        self.init(memory, rows: rows, firstRow: (vectors.rows.first ?? 0) & ~0xFFFF)
    }

    /// One segment of two, the second of which has the higher rows. O(components).
    static func merged(_ left: SparseSegment, _ right: SparseSegment) -> SparseSegment {
        var rows = left.rows
        rows.formUnion(right.rows)
        var lengths = SparseLengths(rows)
        forEachList(left, right) { dimension, first, second in
            lengths.add(dimension, count: first.count + second.count)
        }
        let memory = SparseMemory(lengths)
        var target = 0
        forEachList(left, right) { _, first, second in
            for (segment, range) in [(left, first), (right, second)] where !range.isEmpty {
                let end = target + range.count
                _ = UnsafeMutableBufferPointer(rebasing: memory.values[target..<end])
                    .update(fromContentsOf: segment.values[range])
                _ = UnsafeMutableBufferPointer(rebasing: memory.places[target..<end])
                    .update(fromContentsOf: segment.places[range])
                target = end
            }
        }
        lengths.finish(memory)
        return SparseSegment(memory, rows: rows, firstRow: left.firstRow)
    }

    /// The segment without the rows that are not in `kept`; nil where none is left. O(components).
    func keeping(_ kept: RowBitmap) -> SparseSegment? {
        let left = rows.intersection(kept)
        if left.isEmpty { return nil }
        if left.count == rows.count { return self }
        var lengths = SparseLengths(left)
        var values: [Float] = []
        var places: [UInt16] = []
        left.withReader { reader in
            for list in dimensions.indices {
                let before = values.count
                for position in range(of: list) where reader.contains(firstRow + Row(self.places[position])) {
                    values.append(self.values[position])
                    places.append(self.places[position])
                }
                if values.count > before { lengths.add(dimensions[list], count: values.count - before) }
            }
        }
        let memory = SparseMemory(lengths)
        _ = memory.values.update(fromContentsOf: values)
        _ = memory.places.update(fromContentsOf: places)
        lengths.finish(memory)
        return SparseSegment(memory, rows: left, firstRow: firstRow)
    }

    /// Calls `body` with every dimension of either, ascending, and where its list is in each.
    private static func forEachList(
        _ left: SparseSegment, _ right: SparseSegment, _ body: (UInt32, Range<Int>, Range<Int>) -> Void
    ) {
        var (first, second) = (0, 0)
        while first < left.dimensions.count || second < right.dimensions.count {
            let leftDimension = first < left.dimensions.count ? left.dimensions[first] : .max
            let rightDimension = second < right.dimensions.count ? right.dimensions[second] : .max
            let hasLeft = second == right.dimensions.count || leftDimension <= rightDimension
            let hasRight = first == left.dimensions.count || rightDimension <= leftDimension
            body(
                hasLeft ? leftDimension : rightDimension,
                hasLeft && first < left.dimensions.count ? left.range(of: first) : 0..<0,
                hasRight && second < right.dimensions.count ? right.range(of: second) : 0..<0)
            if hasLeft { first += 1 }
            if hasRight { second += 1 }
        }
    }
}

/// The dimensions of a segment that is being made, and how long their lists are.
struct SparseLengths {
    private(set) var dimensions: [UInt32] = []
    private var counts: [UInt32] = []
    private(set) var directoryCount = 0
    private(set) var valueCount = 0
    /// The windows that the rows are in.
    let windows: Range<Int>

    /// Of a segment with these rows, which are of one container.
    init(_ rows: RowBitmap) {
        guard let first = rows.first, let last = rows.last else {
            windows = 0..<0
            return
        }
        windows = Int(first & 0xFFFF) / SparseSegment.window..<Int(last & 0xFFFF) / SparseSegment.window + 1
    }

    /// How many lists have codes.
    var codedCount: Int { counts.count { isCoded($0) } }

    private func isCoded(_ count: UInt32) -> Bool {
        Int(count) * SparseSegment.codedShare >= windows.count * SparseSegment.window
    }

    /// Adds one component, or `count`, of the last dimension or of a higher one.
    mutating func add(_ dimension: UInt32, count: Int = 1) {
        if dimensions.last != dimension {
            dimensions.append(dimension)
            counts.append(0)
        }
        let before = counts[counts.count - 1]
        counts[counts.count - 1] = before + UInt32(count)
        valueCount += count
        let minimum = UInt32(SparseSegment.directoryMinimum)
        if before < minimum, before + UInt32(count) >= minimum { directoryCount += 1 }
    }

    /// Fills in everything that follows from the lists, which are there already.
    func finish(_ memory: borrowing SparseMemory) {
        var start = 0
        var directory = 0
        var code = 0
        for (list, count) in counts.enumerated() {
            let range = start..<start + Int(count)
            memory.dimensions[list] = dimensions[list]
            memory.starts[list] = UInt32(start)
            let values = UnsafeMutableBufferPointer(rebasing: memory.values[range])
            var bounds = SparseBounds(least: .infinity, largest: -.infinity)
            for value in values {
                bounds.least = min(bounds.least, value)
                bounds.largest = max(bounds.largest, value)
            }
            memory.bounds[list] = bounds
            memory.directories[list] = SparseSegment.noDirectory
            if range.count >= SparseSegment.directoryMinimum {
                memory.directories[list] = UInt32(directory)
                Self.fillDirectory(directory, of: range, memory)
                directory += 1
            }
            memory.codeStarts[list] = SparseSegment.noDirectory
            if isCoded(count), bounds.least >= 0, bounds.largest >= SparseBounds.leastCoded {
                memory.codeStarts[list] = UInt32(code)
                fillCodes(from: code, of: range, step: bounds.step, memory)
                code += windows.count * SparseSegment.window
            }
            start = range.upperBound
        }
        memory.starts[counts.count] = UInt32(start)
    }

    private func fillCodes(from start: Int, of range: Range<Int>, step: Float, _ memory: borrowing SparseMemory) {
        let count = windows.count * SparseSegment.window
        guard let values = memory.values.baseAddress, let places = memory.places.baseAddress,
            let codes = memory.codes.baseAddress
        else { return }
        let first = windows.lowerBound * SparseSegment.window
        vexfs_sparse_encode(
            codes + start, count, values + range.lowerBound, places + range.lowerBound, range.count, UInt32(first), step
        )
    }

    private static func fillDirectory(_ directory: Int, of range: Range<Int>, _ memory: borrowing SparseMemory) {
        var position = range.lowerBound
        for window in 0..<SparseSegment.windowCount {
            let end = (window + 1) * SparseSegment.window
            let entry = directory * SparseSegment.windowCount + window
            // Fits: 65 536 places are 2048 in each window.
            memory.windowStarts[entry] = UInt16(truncatingIfNeeded: position - range.lowerBound)
            var largest = -Float.infinity
            while position < range.upperBound, Int(memory.places[position]) < end {
                largest = max(largest, memory.values[position])
                position += 1
            }
            memory.windowMaxima[entry] = largest
        }
    }
}
