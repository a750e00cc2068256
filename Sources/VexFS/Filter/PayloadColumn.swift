/// The rows that hold one value: a single row, a list, or bits, whichever is smallest.
enum Postings: Sendable {
    case one(Row)
    case list([Row])
    case bits(RowBitmap)

    /// Adds a row that is not in yet.
    mutating func add(_ row: Row) {
        switch self {
        case .one(let first): self = .list([first, row])
        case .list(var rows):
            // Taken out first, so that the append finds the only reference and does not copy.
            self = .one(0)
            rows.append(row)
            // A row costs 32 bits in the list and one bit of everything below the highest row in the bitmap.
            if rows.count >= 128, rows.count * 32 > Int(row) {
                var bits = RowBitmap(capacity: Int(row) + 1)
                for row in rows { bits.insert(row) }
                self = .bits(bits)
            } else {
                self = .list(rows)
            }
        case .bits(var bits):
            self = .one(0)
            bits.insert(row)
            self = .bits(bits)
        }
    }

    /// Adds the rows to `result`.
    func collect(into result: inout RowBitmap) {
        switch self {
        case .one(let row): result.insert(row)
        case .list(let rows): for row in rows { result.insert(row) }
        case .bits(let bits): result.formUnion(bits)
        }
    }

    /// How many of the rows are in `live`.
    func count(in live: RowBitmap) -> Int {
        switch self {
        case .one(let row): return live.contains(row) ? 1 : 0
        case .list(let rows): return rows.reduce(0) { $0 + (live.contains($1) ? 1 : 0) }
        case .bits(let bits):
            return zip(bits.words, live.words).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
        }
    }
}

/// The values of one field over all rows: a dictionary of distinct values and the rows that hold each.
struct PayloadColumn: Sendable {
    /// The rows that were looked at, whatever they hold.
    private(set) var covered = RowBitmap()
    /// The rows where the field is present and not null.
    private(set) var present = RowBitmap()
    /// The distinct values; the position is the value's code.
    private(set) var values: [Filter.Value] = []
    private(set) var postings: [Postings] = []
    private var codes: [Filter.Value: UInt32] = [:]

    /// Takes in what a row holds; a row that was looked at already is left alone.
    mutating func insert(_ row: Row, present isPresent: Bool, _ scalars: [Filter.Value]) {
        guard !covered.contains(row) else { return }
        covered.insert(row)
        if isPresent { present.insert(row) }
        for value in scalars.count < 2 ? scalars : Array(Set(scalars)) {
            if let code = codes[value] {
                postings[Int(code)].add(row)
            } else {
                codes[value] = UInt32(values.count)
                values.append(value)
                postings.append(.one(row))
            }
        }
    }

    /// Remembers that rows were looked for and hold nothing.
    mutating func cover(_ rows: RowBitmap) { covered.formUnion(rows) }

    /// The rows that hold the value.
    func collect(_ value: Filter.Value, into result: inout RowBitmap) {
        if let code = codes[value.canonical] { postings[Int(code)].collect(into: &result) }
    }

    /// The rows that hold a value which passes the test. O(distinct values).
    func collect(into result: inout RowBitmap, where passes: (Filter.Value) -> Bool) {
        for (code, value) in values.enumerated() where passes(value) { postings[code].collect(into: &result) }
    }
}
