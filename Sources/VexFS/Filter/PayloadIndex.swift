import Synchronization

/// Hands over the metadata of rows: calls the closure for each row of the bitmap that has a record, where keys are
/// given with no other members than those.
public typealias PayloadLoad = (RowBitmap, [ByteString]?, (Row, JSON) -> Void) throws(VexFSError) -> Void

/// Answers filters exactly, from one column per field that was ever filtered on.
///
/// A column is built from a scan over the rows at its first use and kept up to date by ``insert(row:metadata:)``; a row
/// that a column has not seen when a filter asks for it is loaded then. A row's metadata never changes. Thread-safe;
/// no lock is held while `load` runs.
public final class PayloadIndex: Sendable {
    /// A column with its lock.
    final class Field: Sendable {
        private struct State {
            var column = PayloadColumn()
            var verified = RowBitmap()
            /// The parts that conditions asked for.
            var asked: Set<ColumnPart> = []
        }

        private let state = Mutex(State())

        /// The parts that conditions asked for.
        var askedParts: Set<ColumnPart> { state.withLock { $0.asked } }

        func withColumn<Result: Sendable>(_ body: (inout PayloadColumn) -> Result) -> Result {
            state.withLock { body(&$0.column) }
        }

        /// The rows whose values meet a condition, with or without others that are not in `live`.
        func rows(meeting condition: FieldCondition, among live: RowBitmap) -> RowBitmap {
            if let part = ColumnPart(condition) { state.withLock { _ = $0.asked.insert(part) } }
            guard case .string(let expression) = condition, case .expression = expression else {
                return withColumn { $0.rows(meeting: condition, among: live) }
            }
            // An expression may take long, and whoever commits waits for the lock: a copy is looked at, which costs
            // nothing unless a row comes meanwhile.
            var copy = withColumn { column in
                column.prepare(for: expression)
                return column
            }
            return copy.rows(meeting: condition, among: live)
        }

        /// The rows that the column has not seen, nil where it knows all.
        func missing(from rows: RowBitmap) -> RowBitmap? {
            state.withLock { state in
                // Mostly the same containers as last time, which are compared by their addresses.
                if rows.isSubset(of: state.verified) { return nil }
                let missing = rows.subtracting(state.column.covered)
                if !missing.isEmpty { return missing }
                state.verified = rows
                return nil
            }
        }
    }

    private struct State {
        var fields: [PayloadPath: Field] = [:]
        /// What the columns were prepared for on request.
        var types: [PayloadPath: PayloadType] = [:]
        /// How texts of fields are cut into tokens, where that was said.
        var texts: [PayloadPath: TextOptions] = [:]
        /// When each column was asked for last, counted in ``uses``.
        var lastUses: [PayloadPath: Int] = [:]
        var uses = 0
        /// The fields of a schema, whose columns stay.
        var wanted: Set<PayloadPath> = []
        /// The fields that filters and facets asked for.
        var asked: Set<PayloadPath> = []
        var isAskedForNames = false
        /// Every row's field names, as strings: a letter for the kind of value, then the dotted path.
        var names: Field?
    }

    /// Columns that filters made by themselves.
    static let maximumColumns = 128

    private let state = Mutex(State())
    /// The documents' texts.
    let documents = DocumentIndex()
    /// What filters on the elements of arrays found.
    let elements = ElementFindings()

    /// Creates an index without columns.
    public init() {}

    /// Whether there is anything for ``insert(row:metadata:)`` to keep up to date.
    public var hasColumns: Bool { state.withLock { !$0.fields.isEmpty || $0.names != nil } }

    /// Whether all of the paths have a column.
    func hasColumns(for paths: Set<PayloadPath>) -> Bool {
        state.withLock { state in paths.allSatisfy { state.fields[$0] != nil } }
    }

    /// The fields that have a column, in byte order.
    public var indexedFields: [String] { state.withLock { $0.fields.keys.map(\.description).sorted() } }

    /// The fields that have a column, with what it was prepared for.
    public var schema: PayloadSchema {
        state.withLock { state in
            PayloadSchema(
                fields: state.fields.keys.map {
                    PayloadSchema.Field(name: $0.description, type: state.types[$0], text: state.texts[$0])
                }
                .sorted { ByteString($0.name) < ByteString($1.name) })
        }
    }

