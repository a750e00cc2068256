/// What one field holds over all rows: for each kind of value the distinct ones and the rows that hold them.
///
/// Times, UUIDs and words are read from the distinct strings when they are first asked for, and from then on from each
/// row that comes.
struct PayloadColumn: Sendable {
    /// The rows that were looked at, whatever they hold.
    private(set) var covered = RowBitmap()
    /// The rows where the path leads to a value.
    private var held = RowBitmap()
    /// The rows with a value that is not null.
    private var present = RowBitmap()
    /// The rows with a value that is neither null nor an array without elements.
    private var filled = RowBitmap()
    /// The rows with a value that is not null, an array's elements taken for its values.
    private var valued = RowBitmap()
    /// The rows with null, or null in an array.
    private var nulls = RowBitmap()
    private(set) var truths = RowBitmap()
    private(set) var falsehoods = RowBitmap()
    private(set) var integers = ValueIndex<Int64>()
    /// Numbers that are no `Int64`.
    private(set) var numbers = ValueIndex<Double>()
    /// The rows with a number, and those with several.
    private var numeric = KindRows()
    private(set) var strings = ValueIndex<ByteString>()
    /// The rows with a string, and those with several.
    private var textual = KindRows()
    /// The rows with a value that counts as one.
    private var single = RowBitmap()
    /// The counts of the other values.
    private var counts = ValueIndex<Int64>()
    private var points = ValueIndex<GeoPoint>()
    private var times: ValueIndex<PayloadTime>?
    private var uuids: ValueIndex<PayloadUUID>?
    private var texts = StringIndex()

    /// The rows with values of a kind.
    private struct KindRows: Sendable {
        var any = RowBitmap()
        /// Those with more than one value that differ.
        var several = RowBitmap()

        mutating func remove(_ rows: RowBitmap) {
            any.subtract(rows)
            several.subtract(rows)
        }
    }

    /// Takes in the values that a row holds; a row that was looked at already is left alone.
    mutating func insert(_ row: Row, _ values: [JSON]) {
        guard !covered.contains(row) else { return }
        covered.insert(row)
        if values.isEmpty { return }
        held.insert(row)
        var first: (number: Filter.Value?, string: Filter.Value?)
        for value in values {
            let count = FieldCondition.count(of: value)
            if count != 1 { counts.add(row, count) } else { single.insert(row) }
            if !value.isNull { present.insert(row) }
            if !FieldCondition.isEmptyValue(value) { filled.insert(row) }
            guard case .array(let elements) = value else {
                insert(row, leaf: value, &first)
                continue
            }
            for element in elements { insert(row, leaf: element, &first) }
        }
        for point in Set(values.flatMap { GeoPoint.points(of: $0) }) { points.add(row, point) }
    }

    private mutating func insert(
        _ row: Row, leaf: JSON, _ first: inout (number: Filter.Value?, string: Filter.Value?)
    ) {
        if leaf.isNull {
            nulls.insert(row)
            return
        }
        valued.insert(row)
        guard let value = Filter.Value(json: leaf) else { return }
        switch value {
        case .bool(let isTrue): if isTrue { truths.insert(row) } else { falsehoods.insert(row) }
        case .integer(let number):
            integers.add(row, number)
            note(row, value, &first.number, &numeric)
        case .number(let number):
            numbers.add(row, number)
            note(row, value, &first.number, &numeric)
        case .string(let text):
            strings.add(row, text)
            note(row, value, &first.string, &textual)
            if times != nil, let time = PayloadTime(text.string) { times?.add(row, time) }
            if uuids != nil, let uuid = PayloadUUID(text.string) { uuids?.add(row, uuid) }
        }
    }

    private func note(_ row: Row, _ value: Filter.Value, _ first: inout Filter.Value?, _ rows: inout KindRows) {
        if let first, first != value { rows.several.insert(row) }
        if first == nil {
            first = value
            rows.any.insert(row)
        }
    }

    /// Forgets rows, so that they cost no memory. O(distinct values + rows).
    mutating func remove(_ rows: RowBitmap) {
        for set in [\PayloadColumn.covered, \.held, \.single, \.present, \.filled, \.valued, \.nulls] {
            self[keyPath: set].subtract(rows)
        }
        numeric.remove(rows)
        textual.remove(rows)
        counts.remove(rows)
        truths.subtract(rows)
        falsehoods.subtract(rows)
        integers.remove(rows)
        numbers.remove(rows)
        strings.remove(rows)
        points.remove(rows)
        times?.remove(rows)
        uuids?.remove(rows)
        // Its texts are the strings by their codes, which are new ones now.
        texts = StringIndex()
    }

    /// Makes a part of the column, of at most `limit` strings where it is made of those one by one; whether it has all
    /// then.
    mutating func prepare(_ part: ColumnPart, _ options: TextOptions, limit: Int = .max) -> Bool {
        switch part {
        case .numbers:
            integers.sort()
            numbers.sort()
        case .times:
            readTimes()
            times?.sort()
        case .uuids: readUUIDs()
        case .places: points.sort()
        case .words: return texts.prepare(for: .words(""), strings.keys, limit: limit)
        case .tokens:
            let query = TokenQuery(.all, "", options: options)
            return texts.prepare(for: .tokens(query), strings.keys, limit: limit)
        case .trigrams: return texts.prepare(for: .substring(""), strings.keys, limit: limit)
        }
        return true
    }

