/// A value that points are ordered by: a number, or a time in microseconds since 1970.
public struct OrderValue: Sendable, Comparable {
    /// A number.
    private let number: Filter.Value

    /// The value of a payload: a number, or the microseconds of a string that is a time; nil for anything else.
    public init?(_ json: JSON) {
        guard let value = Filter.Value(json: json) else { return nil }
        self.init(value)
    }

    init?(_ value: Filter.Value) {
        switch value {
        case .integer, .number: number = value.canonical
        case .string(let text):
            guard let time = PayloadTime(text.string) else { return nil }
            number = .integer(time.microseconds)
        case .bool: return nil
        }
    }

    /// The number.
    public var json: JSON { number.json }

    /// Compares exactly, also integers that no double holds.
    public static func < (left: OrderValue, right: OrderValue) -> Bool {
        // Neither is NaN, which JSON cannot hold.
        left.number.isLess(than: right.number) ?? false
    }
}

/// An order by a field of the payload.
public struct OrderBy: Sendable, Equatable {
    /// The field.
    public var key: PayloadPath
    /// Whether the highest value comes first.
    public var isDescending: Bool
    /// The value to begin with; points with lower ones (descending: higher ones) are left out.
    public var start: OrderValue?

    /// Describes an order.
    public init(key: PayloadPath, isDescending: Bool = false, start: OrderValue? = nil) {
        self.key = key
        self.isDescending = isDescending
        self.start = start
    }

    /// Whether a value may be part of the answer.
    func admits(_ value: OrderValue) -> Bool {
        start.map { isDescending ? value <= $0 : value >= $0 } ?? true
    }

    /// The first `limit` of the rows with their values: a row stands once for each distinct value that it has.
    ///
    /// Rows of one value come in the order that `sorted` gives them, descending in its reverse. O(n log n).
    func ordered(
        _ values: [(row: Row, value: OrderValue)], limit: Int, sorted: (RowBitmap) throws(VexFSError) -> [Row]
    ) throws(VexFSError) -> [ScoredRow] {
        var kept = values.filter { admits($0.value) }
        kept.sort { isDescending ? $0.value > $1.value : $0.value < $1.value }
        var result: [ScoredRow] = []
        var begin = 0
        while begin < kept.count, result.count < limit {
            let value = kept[begin].value
            var end = begin
            while end < kept.count, kept[end].value == value { end += 1 }
            let alone = end == begin + 1
            let rows = alone ? [kept[begin].row] : try sorted(RowBitmap(Set(kept[begin..<end].map(\.row)).sorted()))
            let wanted = limit - result.count
            let first = isDescending ? Array(rows.suffix(wanted).reversed()) : Array(rows.prefix(wanted))
            result.append(contentsOf: first.map { ScoredRow(row: $0, score: 1, orderValue: value) })
            begin = end
        }
        return result
    }
}

/// The first of many values with the rows that hold them, offered in any order: enough for an answer of `limit` rows.
///
/// O(n log limit) for n values, O(limit) memory.
struct OrderSelection {
    private let order: OrderBy
    private let limit: Int
    private var kept: [(value: OrderValue, rows: RowBitmap)] = []
    /// What was sorted last: a value behind it is not among the first.
    private var last: OrderValue?

    init(_ order: OrderBy, limit: Int) {
        self.order = order
        self.limit = limit
    }

    private func precedes(_ left: OrderValue, _ right: OrderValue) -> Bool {
        order.isDescending ? left > right : left < right
    }

    /// Offers a value; `rows` are asked for where it may be among the first.
    mutating func offer(_ value: OrderValue, rows: () -> RowBitmap) {
        guard order.admits(value), last.map({ !precedes($0, value) }) ?? true else { return }
        let holders = rows()
        guard !holders.isEmpty else { return }
        kept.append((value, holders))
        if kept.count >= 64, kept.count / 2 >= limit { cut() }
    }

    private mutating func cut() {
        // Two spellings of one time are one value.
        var distinct: [(value: OrderValue, rows: RowBitmap)] = []
        for (value, rows) in kept.sorted(by: { precedes($0.value, $1.value) }) {
            if distinct.last?.value == value {
                distinct[distinct.count - 1].rows.formUnion(rows)
            } else {
                distinct.append((value, rows))
            }
        }
        // A value has at least one row.
        kept = Array(distinct.prefix(limit))
        if kept.count == limit { last = kept.last?.value }
    }

    /// Every row with every value that is kept.
    var values: [(row: Row, value: OrderValue)] {
        kept.flatMap { value, holders in holders.rows.map { (row: $0, value: value) } }
    }
}
