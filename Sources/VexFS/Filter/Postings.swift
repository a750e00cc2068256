/// The rows that hold one value: a single row, a short list, or a set, whichever is smallest.
enum Postings: Sendable {
    case one(Row)
    /// None twice, in the order in which they came.
    case list([Row])
    case set(RowBitmap)

    /// The rows of a set to keep, nil where there are none.
    init?(_ rows: RowBitmap) {
        guard let last = rows.last else { return nil }
        if rows.count == 1 {
            self = .one(last)
        } else {
            var kept = rows
            kept.compact()
            self = Self.isShort(rows.count, highest: last) ? .list(rows.rows) : .set(kept)
        }
    }

    /// Whether a list is smaller than a set, which needs a container for each 65 536 rows.
    private static func isShort(_ count: Int, highest: Row) -> Bool { count < 32 * (Int(highest >> 16) + 1) }

    /// How many rows.
    var count: Int {
        switch self {
        case .one: 1
        case .list(let rows): rows.count
        case .set(let rows): rows.count
        }
    }

    /// Adds a row that is not in yet, or was the last to be added.
    mutating func add(_ row: Row) {
        switch self {
        case .one(let first): if first != row { self = .list([first, row]) }
        case .list(var rows):
            if rows.last == row { return }
            // Taken out first, so that the append finds the only reference and does not copy.
            self = .one(0)
            rows.append(row)
            self = Self.isShort(rows.count, highest: row) ? .list(rows) : .set(RowBitmap(rows))
        case .set(var rows):
            self = .one(0)
            rows.insert(row)
            self = .set(rows)
        }
    }

    /// All rows as a set; O(1) where it is one.
    var rows: RowBitmap {
        switch self {
        case .one(let row): return RowBitmap([row])
        case .list(let rows): return RowBitmap(rows)
        case .set(let rows): return rows
        }
    }

    /// How many of the rows are in `live`; builds nothing.
    func count(in live: RowBitmap) -> Int {
        switch self {
        case .one(let row): live.contains(row) ? 1 : 0
        case .list(let rows): rows.reduce(0) { $0 + (live.contains($1) ? 1 : 0) }
        case .set(let rows): rows.intersectionCount(live)
        }
    }
}

/// Gathers the rows of many postings: sets wait for larger ones to be added to, and single rows to be added at once.
struct PostingsUnion {
    private var sets: [RowBitmap] = []
    private var single: [Row] = []

    mutating func add(_ postings: Postings) {
        switch postings {
        case .one(let row): single.append(row)
        case .list(let rows): single.append(contentsOf: rows)
        case .set(let rows): sets.append(rows)
        }
    }

    mutating func add(_ rows: RowBitmap) { sets.append(rows) }

    /// All rows that were added.
    consuming func rows() -> RowBitmap {
        sets.sort { $0.count > $1.count }
        var result = sets.first ?? RowBitmap()
        for rows in sets.dropFirst() { result.formUnion(rows) }
        result.insert(contentsOf: single)
        return result
    }
}