    /// How the texts of a field are cut into tokens; nil where nobody said it.
    public func textOptions(of path: PayloadPath) -> TextOptions? { state.withLock { $0.texts[path] } }

    /// Takes a new row's metadata into every column.
    public func insert(row: Row, metadata: JSON) {
        let (fields, names) = state.withLock { ($0.fields, $0.names) }
        for (path, field) in fields {
            let values = path.values(in: metadata)
            field.withColumn { $0.insert(row, values) }
        }
        names?.withColumn { $0.insert(row, [FieldNames.all(in: metadata)]) }
    }

    /// Forgets rows that nobody is going to ask for any more. O(distinct values + rows).
    public func remove(_ rows: RowBitmap) {
        let (fields, names) = state.withLock { ($0.fields, $0.names) }
        for field in Array(fields.values) + (names.map { [$0] } ?? []) { field.withColumn { $0.remove(rows) } }
        documents.remove(rows)
        elements.remove(rows)
    }

    /// Makes sure that the fields of a schema have columns which know the rows, prepared for their types, and takes
    /// away what it drops.
    public func apply(
        _ schema: PayloadSchema, among rows: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) {
        declare(schema)
        try cover(Set(schema.fields.map { PayloadPath($0.name) }), rows, isAsked: false, load)
        for field in schema.fields {
            guard let part = field.type.flatMap(ColumnPart.init) else { continue }
            _ = prepare(part, of: PayloadPath(field.name))
        }
    }

    /// Takes over what a schema says, with columns that know no rows yet, and takes away what it drops.
    func declare(_ schema: PayloadSchema) {
        state.withLock { state in
            for name in schema.dropped { state.fields[PayloadPath(name)] = nil }
            for name in schema.dropped { state.lastUses[PayloadPath(name)] = nil }
            state.wanted.subtract(schema.dropped.map { PayloadPath($0) })
            state.wanted.formUnion(schema.fields.map { PayloadPath($0.name) })
            for name in schema.dropped { state.types[PayloadPath(name)] = nil }
            for name in schema.dropped { state.texts[PayloadPath(name)] = nil }
            for name in schema.dropped { state.asked.remove(PayloadPath(name)) }
            for field in schema.fields where field.type != nil {
                state.texts[PayloadPath(field.name)] = field.text
                state.types[PayloadPath(field.name)] = field.type
            }
        }
        _ = columns(Set(schema.fields.map { PayloadPath($0.name) }), isAsked: false)
    }

    /// The fields of schemas, with what they were prepared for.
    var declaredFields: [PayloadSchema.Field] {
        state.withLock { state in
            state.wanted.map { PayloadSchema.Field(name: $0.description, type: state.types[$0], text: state.texts[$0]) }
        }
    }

    /// What filters and facets asked for; paths that no text says are left out.
    var asked: Set<PreparedIndex> {
        let (fields, paths, hasNames) = state.withLock { ($0.fields, $0.asked, $0.isAskedForNames) }
        var asked: Set<PreparedIndex> = hasNames ? [.names] : []
        if documents.isAsked { asked.insert(.texts) }
        for path in paths where PayloadPath(path.description) == path {
            asked.insert(.column(path.description, nil))
            for part in fields[path]?.askedParts ?? [] { asked.insert(.column(path.description, part)) }
        }
        return asked
    }

    /// Makes a part of a field's column, of at most `limit` strings; whether it has all then.
    func prepare(_ part: ColumnPart, of path: PayloadPath, limit: Int = .max) -> Bool {
        let (field, options) = state.withLock { ($0.fields[path], $0.texts[path] ?? TextOptions()) }
        return field?.withColumn { $0.prepare(part, options, limit: limit) } ?? true
    }

    // MARK: Columns

    /// The fields' columns, which are made where there are none.
    private func columns(_ paths: Set<PayloadPath>, isAsked: Bool) -> [PayloadPath: Field] {
        state.withLock { state in
            if isAsked { state.asked.formUnion(paths) }
            state.uses += 1
            var found: [PayloadPath: Field] = [:]
            for path in paths {
                let field = state.fields[path] ?? Field()
                state.fields[path] = field
                state.lastUses[path] = state.uses
                found[path] = field
            }
            Self.forgetOldest(&state)
            return found
        }
    }

