/// What queries ask of payloads.
extension CollectionPoints {
    func rows(matching filter: Filter, among rows: RowBitmap) throws(VexFSError) -> RowBitmap {
        try collection.payloads.rows(matching: filter, among: rows, load: collection.loadPayloads)
    }

    /// How many payloads are looked at for an estimate.
    private static var sampleRows: Int { 1024 }

    /// Exact where the fields have columns, else what a sample of the points suggests.
    func estimatedCount(matching filter: Filter) throws(VexFSError) -> Int {
        let indexed = Set(collection.payloads.indexedFields.map { ByteString($0) })
        guard rows.count > Self.sampleRows, !filter.fields.isSubset(of: indexed) else {
            return try rows(matching: filter, among: rows).count
        }
        var generator = SystemRandomNumberGenerator()
        let sample = RowBitmap(Sampling.rows(Self.sampleRows, of: rows, using: &generator))
        var matching = 0
        var seen = 0
        try collection.loadPayloads(sample) { _, payload in
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
        try forEachValue(of: order.key, among: rows) { value, holders in
            guard let value = OrderValue(value) else { return }
            selection.offer(value) { holders().intersection(rows) }
        }
        return selection.values
    }

    func valueCounts(
        of key: PayloadPath, among rows: RowBitmap
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        if let field = key.plainField {
            return try collection.payloads.valueCounts(of: field, among: rows, load: collection.loadPayloads)
        }
        var found: [(value: Filter.Value, count: Int)] = []
        try forEachValue(of: key, among: rows) { found.append(($0, $1().intersectionCount(rows))) }
        return found
    }

    /// Hands over every distinct value with the rows that hold it: from the field's column, or from the payloads where
    /// the path is one that columns don't have.
    private func forEachValue(
        of key: PayloadPath, among rows: RowBitmap, _ body: (Filter.Value, () -> RowBitmap) -> Void
    ) throws(VexFSError) {
        if let field = key.plainField {
            let index = collection.payloads
            try index.forEachValue(of: field, among: rows, load: collection.loadPayloads) { value, holders in
                body(value) { holders.rows }
            }
            return
        }
        var holders: [Filter.Value: RowBitmap] = [:]
        try collection.loadPayloads(rows) { row, payload in
            for value in payload.values(at: key) {
                if let value = Filter.Value(json: value) { holders[value, default: RowBitmap()].insert(row) }
            }
        }
        for (value, rows) in holders { body(value) { rows } }
    }
}

extension PayloadPath {
    /// The name of the field as columns have it, where the path is made of nothing but keys without dots.
    var plainField: String? {
        var keys: [String] = []
        for step in steps {
            guard case .key(let key) = step, !key.utf8.contains(UInt8(ascii: ".")) else { return nil }
            keys.append(key)
        }
        return keys.joined(separator: ".")
    }
}

extension PayloadIndex {
    /// Hands over every distinct value of a field with the rows that hold it, also rows that are not in `live`; no other
    /// call may be made of the index meanwhile.
    func forEachValue(
        of field: String, among live: RowBitmap, load: PayloadLoad, _ body: (Filter.Value, Postings) -> Void
    ) throws(VexFSError) {
        let name = ByteString(field)
        try cover([name], live, load)[name]?.withColumn { $0.forEachValue(body) }
    }

    /// Every distinct value of a field with how many of the rows hold it.
    func valueCounts(
        of field: String, among live: RowBitmap, load: PayloadLoad
    ) throws(VexFSError) -> [(value: Filter.Value, count: Int)] {
        var found: [(value: Filter.Value, count: Int)] = []
        try forEachValue(of: field, among: live, load: load) { found.append(($0, $1.count(in: live))) }
        return found
    }
}