    /// Prepares what a condition on strings needs.
    mutating func prepare(for condition: StringCondition) { texts.prepare(for: condition, strings.keys) }

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

    /// The rows whose values meet a condition, with or without others that are not in `live`.
    mutating func rows(meeting condition: FieldCondition, among live: RowBitmap) -> RowBitmap {
        switch condition {
        case .exists: return present
        case .isNull: return nulls
        case .isEmpty: return live.subtracting(filled)
        case .anyOf(let list): return rows(withAnyOf: list.values)
        case .except(let list): return rows(withOthersThan: list.values)
        case .range(let range): return rows(in: range)
        case .count(let range): return rows(withCounts: range, among: live)
        case .time(let range):
            readTimes()
            var union = PostingsUnion()
            times?.collect(into: &union, isBelow: range.isBelow, isAbove: range.isAbove)
            return union.rows()
        case .uuid(let wanted):
            readUUIDs()
            var union = PostingsUnion()
            for uuid in wanted { if let found = uuids?.rows(of: uuid) { union.add(found) } }
            return union.rows()
        case .geo(let area):
            var union = PostingsUnion()
            points.collect(area, into: &union)
            return union.rows()
        case .string(.prefix(let start)):
            var union = PostingsUnion()
            let isIn = { (text: ByteString) in text.string.utf8.starts(with: start.string.utf8) }
            strings.collect(into: &union, isBelow: { $0 < start }, isAbove: { $0 > start && !isIn($0) })
            return union.rows()
        case .string(let condition):
            var union = PostingsUnion()
            texts.codes(meeting: condition, strings.keys).forEach { union.add(strings.postings[Int($0)]) }
            return union.rows()
        }
    }

    /// The rows that hold one of the values; O(1) for one value that many rows hold.
    private func rows(withAnyOf values: some Sequence<Filter.Value>) -> RowBitmap {
        let found = values.compactMap(postings(of:))
        if found.count == 1 { return found[0].rows }
        var union = PostingsUnion()
        for postings in found { union.add(postings) }
        return union.rows()
    }

    /// The rows with a value that is none of these, of the kinds that are among them.
    private func rows(withOthersThan values: [Filter.Value]) -> RowBitmap {
        if values.isEmpty { return valued }
        let unwanted = Set(values.map(\.canonical))
        var union = PostingsUnion()
        if unwanted.contains(where: \.isNumber) {
            let listed = rows(withAnyOf: unwanted.filter(\.isNumber))
            union.add(numeric.any.subtracting(listed))
            let mixed = numeric.several.intersection(listed)
            Self.add(integers, but: { unwanted.contains(.integer($0)) }, in: mixed, to: &union)
            Self.add(numbers, but: { unwanted.contains(.number($0)) }, in: mixed, to: &union)
        }
        if unwanted.contains(where: \.isString) {
            let listed = rows(withAnyOf: unwanted.filter(\.isString))
            union.add(textual.any.subtracting(listed))
            let mixed = textual.several.intersection(listed)
            Self.add(strings, but: { unwanted.contains(.string($0)) }, in: mixed, to: &union)
        }
        let isBoolean = { (value: Filter.Value) in value == .bool(true) || value == .bool(false) }
        if unwanted.contains(where: isBoolean) {
            if !unwanted.contains(.bool(true)) { union.add(truths) }
            if !unwanted.contains(.bool(false)) { union.add(falsehoods) }
        }
        return union.rows()
    }

    /// Adds those of the rows that hold a value that is not unwanted.
    private static func add<Key>(
        _ index: ValueIndex<Key>, but isUnwanted: (Key) -> Bool, in rows: RowBitmap, to union: inout PostingsUnion
    ) {
        if rows.isEmpty { return }
        for (key, postings) in zip(index.keys, index.postings) where !isUnwanted(key) {
            union.add(postings.rows.intersection(rows))
        }
    }

    /// The rows with so many values.
    private mutating func rows(withCounts range: Filter.Range, among live: RowBitmap) -> RowBitmap {
        var union = PostingsUnion()
        counts.collect(
            into: &union, isBelow: { range.isBelow(.integer($0)) }, isAbove: { range.isAbove(.integer($0)) })
        if range.contains(.integer(1)) { union.add(single) }
        if range.contains(.integer(0)) { union.add(live.subtracting(held)) }
        return union.rows()
    }

    /// The rows with a value in the range.
    private mutating func rows(in range: Filter.Range) -> RowBitmap {
        if range.bounds.isEmpty { return numeric.any }
        var union = PostingsUnion()
        // Bounds of several kinds exclude everything, as nothing compares with all of them.
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

    /// Every distinct value with its rows.
    func forEachValue(_ body: (Filter.Value, Postings) -> Void) {
        if let rows = Postings(truths) { body(.bool(true), rows) }
        if let rows = Postings(falsehoods) { body(.bool(false), rows) }
        for (key, rows) in zip(integers.keys, integers.postings) { body(.integer(key), rows) }
        for (key, rows) in zip(numbers.keys, numbers.postings) { body(.number(key), rows) }
        for (key, rows) in zip(strings.keys, strings.postings) { body(.string(key), rows) }
    }
}
