import CVexKernels
import Glibc
import Synchronization

/// Takes JSON Lines in and commits them in batches: what a write to `.vexfs/bulk` does.
///
/// Good lines are kept, bad ones are counted and reported with their line numbers. A batch is one write to the vector
/// file and one to the database. Used by one thread at a time; the lock only makes that safe to get wrong.
public final class BulkIngest: Sendable {
    /// Lines that are committed together, at the most.
    private static let batchLines = 512
    /// Bytes after which a batch is committed, whatever its lines.
    private static let batchBytes = 4 << 20
    /// Refused lines that the report names.
    private static let reportedErrors = 100

    private struct Work {
        var tail: [UInt8] = []
        var batch: [Line] = []
        var batchBytes = 0
        var lineNumber = 0
        /// The components of the vectors so far: before the first commit only the batch knows them.
        var dimension: Int?
        var created = 0
        var replaced = 0
        var refused: [JSON] = []
        var refusedCount = 0
        var started = SystemCall.monotonicMicroseconds()
        var finished: Double?
        /// What ended the ingest early.
        var failure: VexFSError?
    }

    private struct Line {
        var number: Int
        var name: ByteString
        var prepared: PreparedDocument
        /// The text to embed, where the line brought no vector.
        var text: String?
    }

    private let collection: Collection
    private let work = Mutex(Work())

    init(_ collection: Collection) { self.collection = collection }

