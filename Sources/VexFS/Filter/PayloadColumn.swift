/// What one field holds over all rows: for each kind of value the distinct ones and the rows that hold them.
///
/// Times, UUIDs and words are read from the distinct strings when they are first asked for, and from then on from each
/// row that comes.
struct PayloadColumn: Sendable {
    /// The rows that were looked at, whatever they hold.
    private(set) var covered = RowBitmap()
    /// The rows where the field is present and not null.
    private(set) var present = RowBitmap()
    private(set) var truths = RowBitmap()
    private(set) var falsehoods = RowBitmap()
    private(set) var integers = ValueIndex<Int64>()
    /// Numbers that are no `Int64`.
    private(set) var numbers = ValueIndex<Double>()
    private(set) var strings = ValueIndex<ByteString>()
    private var points = ValueIndex<GeoPoint>()
    private var times: ValueIndex<PayloadTime>?
    private var uuids: ValueIndex<PayloadUUID>?
    private var words: WordIndex?

    /// Takes in a row's value of the field; a row that was looked at already is left alone.
    mutating func insert(_ row: Row, _ value: JSON?) {
        insert(row, present: value.map { !$0.isNull } ?? false, Filter.scalars(of: value)) { column in
            for point in Set(GeoPoint.points(of: value)) { column.points.add(row, point) }
        }
    }

    /// Takes in the values that a row holds; a row that was looked at already is left alone.
    mutating func insert(
        _ row: Row, present isPresent: Bool, _ scalars: [Filter.Value], also: (inout PayloadColumn) -> Void = { _ in }
    ) {
        guard !covered.contains(row) else { return }
        covered.insert(row)
        if isPresent { present.insert(row) }
        for value in scalars {
            switch value {
            case .bool(let value): if value { truths.insert(row) } else { falsehoods.insert(row) }
            case .integer(let value): integers.add(row, value)
            case .number(let value): numbers.add(row, value)
            case .string(let text):
                strings.add(row, text)
                if times != nil, let time = PayloadTime(text.string) { times?.add(row, time) }
                if uuids != nil, let uuid = PayloadUUID(text.string) { uuids?.add(row, uuid) }
            }
        }
        also(&self)
    }

    /// Remembers that rows were looked for and hold nothing.
    mutating func cover(_ rows: RowBitmap) { covered.formUnion(rows) }

    /// Forgets rows, so that they cost no memory. O(distinct values + rows).
    mutating func remove(_ rows: RowBitmap) {
        covered.subtract(rows)
        present.subtract(rows)
        truths.subtract(rows)
        falsehoods.subtract(rows)
        integers.remove(rows)
        numbers.remove(rows)
        strings.remove(rows)
        points.remove(rows)
        times?.remove(rows)
        uuids?.remove(rows)
        // Its texts are the strings by their codes, which are new ones now.
        words = nil
    }

    /// Prepares what conditions of a type need.
    mutating func prepare(for type: PayloadType) {
        switch type {
        case .keyword, .bool: break
        case .integer, .float:
            integers.sort()
            numbers.sort()
        case .datetime:
            readTimes()
            times?.sort()
        case .uuid: readUUIDs()
        case .geo: points.sort()
        case .text: readWords()
        }
    }

    private mutating func readTimes() {
        if times == nil { times = Self.read(strings) { PayloadTime($0.string) } }
    }

    private mutating func readUUIDs() {
        if uuids == nil { uuids = Self.read(strings) { PayloadUUID($0.string) } }
    }

    private static func read<Key>(
        _ strings: ValueIndex<ByteString>, _ parse: (ByteString) -> Key?
    ) -> ValueIndex<Key> {
        var index = ValueIndex<Key>()
        for (code, text) in strings.keys.enumerated() {
            if let key = parse(text) { index.unite(key, strings.postings[code]) }
        }
        return index
    }

    /// Takes in the strings that came since the last time.
    private mutating func readWords() {
        var index = words ?? WordIndex()
        words = nil
        for text in strings.keys[index.count...] { index.append(text) }
        words = index
    }
}

/// The rows that meet a condition.
extension PayloadColumn {
    /// The rows that hold the value, nil where there are none.
    func postings(of value: Filter.Value) -> Postings? {
        switch value.canonical {
        case .bool(let value): .set(value ? truths : falsehoods)
        case .integer(let value): integers.rows(of: value)
        case .number(let value): numbers.rows(of: value)
        case .string(let text): strings.rows(of: text)
        }
    }

    /// The rows that hold one of the values; O(1) for one value that many rows hold.
    func rows(withAnyOf values: [Filter.Value]) -> RowBitmap {
        let found = values.compactMap(postings(of:))
        if found.count == 1 { return found[0].rows }
        var union = PostingsUnion()
        for postings in found { union.add(postings) }
        return union.rows()
    }

    /// The rows with a value in the range.
    mutating func rows(in range: Filter.Range) -> RowBitmap {
        var union = PostingsUnion()
        // Bounds of several kinds exclude everything, as nothing compares with all of them.
        guard !range.bounds.isEmpty else { return RowBitmap() }
        if range.bounds.allSatisfy(\.isNumber) {
            integers.collect(
                into: &union, isBelow: { range.isBelow(.integer($0)) }, isAbove: { range.isAbove(.integer($0)) })
            numbers.collect(
                into: &union, isBelow: { range.isBelow(.number($0)) }, isAbove: { range.isAbove(.number($0)) })
        } else if range.bounds.allSatisfy(\.isString) {
            strings.collect(
                into: &union, isBelow: { range.isBelow(.string($0)) }, isAbove: { range.isAbove(.string($0)) })
        }
        return union.rows()
    }

    /// The rows with a text that holds the words.
    mutating func rows(withText text: String) -> RowBitmap {
        readWords()
        var union = PostingsUnion()
        words?.codes(of: FilterWords(text)).forEach { union.add(strings.postings[Int($0)]) }
        return union.rows()
    }

    /// The rows with a time in the range.
    mutating func rows(in range: Filter.TimeRange) -> RowBitmap {
        readTimes()
        var union = PostingsUnion()
        times?.collect(into: &union, isBelow: range.isBelow, isAbove: range.isAbove)
        return union.rows()
    }

    /// The rows with one of the UUIDs.
    mutating func rows(withAnyOf wanted: [PayloadUUID]) -> RowBitmap {
        readUUIDs()
        var union = PostingsUnion()
        for uuid in wanted { if let found = uuids?.rows(of: uuid) { union.add(found) } }
        return union.rows()
    }

    /// The rows with a point in the area.
    mutating func rows(in area: GeoArea) -> RowBitmap {
        var union = PostingsUnion()
        points.collect(area, into: &union)
        return union.rows()
    }

    /// Every distinct value with its rows.
    func forEachValue(_ body: (Filter.Value, Postings) -> Void) {
        if let rows = Postings(truths) { body(.bool(true), rows) }
        if let rows = Postings(falsehoods) { body(.bool(false), rows) }
        for (key, rows) in zip(integers.keys, integers.postings) { body(.integer(key), rows) }
        for (key, rows) in zip(numbers.keys, numbers.postings) { body(.number(key), rows) }
        for (key, rows) in zip(strings.keys, strings.postings) { body(.string(key), rows) }
    }
}
