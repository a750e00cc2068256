extension Collection {
    /// How many refusals are kept; older ones are forgotten.
    static let keptErrors = 1000
    /// How much of a refused draft is kept, in bytes.
    static let keptDraftBytes = 64 << 10

    /// Records content that was refused: a line of `errors.jsonl`, and `failed` for a file without a good version.
    ///
    /// Never fails: a refusal that cannot be recorded is still returned to the caller and logged.
    public func recordFailure(_ error: VexFSError, for file: FileNumber, draft: [UInt8]) {
        // A snapshot refuses everything, and its list of refusals never changes either.
        guard !isReadOnly else { return }
        let path = path(of: file) ?? ""
        let kept = draft.prefix(Self.keptDraftBytes)
        var members: [JSON.Member] = [
            .init("time", .string(Timestamp.text(SystemCall.now()))),
            .init("file", .string(path)),
            .init("id", .string(identifier(of: file).string)),
            .init("code", .string(error.code.rawValue)),
            .init("errno", .integer(Int64(error.errno))),
            .init("error", .string(error.description)),
            .init("bytes", .integer(Int64(draft.count))),
        ]
        if let text = String(validating: kept, as: UTF8.self) {
            members.append(.init("draft", .string(text)))
        } else {
            members.append(.init("draft_hex", .string(kept.prefix(Self.keptDraftBytes / 2).hexadecimal)))
        }
        do throws(VexFSError) {
            try write { () throws(VexFSError) in try store(JSON.object(members), error, file) }
        } catch {
            Log.shared.warn("a refusal could not be recorded: \(error)", [("file", path)])
        }
        context.metrics.increment(.documentsRefused)
    }

    private func store(_ line: JSON, _ error: VexFSError, _ file: FileNumber) throws(VexFSError) {
        let batch = WriteBatch()
        let (sequence, count) = state.withLock { state -> (UInt64, Int) in
            state.nextError += 1
            state.errorCount += 1
            return (state.nextError - 1, state.errorCount)
        }
        batch.put(StoreKey.error(number, sequence), line.compact)
        if count > Self.keptErrors {
            batch.delete(StoreKey.error(number, sequence - UInt64(Self.keptErrors)))
            state.withLock { $0.errorCount -= 1 }
        }
        // A good version stays what it is: visible and searchable. Only a file without one is marked.
        if let attributes = attributes(of: file), attributes.kind == .document, attributes.state != .ready,
            attributes.size == 0
        {
            var record = try currentRecord(file)
            record.error = error.description
            var empty = PreparedDocument(bytes: [])
            empty.state = .failed
            empty.reason = error.description
            try add(empty, to: &record, batch, modified: attributes.modified)
            try database.write(batch)
            show([record])
            return
        }
        try database.write(batch)
    }

    /// `errors.jsonl`: a line for every refusal, oldest first.
    public func errorLines() -> [UInt8] {
        var lines: [UInt8] = []
        do throws(VexFSError) {
            try database.forEach(prefix: StoreKey.prefix(.error, number)) { _, value in
                lines.append(contentsOf: value)
                lines.append(UInt8(ascii: "\n"))
                return true
            }
        } catch {
            Log.shared.error("errors.jsonl cannot be read: \(error)")
        }
        return lines
    }

    /// Forgets the refusals so far.
    public func clearErrors() throws(VexFSError) {
        try write { () throws(VexFSError) in
            let batch = WriteBatch()
            batch.deleteAll(prefix: StoreKey.prefix(.error, number))
            try database.write(batch)
            state.withLock { $0.errorCount = 0 }
        }
    }
}
