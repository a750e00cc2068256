import Synchronization

/// Hands over the metadata of rows: calls the closure for each row of the bitmap that has a record.
public typealias PayloadLoad = (RowBitmap, (Row, JSON) -> Void) throws(VexFSError) -> Void

/// Answers filters exactly, from one column per field that was ever filtered on.
///
/// A column is built from a scan over the rows at its first use and kept up to date by ``insert(row:metadata:)``; a row
/// that a column has not seen when a filter asks for it is loaded then. A row's metadata never changes. Thread-safe;
/// no lock is held while `load` runs.
public final class PayloadIndex: Sendable {
    private struct State {
        var columns: [ByteString: PayloadColumn] = [:]
        /// Every row's field names, as strings: a letter for the kind of value, then the dotted path.
        var names: PayloadColumn?
    }

    private let state = Mutex(State())

    /// Creates an index without columns.
    public init() {}

    /// Whether there is anything for ``insert(row:metadata:)`` to keep up to date.
    public var hasColumns: Bool { state.withLock { !$0.columns.isEmpty || $0.names != nil } }

    /// The fields that have a column, in byte order.
    public var indexedFields: [String] { state.withLock { $0.columns.keys.sorted().map(\.string) } }

    /// Takes a new row's metadata into every column.
    public func insert(row: Row, metadata: JSON) {
        state.withLock { state in
            for field in state.columns.keys {
                let value = metadata.value(at: field.string)
                state.columns[field]?.insert(row, value)
            }
            state.names?.insert(row, present: true, FieldNames.all(in: metadata))
        }
    }

    /// Makes sure that the field has a column which knows the rows.
    public func build(_ field: String, among rows: RowBitmap, load: PayloadLoad) throws(VexFSError) {
        try cover(field, rows, load)
    }

    // MARK: Filters

    /// The rows of `live` that match, exactly as ``Filter/matches(_:)`` has it.
    public func rows(
        matching filter: Filter, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> RowBitmap {
        var result = RowBitmap(capacity: live.words.count * 64)
        switch filter {
        case .and(let filters):
            result = live
            for filter in filters { result = try rows(matching: filter, among: result, load: load) }
            return result
        case .or(let filters):
            for filter in filters { result.formUnion(try rows(matching: filter, among: live, load: load)) }
            return result
        case .not(let inner):
            result = live
            result.subtract(try rows(matching: inner, among: live, load: load))
            return result
        case .exists(let field):
            try cover(field, live, load)
            withColumn(field) { result.formUnion($0.present) }
        case .anyOf(let field, let values):
            try cover(field, live, load)
            withColumn(field) { column in for value in values { column.collect(value, into: &result) } }
        case .range(let field, let range):
            try cover(field, live, load)
            withColumn(field) { $0.collect(into: &result, where: range.contains) }
        case .textMatch(let field, let text):
            try cover(field, live, load)
            let words = FilterWords(text)
            withColumn(field) { column in
                column.collect(into: &result) { value in
                    if case .string(let text) = value { words.match(text) } else { false }
                }
            }
        }
        result.formIntersection(live)
        return result
    }

    private func withColumn(_ field: String, _ body: (PayloadColumn) -> Void) {
        state.withLock { state in if let column = state.columns[ByteString(field)] { body(column) } }
    }

    /// Loads the rows that the field's column has not seen.
    private func cover(_ field: String, _ rows: RowBitmap, _ load: PayloadLoad) throws(VexFSError) {
        let key = ByteString(field)
        let missing = state.withLock { state in
            // Only the assignment makes the column, which inserts have to see before the load begins.
            if state.columns[key] == nil { state.columns[key] = PayloadColumn() }
            return self.rows(rows, missingFrom: state.columns[key])
        }
        guard let missing else { return }
        try load(missing) { row, metadata in
            let value = metadata.value(at: field)
            state.withLock { $0.columns[key]?.insert(row, value) }
        }
        state.withLock { $0.columns[key]?.cover(missing) }
    }

    // MARK: Facets

    /// The names of all fields of the rows, nested ones dotted, in byte order.
    public func fields(among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> [String] {
        try fieldKinds(among: live, load: load).map(\.name)
    }

    /// The fields of the rows with how many rows hold which kind of value, in byte order.
    public func fieldKinds(among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> [PayloadField] {
        let missing = state.withLock { state in
            if state.names == nil { state.names = PayloadColumn() }
            return rows(live, missingFrom: state.names)
        }
        if let missing {
            try load(missing) { row, metadata in
                let names = FieldNames.all(in: metadata)
                state.withLock { $0.names?.insert(row, present: true, names) }
            }
            state.withLock { $0.names?.cover(missing) }
        }
        return state.withLock { state in FieldNames.count(state.names, in: live) }
    }

    private func rows(_ live: RowBitmap, missingFrom column: PayloadColumn?) -> RowBitmap? {
        live.missing(from: column?.covered ?? RowBitmap())
    }

    /// The values of a field as text with how many of the rows hold them, most frequent first, then in byte order.
    public func values(
        of field: String, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> [(value: ByteString, count: Int)] {
        try cover(field, live, load)
        var found: [(value: ByteString, count: Int)] = []
        withColumn(field) { column in
            var codes: [ByteString: [Int]] = [:]
            for (code, value) in column.values.enumerated() { codes[value.text, default: []].append(code) }
            for (text, codes) in codes {
                let count: Int
                if codes.count == 1 {
                    count = column.postings[codes[0]].count(in: live)
                } else {
                    // A number and a string that look alike share a line; a row that holds both counts once.
                    var rows = RowBitmap()
                    for code in codes { column.postings[code].collect(into: &rows) }
                    rows.formIntersection(live)
                    count = rows.count
                }
                if count > 0 { found.append((text, count)) }
            }
        }
        return found.sorted { $0.count != $1.count ? $0.count > $1.count : $0.value < $1.value }
    }

    /// The rows of `live` where the field holds a value that looks like `text`, as ``values(of:among:load:)`` lists it.
    public func rows(
        whereField field: String, hasText text: ByteString, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> RowBitmap {
        var candidates: [Filter.Value] = [.string(text)]
        if text == "true" || text == "false" { candidates.append(.bool(text == "true")) }
        if let json = try? JSON.parse(Array(text.string.utf8)), let number = Filter.Value(json: json), number.isNumber,
            number.text == text
        {
            candidates.append(number)
        }
        return try rows(matching: .anyOf(field: field, values: candidates), among: live, load: load)
    }
}

extension PayloadColumn {
    /// Takes in a row's value of the field.
    fileprivate mutating func insert(_ row: Row, _ value: JSON?) {
        insert(row, present: value.map { !$0.isNull } ?? false, Filter.scalars(of: value))
    }
}

extension RowBitmap {
    /// The rows that are not in `other`, or nil where there are none. Allocates only where there are.
    fileprivate func missing(from other: RowBitmap) -> RowBitmap? {
        let isCovered = words.indices.allSatisfy { index in
            words[index] & ~(index < other.words.count ? other.words[index] : 0) == 0
        }
        if isCovered { return nil }
        var rest = self
        rest.subtract(other)
        return rest
    }
}