    /// Columns that nobody set up and nobody asked for lately are taken away: every new row goes into each.
    private static func forgetOldest(_ state: inout State) {
        let excess = state.lastUses.count - state.wanted.count - maximumColumns
        guard excess > 0 else { return }
        let old = state.lastUses.filter { $0.value < state.uses && !state.wanted.contains($0.key) }
        for (path, _) in old.sorted(by: { $0.value < $1.value }).prefix(excess) {
            state.fields[path] = nil
            state.asked.remove(path)
            state.lastUses[path] = nil
        }
    }

    /// The column of the fields' names, which is made where there is none.
    private func namesColumn(isAsked: Bool) -> Field {
        state.withLock { state in
            if isAsked { state.isAskedForNames = true }
            let field = state.names ?? Field()
            state.names = field
            return field
        }
    }

    /// The columns of the fields, which know the rows: what a column has not seen is loaded, each row once for all.
    /// - Parameter isAsked: Whether a filter or a facet asks for them.
    @discardableResult
    func cover(
        _ paths: Set<PayloadPath>, _ rows: RowBitmap, isAsked: Bool = true, _ load: PayloadLoad
    ) throws(VexFSError) -> [PayloadPath: Field] {
        // The columns are made, and inserts see them, before the load begins.
        let columns = columns(paths, isAsked: isAsked)
        var behind: [(path: PayloadPath, field: Field, missing: RowBitmap)] = []
        var missing = RowBitmap()
        for (path, field) in columns {
            guard let rows = field.missing(from: rows) else { continue }
            behind.append((path, field, rows))
            missing.formUnion(rows)
        }
        guard !behind.isEmpty else { return columns }
        let keys = Set(behind.flatMap(\.path.firstKeys)).sorted()
        try load(missing, keys) { row, metadata in
            for (path, field, _) in behind {
                let values = path.values(in: metadata)
                field.withColumn { $0.insert(row, values) }
            }
        }
        return columns
    }

    // MARK: Facets

    /// The names of all fields of the rows, nested ones dotted, in byte order.
    public func fields(among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> [String] {
        try fieldKinds(among: live, load: load).map(\.name)
    }

    /// The fields of the rows with how many rows hold which kind of value, in byte order.
    public func fieldKinds(among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> [PayloadField] {
        try coverNames(live, isAsked: true, load).withColumn { FieldNames.count($0, in: live) }
    }

    /// The column of the fields' names, which knows the rows.
    @discardableResult
    func coverNames(
        _ rows: RowBitmap, isAsked: Bool = false, _ load: PayloadLoad
    ) throws(VexFSError) -> Field {
        let names = namesColumn(isAsked: isAsked)
        if let missing = names.missing(from: rows) {
            try load(missing, nil) { row, metadata in
                let found = FieldNames.all(in: metadata)
                names.withColumn { $0.insert(row, [found]) }
            }
        }
        return names
    }

    /// The values of a field as text with how many of the rows hold them, most frequent first, then in byte order.
    public func values(
        of field: String, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> [(value: ByteString, count: Int)] {
        let path = PayloadPath(field)
        guard let column = try cover([path], live, load)[path] else { return [] }
        let found = column.withColumn { column in
            var lines: [ByteString: [Postings]] = [:]
            column.forEachValue { value, rows in lines[value.text, default: []].append(rows) }
            return lines.map { text, postings in
                if postings.count == 1 { return (value: text, count: postings[0].count(in: live)) }
                // A number and a string that look alike share a line; a row that holds both counts once.
                var union = PostingsUnion()
                for rows in postings { union.add(rows) }
                return (value: text, count: union.rows().intersectionCount(live))
            }
        }
        return found.filter { $0.count > 0 }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.value < $1.value }
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
        let path = PayloadPath(field)
        return try cover([path], live, load)[path]?.withColumn { column in
            column.rows(meeting: .anyOf(ValueList(candidates)), among: live).intersection(live)
        } ?? RowBitmap()
    }
}