    /// Takes bytes in; whole lines are parsed, full batches committed.
    /// - Throws: `documentTooLarge` for a line beyond the document limit, and what a commit of a batch throws.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        try locked { work throws(VexFSError) in
            var start = 0
            while let base = bytes.baseAddress, start < bytes.count,
                let newline = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            {
                let end = UnsafeRawPointer(newline) - base
                let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                if work.tail.isEmpty {
                    try take(piece, &work)
                } else {
                    work.tail.append(contentsOf: piece)
                    let whole = work.tail
                    work.tail.removeAll(keepingCapacity: true)
                    try whole.withSystemBytes { line throws(VexFSError) in try take(line, &work) }
                }
                start = end + 1
            }
            work.tail.append(contentsOf: bytes[start...])
            let limit = collection.configuration.documentLimitBytes
            guard work.tail.count <= limit else {
                throw VexFSError(
                    .documentTooLarge, "line \(work.lineNumber + 1) is longer than the limit of \(limit) bytes")
            }
        }
    }

    /// Commits what is left.
    /// - Throws: `malformedDocument` where lines were refused (the good ones are kept); what a commit throws.
    public func finish() throws(VexFSError) {
        try locked { work throws(VexFSError) in
            let tail = work.tail
            work.tail = []
            if !tail.isEmpty { try tail.withSystemBytes { line throws(VexFSError) in try take(line, &work) } }
            try commit(&work)
            work.finished = SystemCall.monotonicMicroseconds()
            guard work.refusedCount == 0 else {
                throw VexFSError(
                    .malformedDocument,
                    "\(work.refusedCount) of \(work.lineNumber) lines were refused; reading the bulk file names them")
            }
        }
    }

    /// What was done, as JSON.
    public var report: [UInt8] {
        work.withLock { work in
            let seconds = ((work.finished ?? SystemCall.monotonicMicroseconds()) - work.started) / 1e6
            return JSON.object([
                .init("lines", .integer(Int64(work.lineNumber))),
                .init("created", .integer(Int64(work.created))),
                .init("replaced", .integer(Int64(work.replaced))),
                .init("refused", .integer(Int64(work.refusedCount))),
                .init("finished", .bool(work.finished != nil)),
                .init("seconds", .number((seconds * 1000).rounded() / 1000)),
                .init("errors", .array(work.refused)),
            ]).pretty
        }
    }

    /// Runs `body`; after a failure of the store (not of a line) nothing more is taken and every call says so.
    private func locked(_ body: (inout Work) throws(VexFSError) -> Void) throws(VexFSError) {
        let result: Result<Void, VexFSError> = work.withLock { work in
            if let failure = work.failure { return .failure(failure) }
            do throws(VexFSError) {
                return .success(try body(&work))
            } catch {
                if work.finished == nil { work.failure = error }
                return .failure(error)
            }
        }
        try result.get()
    }

    private func take(_ line: UnsafeRawBufferPointer, _ work: inout Work) throws(VexFSError) {
        work.lineNumber += 1
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
        collection.context.metrics.increment(.bulkLines)
        do throws(VexFSError) {
            let parsed = try parse(line, number: work.lineNumber, dimension: work.dimension)
            if let count = parsed.prepared.vector?.count { work.dimension = count }
            work.batch.append(parsed)
            work.batchBytes += line.count
        } catch {
            refuse(work.lineNumber, error, &work)
        }
        if work.batch.count >= Self.batchLines || work.batchBytes >= Self.batchBytes { try commit(&work) }
    }

    private func refuse(_ line: Int, _ error: VexFSError, _ work: inout Work) {
        collection.context.metrics.increment(.bulkLinesRefused)
        work.refusedCount += 1
        guard work.refused.count < Self.reportedErrors else { return }
        work.refused.append(
            .object([
                .init("line", .integer(Int64(line))), .init("code", .string(error.code.rawValue)),
                .init("error", .string(error.description)),
            ]))
    }

    private func parse(_ line: UnsafeRawBufferPointer, number: Int, dimension: Int?) throws(VexFSError) -> Line {
        var configuration = collection.configuration
        configuration.dimension = configuration.dimension ?? dimension
        try collection.checkSize(line.count, of: .document, configuration)
        let document = try DocumentParser.parse(line: line.bindMemory(to: UInt8.self))
        if let vector = document.vector { try collection.check(vector, configuration) }
        let id = document.explicitID ?? Self.freshIdentifier()
        let name = FileNaming.name(forID: id)
        var prepared = PreparedDocument(bytes: [])
        prepared.bytes.reserveCapacity(line.count + 1)
        prepared.bytes.append(contentsOf: line)
        prepared.bytes.append(UInt8(ascii: "\n"))
        prepared.metadata = document.metadata
        var text: String?
        if let vector = document.vector {
            prepared.vector = configuration.metric == .cosine ? vector.normalized() : vector
            prepared.state = .ready
        } else if let reason = document.reasonWithoutVector {
            prepared.reason = reason
        } else {
            text = document.text
        }
        return Line(number: number, name: name, prepared: prepared, text: text)
    }

    /// A random id (RFC 9562, version 4) for a line without one.
    private static func freshIdentifier() -> ByteString {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let groups = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return ByteString(groups.map(\.hexadecimal).joined(separator: "-"))
    }

    private func commit(_ work: inout Work) throws(VexFSError) {
        guard !work.batch.isEmpty else { return }
        let start = SystemCall.monotonicMicroseconds()
        var lines = work.batch
        let size = work.batchBytes
        work.batch.removeAll(keepingCapacity: true)
        work.batchBytes = 0
        try embedMissing(&lines, &work)
        try collection.context.space.claim(size * 2)
        var documents: [(name: ByteString, prepared: PreparedDocument)] = []
        // Of several lines with one id the last wins, as if they had been written one after the other.
        var places: [ByteString: Int] = [:]
        for line in lines {
            if let place = places[line.name] {
                documents[place].prepared = line.prepared
                work.replaced += 1
            } else {
                places[line.name] = documents.count
                documents.append((line.name, line.prepared))
            }
        }
        let created = try collection.commit(documents)
        work.created += created
        work.replaced += documents.count - created
        collection.context.metrics.observe(.bulkBatchSeconds, SystemCall.monotonicMicroseconds() - start)
    }

    private func embedMissing(_ lines: inout [Line], _ work: inout Work) throws(VexFSError) {
        let places = lines.indices.filter { lines[$0].text != nil }
        guard !places.isEmpty else { return }
        do throws(VexFSError) {
            let embeddings = try collection.embed(
                places.map { lines[$0].text ?? "" }, role: .document, collection.configuration)
            for (place, embedding) in zip(places, embeddings) { lines[place].prepared.take(embedding) }
        } catch {
            guard error.code == .embedderUnavailable || error.code == .modelMissing else {
                for place in places { refuse(lines[place].number, error, &work) }
                lines = lines.filter { $0.text == nil }
                return
            }
            for place in places {
                lines[place].prepared.state = .pending
                lines[place].prepared.reason = error.description
            }
        }
    }
}

