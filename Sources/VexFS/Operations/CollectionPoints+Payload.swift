/// What queries ask of payloads.
extension CollectionPoints {
    func rows(matching filter: Filter, among rows: RowBitmap) throws(VexFSError) -> RowBitmap {
        try collection.rows(matching: filter, among: rows)
    }

    /// How many payloads are looked at for an estimate.
    private static var sampleRows: Int { 1024 }

    /// Exact where the fields have columns, else what a sample of the points suggests.
    func estimatedCount(matching filter: Filter) throws(VexFSError) -> Int {
        guard rows.count > Self.sampleRows, filter.looksAtPayloadOnly,
            !collection.hasColumns(for: filter.paths, among: rows)
        else {
            return try rows(matching: filter, among: rows).count
        }
        var generator = SystemRandomNumberGenerator()
        let sample = RowBitmap(Sampling.rows(Self.sampleRows, of: rows, using: &generator))
        var matching = 0
        var seen = 0
        try collection.loadPayloads(sample, keeping: nil) { _, payload in
            seen += 1
            if filter.matches(payload) { matching += 1 }
        }
        return seen == 0 ? 0 : (rows.count * matching + seen / 2) / seen
    }

    func payload(of row: Row) throws(VexFSError) -> JSON? {
        guard let record = try collection.rowRecord(row) else { return nil }
        return try JSON.parse(record.metadata, code: .corruption)
    }

    func orderValues(
        of order: OrderBy, limit: Int, among rows: RowBitmap
    ) throws(VexFSError) -> [(row: Row, value: OrderValue)] {
        var selection = OrderSelection(order, limit: limit)
        try collection.forEachValue(of: order.key, among: rows) { value, holders, rows in
            guard let value = OrderValue(value) else { return }
            selection.offer(value) { holders.rows.intersection(rows) }
        }
        return selection.values
    }

    func valueCounts(
        of key: PayloadPath, among rows: RowBitmap
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        try collection.valueCounts(of: key, among: rows)
    }
}

extension Filter {
    /// Whether the payload says all that the filter asks.
    fileprivate var looksAtPayloadOnly: Bool {
        switch self {
        case .and(let filters), .or(let filters), .atLeast(_, let filters): filters.allSatisfy(\.looksAtPayloadOnly)
        case .not(let filter): filter.looksAtPayloadOnly
        case .field, .nested: true
        case .document, .hasID, .hasVector, .slice: false
        }
    }
}

extension PayloadIndex {
    /// Hands over every distinct value of a field with the rows that hold it, also rows that are not in `live`; no
    /// other call may be made of the index meanwhile.
    func forEachValue(
        of path: PayloadPath, among live: RowBitmap, load: PayloadLoad, _ body: (Filter.Value, Postings) -> Void
    ) throws(VexFSError) {
        try cover([path], live, load)[path]?.withColumn { $0.forEachValue(body) }
    }

    /// Every distinct value of a field with how many of the rows hold it.
    func valueCounts(
        of path: PayloadPath, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        var found: [(value: Filter.Value, count: Int)] = []
        try forEachValue(of: path, among: live, load: load) { found.append(($0, $1.count(in: live))) }
        return found
    }
}
