/// The read-only control files: what a collection says of itself.
extension Collection {
    /// `info.json`: what the collection is.
    public func infoText() -> [UInt8] {
        let (name, configuration, created, count) = state.withLock {
            ($0.name, $0.configuration, $0.created, $0.rows.live.count)
        }
        return JSON.object([
            .init("name", .string(name.string)),
            .init("number", .integer(Int64(number))),
            .init("created", .string(Timestamp.text(created))),
            .init("documents", .integer(Int64(count))),
            .init("dimension", configuration.dimension.map { .integer(Int64($0)) } ?? .null),
            .init("metric", .string(configuration.metric.rawValue)),
            .init("vectors", .array(configuration.named.map { .string($0.name) })),
            .init("model", .string(configuration.model)),
            .init("index", .string(configuration.index.kind.rawValue)),
        ]).pretty
    }

    /// `stats`: figures that change, one `name value` a line.
    public func statisticsText() -> [UInt8] {
        let index = indexFigures
        let preparation = preparation.withLock { $0 }
        let numbers: [(String, Int)] = state.withLock { state in
            [
                ("documents", state.rows.live.count), ("vectors", state.unnamed.withVector.count),
                ("pending", state.pendingCount), ("refused", state.errorCount), ("files", state.tree.count),
                ("rows_given", Int(state.rows.next)), ("dimension", state.unnamed.vectors?.dimension ?? 0),
                ("vector_bytes", Int(state.rows.next) * (state.unnamed.vectors?.strideBytes ?? 0)),
                ("scratch_bytes", state.scratchBytes),
                ("index_segments", index.segments), ("index_scanned_rows", index.scannedRows),
                ("index_mapped_bytes", index.mappedBytes), ("index_memory_bytes", index.allocatedBytes),
                ("prepared_indexes", preparation.prepared), ("prepared_indexes_wanted", preparation.indexes),
                ("prepared_rows", preparation.preparedRows), ("prepared_rows_wanted", preparation.rows),
            ]
        }
        var lines = numbers.map { ($0.0, String($0.1)) }
        lines += spaceFigures()
        // A sampled figure: there is none before a few searches went through the index.
        if let figure = recall.figure {
            lines.append(("recall_at_10", ScoreText.of(figure.recall)))
            lines.append(("recall_samples", String(figure.samples)))
        }
        return Array(lines.map { "\($0.0) \($0.1)\n" }.joined().utf8)
    }

    /// How many documents have each of the named vectors; white space in a name is escaped as in query paths.
    private func spaceFigures() -> [(String, String)] {
        state.withLock { state in
            state.spaces.dropFirst().map { space in
                ("vectors." + PercentEncoding.encode(space.name.utf8, reserved: " "), String(space.withVector.count))
            }
        }
    }

    /// `pending`: the paths of the documents that wait for a vector, one a line.
    public func pendingText() -> [UInt8] {
        Array(pendingFiles().compactMap { path(of: $0).map { $0 + "\n" } }.joined().utf8)
    }

    /// Returns once no document waits for a vector, and where asked, once the background has no part of the index left
    /// to build.
    /// - Throws: `timedOut`.
    public func waitUntilReady(includingIndex: Bool = false, timeoutMilliseconds: Int) throws(VexFSError) {
        // What waits in a snapshot waits for ever.
        if isReadOnly { return }
        let isDone = progress.wait(milliseconds: timeoutMilliseconds) { _ in
            self.pendingCount == 0 && (!includingIndex || self.isIndexed) ? true : nil
        }
        guard isDone == true else {
            let waiting = pendingCount
            throw VexFSError(
                .timedOut,
                waiting > 0
                    ? "\(waiting) documents still wait for a vector; .vexfs/pending lists them"
                    : "a part of the index is still being built")
        }
    }

    /// `ids.txt`: the ids of the documents with a vector, one a line, in the order of `vectors.f32`.
    public func identifierLines() -> [UInt8] {
        var text: [UInt8] = []
        state.withLock { state in
            state.unnamed.withVector.forEach { row in
                guard let file = state.rows.file(of: row), let path = state.tree.path(of: file) else { return }
                text.append(contentsOf: FileNaming.identifier(ofPath: path).string.utf8)
                text.append(UInt8(ascii: "\n"))
            }
        }
        return text
    }

    /// `vectors.f32`: `[vectors × dimension] Float32`, little-endian, row-major, in the order of `ids.txt`.
    public func vectorBytes() -> FileContent {
        let (vectors, rows, end) = state.withLock { ($0.unnamed.vectors, $0.unnamed.withVector, $0.rows.next) }
        guard let vectors else { return FileContent([]) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count * vectors.dimension * 4)
        let view = vectors.rows(below: end)
        rows.forEach { row in
            view.withVector(row) { bytes.append(contentsOf: UnsafeRawBufferPointer($0)) }
        }
        return FileContent(bytes)
    }

    /// A piece of `export.jsonl`: the documents behind file `number`, one a line, with the last file of the piece (nil
    /// at the end). A line is what `bulk` takes: id, text, metadata and vector.
    public func exportLines(after number: FileNumber, limit: Int) throws(VexFSError) -> (
        lines: [UInt8], last: FileNumber?
    ) {
        var lines: [UInt8] = []
        var last: FileNumber?
        let files = state.withLock { state in
            var files: [FileNumber] = []
            state.tree.files.records.forEach(from: Int(truncatingIfNeeded: number) + 1) { file, packed in
                if packed.kind == .document { files.append(FileNumber(file)) }
                return files.count < limit
            }
            return files
        }
        for file in files {
            last = file
            guard let line = try exportLine(of: file) else { continue }
            lines.append(contentsOf: line)
            lines.append(UInt8(ascii: "\n"))
        }
        return (lines, last)
    }

    private func exportLine(of file: FileNumber) throws(VexFSError) -> [UInt8]? {
        guard let attributes = attributes(of: file), let row = attributes.row, let record = try rowRecord(row) else {
            return nil
        }
        let bytes = try content(of: file).bytes
        var members: [JSON.Member] = [.init("id", .string(identifier(of: file).string))]
        if !bytes.isEmpty, let document = try? DocumentParser.parse(bytes, as: FileNaming.format(of: attributes.name)),
            !document.text.isEmpty
        {
            members.append(.init("text", .string(document.text)))
        }
        members.append(.init("metadata", try JSON.parse(record.metadata, code: .corruption)))
        if let vector = try embedding(of: file) {
            members.append(.init("vector", .array(vector.map { .number(Double($0)) })))
        } else {
            members.append(.init("vector", .null))
        }
        let named = try namedVectors(of: file).map { JSON.Member($0.name, $0.vector.json) }
        if !named.isEmpty { members.append(.init("vectors", .object(named))) }
        return JSON.object(members).compact
    }

    /// The documents that wait for a vector.
    func pendingFiles() -> [FileNumber] {
        state.withLock { state in
            state.pendingCount == 0 ? [] : state.tree.numbers(in: .pending)
        }
    }
}
