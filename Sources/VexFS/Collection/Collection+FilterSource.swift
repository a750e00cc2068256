/// What filters ask a collection for.
extension Collection: FilterSource {
    /// Reads a filter of Qdrant's; texts are cut into tokens as `schema.json` says of their fields.
    /// - Throws: `invalidFilter`.
    public func filter(qdrant json: JSON) throws(VexFSError) -> Filter {
        try Filter(qdrant: json) { self.payloads.textOptions(of: $0) }
    }

    /// Hands over the texts of rows; a document without text has none. Few are read one by one, many in a walk over
    /// all.
    func loadTexts(_ rows: RowBitmap, _ body: (Row, ByteString) -> Void) throws(VexFSError) {
        guard let first = rows.first, let last = rows.last else { return }
        func hand(_ row: Row, _ bytes: [UInt8]) {
            guard let format = format(of: row), let document = try? DocumentParser.parse(bytes, as: format),
                !document.text.isEmpty
            else { return }
            body(row, ByteString(document.text))
        }
        // Finding a document costs about as much as walking over eight.
        if rows.count < Int(last - first) / 8 {
            for row in rows.rows {
                if let bytes = try storedDocument(row) { hand(row, bytes) }
            }
            return
        }
        try forEachDocument(of: rows, hand)
    }

    /// How the document of a live row is to be read.
    private func format(of row: Row) -> DocumentFormat? {
        state.withLock { state in
            state.rows.file(of: row).flatMap { state.tree[$0] }.map { FileNaming.format(of: $0.name) }
        }
    }

    /// Hands over the ids of the documents of live rows.
    func loadIdentifiers(_ rows: RowBitmap, _ body: (Row, ByteString) -> Void) throws(VexFSError) {
        for row in rows.rows {
            guard let file = state.withLock({ $0.rows.file(of: row) }) else { continue }
            body(row, identifier(of: file))
        }
    }

    /// The rows of the documents with these ids.
    func rows(withIdentifiers ids: Set<ByteString>) throws(VexFSError) -> RowBitmap {
        RowBitmap(ids.compactMap { id in file(withID: id).flatMap { attributes(of: $0)?.row } })
    }

    /// The rows that are still documents' current versions. One that is not never is again.
    func present(_ rows: RowBitmap) -> RowBitmap { rows.intersection(state.withLock { $0.rows.live }) }

    /// The rows with a vector of this name; the empty name is that of the collection's own vector.
    func rows(withVector name: ByteString) throws(VexFSError) -> RowBitmap {
        state.withLock { state in state.spaces.first { ByteString($0.name) == name }?.withVector } ?? RowBitmap()
    }
}