extension Collection {
    /// Starts a bulk ingest.
    public func makeBulkIngest() -> BulkIngest { BulkIngest(self) }

    /// Commits documents at the top of the collection together; returns how many are new.
    func commit(_ documents: [(name: ByteString, prepared: PreparedDocument)]) throws(VexFSError) -> Int {
        try write { () throws(VexFSError) in
            let batch = WriteBatch()
            let dimensions = Set(documents.compactMap(\.prepared.vector?.count))
            guard dimensions.count <= 1 else {
                throw VexFSError(.dimensionMismatch, "vectors of one batch have \(dimensions.sorted()) components")
            }
            let first = state.withLock { $0.rows.next }
            if let dimension = dimensions.first {
                let embedded = documents.contains { $0.prepared.embedded }
                let file = try vectorFile(dimension: dimension, embedded: embedded, batch)
                var vectors = [Float](repeating: 0, count: documents.count * dimension)
                for (index, document) in documents.enumerated() {
                    guard let vector = document.prepared.vector else { continue }
                    vectors.replaceSubrange(index * dimension..<(index + 1) * dimension, with: vector)
                }
                try file.write(vectors, count: documents.count, at: first)
                context.metrics.increment(.vectorBytesWritten, by: vectors.count * 4)
            }
            let (records, created) = try records(for: documents.map(\.name), batch)
            var versions: [(attributes: FileAttributes, row: RowRecord, prepared: PreparedDocument)] = []
            versions.reserveCapacity(documents.count)
            for (index, document) in documents.enumerated() {
                var record = records[index]
                let version = try add(
                    document.prepared, to: &record, batch, modified: nil, row: first + Row(index))
                versions.append((record.attributes, version, document.prepared))
            }
            let now = SystemCall.now()
            putDirectory(Self.rootNumber, now, batch)
            try database.write(batch)
            state.withLock { state in
                for (attributes, _, _) in versions where state.tree[attributes.number] == nil {
                    if let late = state.tree.lookup(attributes.name, in: Self.rootNumber) { Self.forget(late, &state) }
                    state.tree.insert(attributes)
                }
                Self.touchDirectory(Self.rootNumber, now, &state)
            }
            show(versions)
            return created
        }
    }

    /// The records of existing files, and new ones for names that are free; how many are new.
    private func records(
        for names: [ByteString], _ batch: WriteBatch
    ) throws(VexFSError) -> (records: [FileRecord], created: Int) {
        var records: [FileRecord] = []
        records.reserveCapacity(names.count)
        var created = 0
        for name in names {
            if let existing = lookup(name, in: Self.rootNumber) {
                guard existing.kind == .document else {
                    throw VexFSError(.isADirectory, "\(name) is not a document")
                }
                records.append(try currentRecord(existing.number))
                continue
            }
            let attributes = state.withLock { state in
                var attributes = FileAttributes(
                    number: state.nextFile, parent: Self.rootNumber, name: name, kind: .document, mode: 0o644)
                state.nextFile += 1
                let root = state.tree[Self.rootNumber]
                attributes.owner = root?.owner ?? 0
                attributes.group = root?.group ?? 0
                if state.nextFile >= state.reservedFiles {
                    state.reservedFiles = state.nextFile + 4096
                    batch.put(StoreKey.collection(number), encodedRecord(state))
                }
                return attributes
            }
            records.append(FileRecord(attributes: attributes))
            created += 1
        }
        return (records, created)
    }
}
