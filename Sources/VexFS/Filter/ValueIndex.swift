/// The distinct values of one kind with the rows that hold each: a dictionary, and the values in order once a range was
/// asked for.
struct ValueIndex<Key: Hashable & Comparable & Sendable>: Sendable {
    /// The distinct values; the position is the value's code.
    private(set) var keys: [Key] = []
    private(set) var postings: [Postings] = []
    private var codes: [Key: UInt32] = [:]
    private var order: ValueOrder?

    /// Adds a row to those of a value; the row is not among them yet or was the last to be added to any value.
    mutating func add(_ row: Row, _ key: Key) {
        guard let code = codes[key] else { return add(key, .one(row)) }
        postings[Int(code)].add(row)
        order?.add(row, code: Int(code))
    }

    /// Adds rows to those of a value, which may be among them already.
    mutating func unite(_ key: Key, _ rows: Postings) {
        guard let code = codes[key] else { return add(key, rows) }
        var union = PostingsUnion()
        union.add(postings[Int(code)])
        union.add(rows)
        postings[Int(code)] = Postings(union.rows()) ?? rows
        order = nil
    }

    private mutating func add(_ key: Key, _ rows: Postings) {
        codes[key] = UInt32(keys.count)
        keys.append(key)
        postings.append(rows)
    }

    /// The rows that hold the value.
    func rows(of key: Key) -> Postings? { codes[key].map { postings[Int($0)] } }

    /// The code of a value.
    func code(of key: Key) -> Int? { codes[key].map(Int.init) }

    /// Takes out rows, and values that none is left of. O(values + rows).
    mutating func remove(_ rows: RowBitmap) {
        var rest = ValueIndex()
        for (code, key) in keys.enumerated() {
            if let left = Postings(postings[code].rows.subtracting(rows)) { rest.add(key, left) }
        }
        self = rest
    }

    /// Brings the values in order, unless few have come since it was done last.
    mutating func sort() {
        if let order, keys.count - order.codes.count <= max(1024, order.codes.count / 8) { return }
        let sorted = keys.indices.sorted { keys[$0] < keys[$1] }.map { UInt32($0) }
        order = ValueOrder(codes: sorted, postings: postings)
    }

    /// Adds the rows of all values that neither test excludes. O(log values + rows found / 64), and one test for each
    /// value that came since the values were sorted.
    /// - Parameters:
    ///   - isBelow: Whether a value lies before the range; true for a beginning of the ordered values.
    ///   - isAbove: Whether a value lies behind the range; true for an end of the ordered values.
    ///   - also: What values have to be besides, where that is not all.
    mutating func collect(
        into union: inout PostingsUnion, isBelow: (Key) -> Bool, isAbove: (Key) -> Bool, also: ((Key) -> Bool)? = nil
    ) {
        sort()
        guard let order else { return }
        let start = order.firstRank { !isBelow(keys[$0]) }
        let end = order.firstRank { isAbove(keys[$0]) }
        if start < end, let also {
            for rank in start..<end where also(keys[order.code(rank)]) { union.add(postings[order.code(rank)]) }
        } else if start < end {
            order.collect(start..<end, postings, into: &union)
        }
        for code in order.codes.count..<keys.count where !isBelow(keys[code]) && !isAbove(keys[code]) {
            if also?(keys[code]) ?? true { union.add(postings[code]) }
        }
    }

    /// How many values lie in a range, at the most.
    mutating func count(isBelow: (Key) -> Bool, isAbove: (Key) -> Bool) -> Int {
        sort()
        guard let order else { return 0 }
        let ranked = order.firstRank { isAbove(keys[$0]) } - order.firstRank { !isBelow(keys[$0]) }
        return max(0, ranked) + keys.count - order.codes.count
    }
}

/// Values in order, cut into blocks of about 4096 rows, with the rows of each block, of each four blocks, of each
/// sixteen and so on: a range is a few of these sets and less than a block at both ends.
struct ValueOrder: Sendable {
    /// The codes of the values, ascending by value.
    let codes: [UInt32]
    /// The rank at which each block begins, and one more for the end.
    private var starts: [Int] = []
    /// The block of each code.
    private var blocks: [UInt32]
    /// The rows of 4^i blocks each.
    private var levels: [[RowBitmap]] = []

    private static var blockRows: Int { 4096 }

    /// - Parameter codes: all codes of `postings` there are.
    init(codes: [UInt32], postings: [Postings]) {
        self.codes = codes
        blocks = [UInt32](repeating: 0, count: codes.count)
        var base: [RowBitmap] = []
        var union = PostingsUnion()
        var held = 0
        for (rank, code) in codes.enumerated() {
            if held == 0 { starts.append(rank) }
            blocks[Int(code)] = UInt32(base.count)
            union.add(postings[Int(code)])
            held += postings[Int(code)].count
            if held >= Self.blockRows {
                base.append(union.keptRows())
                union = PostingsUnion()
                held = 0
            }
        }
        if held > 0 { base.append(union.keptRows()) }
        starts.append(codes.count)
        levels = [base]
        while let finer = levels.last, finer.count > 1 {
            levels.append(
                stride(from: 0, to: finer.count, by: 4).map { first in
                    var rows = finer[first]
                    for part in finer[first..<min(first + 4, finer.count)].dropFirst() { rows.formUnion(part) }
                    rows.compact()
                    return rows
                })
        }
    }

    func code(_ rank: Int) -> Int { Int(codes[rank]) }

    /// Adds a row to the blocks of a value; a value that came later is in none.
    mutating func add(_ row: Row, code: Int) {
        guard code < codes.count else { return }
        var block = Int(blocks[code])
        for level in levels.indices {
            levels[level][block].insert(row)
            block /= 4
        }
    }

    /// The first rank whose code passes a test that is true for an end of the order.
    func firstRank(where passes: (Int) -> Bool) -> Int {
        var (low, high) = (0, codes.count)
        while low < high {
            let middle = (low + high) / 2
            if passes(code(middle)) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Adds the rows of the values at `ranks`.
    func collect(_ ranks: Range<Int>, _ postings: [Postings], into union: inout PostingsUnion) {
        let first = firstBlock(from: ranks.lowerBound)
        var end = firstBlock(from: ranks.upperBound)
        if starts[end] > ranks.upperBound { end -= 1 }
        guard first < end else {
            for rank in ranks { union.add(postings[code(rank)]) }
            return
        }
        for rank in ranks.lowerBound..<starts[first] { union.add(postings[code(rank)]) }
        for rank in starts[end]..<ranks.upperBound { union.add(postings[code(rank)]) }
        collect(blocks: first..<end, into: &union)
    }

    /// The first block that begins at `rank` or later; the number of blocks where none does.
    private func firstBlock(from rank: Int) -> Int {
        var (low, high) = (0, starts.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] >= rank { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func collect(blocks: Range<Int>, into union: inout PostingsUnion) {
        var (first, end) = (blocks.lowerBound, blocks.upperBound)
        for level in levels {
            while first < end, first % 4 != 0 {
                union.add(level[first])
                first += 1
            }
            while first < end, end % 4 != 0 {
                end -= 1
                union.add(level[end])
            }
            guard first < end else { return }
            (first, end) = (first / 4, end / 4)
        }
    }
}

extension PostingsUnion {
    /// All rows that were added, to be kept.
    fileprivate consuming func keptRows() -> RowBitmap {
        var rows = rows()
        rows.compact()
        return rows
    }
}
