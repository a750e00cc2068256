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
    /// After an ingest of so many bytes memory is given back.
    private static let byteCountToTidyAfter = 64 << 20
    /// Texts that are embedded before it is asked whether the ingest was abandoned.
    private static let textsAtOnce = 128
    /// Refused lines that the report names.
    static let reportedErrors = 100

    private struct Work {
        var tail: [UInt8] = []
        var batch = BulkBatch()
        var lineNumber = 0
        /// Bytes taken in since the last ``finish()``.
        var byteCount = 0
        /// The settings as of the last call, with the dimensions that the vectors so far have fixed.
        var configuration: CollectionConfiguration
        /// Those dimensions, by the vectors' names.
        var dimensions: [String: Int] = [:]
        var refused: [BulkPipeline.Refusal] = []
        var refusedCount = 0
        /// The last line at the last ``finish()``, where it was only the beginning of one.
        var unfinished: VexFSError?
        var started = SystemCall.monotonicMicroseconds()
        var finished: Double?
        /// What ended the ingest early.
        var failure: VexFSError?

        /// Fixes the dimensions that a document's vectors are the first to have.
        mutating func note(_ prepared: PreparedDocument) {
            var vectors = prepared.named
            if let vector = prepared.vector { vectors.append(NamedVector("", .dense(vector))) }
            for vector in vectors where configuration.settings(of: vector.name)?.dimension == nil {
                dimensions[vector.name] = vector.vector.dimension
                configuration.fix(vector.vector.dimension, of: vector.name)
            }
        }
    }

    private let collection: Collection
    private let work: Mutex<Work>
    private let pipeline: BulkPipeline

    init(_ collection: Collection) {
        self.collection = collection
        work = Mutex(Work(configuration: collection.configuration))
        pipeline = BulkPipeline { (batch, pipeline, outcome) throws(VexFSError) in
            try Self.commit(batch, to: collection, pipeline, &outcome)
        }
    }

    /// Takes bytes in; whole lines are parsed, full batches committed.
    /// - Parameter isInterrupted: whether the caller does not wait any more for earlier batches to be committed; the
    ///   bytes are taken all the same. The same of ``finish(isInterrupted:)``.
    /// - Throws: `documentTooLarge` for a line beyond the document limit, and what a commit of a batch throws.
    public func append(
        _ bytes: UnsafeRawBufferPointer, isInterrupted: () -> Bool = { false }
    ) throws(VexFSError) {
        try locked { work throws(VexFSError) in
            work.finished = nil
            work.unfinished = nil
            work.byteCount += bytes.count
            var start = 0
            while let base = bytes.baseAddress, start < bytes.count,
                let newline = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            {
                let end = UnsafeRawPointer(newline) - base
                let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                if work.tail.isEmpty {
                    try take(piece, &work, isInterrupted)
                } else {
                    work.tail.append(contentsOf: piece)
                    let whole = work.tail
                    work.tail.removeAll(keepingCapacity: true)
                    try whole.withSystemBytes { line throws(VexFSError) in try take(line, &work, isInterrupted) }
                }
                start = end + 1
            }
            work.tail.append(contentsOf: bytes[start...])
            let limit = work.configuration.documentLimitBytes
            guard work.tail.count <= limit else {
                throw VexFSError(
                    .documentTooLarge, "line \(work.lineNumber + 1) is longer than the limit of \(limit) bytes")
            }
        }
    }

    /// Commits what is left; more may follow. A last line that is only the beginning of one waits for its rest: this
    /// may be the flush of a process that was forked in the middle of the writing.
    /// - Throws: `malformedDocument` where lines were refused (the good ones are kept); what a commit throws;
    ///   `interrupted` as soon as `isInterrupted` says so: the lines are then committed behind the caller's back, until
    ///   ``abandon()``.
    public func finish(isInterrupted: () -> Bool = { false }) throws(VexFSError) {
        try locked { work throws(VexFSError) in
            try takeTail(&work, isInterrupted)
            if pipeline.isIdle, !work.batch.lines.isEmpty, work.batch.lines.allSatisfy({ $0.text == nil }) {
                // Nothing is left to overlap with, and nothing takes so long that the caller could be interrupted.
                let batch = work.batch
                work.batch = BulkBatch()
                try pipeline.commitNow(batch)
            } else {
                try submit(&work, isInterrupted)
                try pipeline.drain(isInterrupted: isInterrupted)
            }
            work.finished = SystemCall.monotonicMicroseconds()
            // The buffers were this process's for as long as they were of use.
            if work.byteCount >= Self.byteCountToTidyAfter { vexfs_return_memory() }
            work.byteCount = 0
            let refused = refusals(work).count
            guard refused == 0 else {
                throw VexFSError(
                    .malformedDocument,
                    "\(refused) of \(lineCount(work)) lines were refused; reading the bulk file names them")
            }
        }
    }

    private func takeTail(_ work: inout Work, _ isInterrupted: () -> Bool) throws(VexFSError) {
        let tail = work.tail
        guard !tail.isEmpty else { return }
        var scanner = JSONScanner()
        try tail.withSystemBytes { line throws(VexFSError) in
            if scanner.feed(line) == .incomplete, !Self.isBlank(line) {
                do throws(VexFSError) {
                    _ = try parse(line, number: work.lineNumber + 1, work)
                } catch {
                    work.unfinished = error
                    return
                }
            }
            work.tail = []
            try take(line, &work, isInterrupted)
        }
    }

    /// Takes nothing more: drops the lines that nobody has begun to commit, and returns when those have ended that
    /// somebody has. A batch is there whole or not at all. Returns whether anything was left to do.
    @discardableResult
    public func abandon() -> Bool { pipeline.cancel() }

    private func lineCount(_ work: borrowing Work) -> Int { work.lineNumber + (work.unfinished == nil ? 0 : 1) }

    /// How many lines were refused, and the first of them in the order of their numbers.
    private func refusals(_ work: borrowing Work) -> (count: Int, first: [BulkPipeline.Refusal]) {
        let later = pipeline.outcome
        var all = work.refused + later.refused
        if let error = work.unfinished { all.append(.init(line: work.lineNumber + 1, error: error)) }
        all.sort { $0.line < $1.line }
        let count = work.refusedCount + later.refusedCount + (work.unfinished == nil ? 0 : 1)
        return (count, Array(all.prefix(Self.reportedErrors)))
    }

    /// What was done, as JSON.
    public var report: [UInt8] {
        work.withLock { work in
            let seconds = ((work.finished ?? SystemCall.monotonicMicroseconds()) - work.started) / 1e6
            let outcome = pipeline.outcome
            let refusals = refusals(work)
            return JSON.object([
                .init("lines", .integer(Int64(lineCount(work)))),
                .init("created", .integer(Int64(outcome.created))),
                .init("replaced", .integer(Int64(outcome.replaced))),
                .init("refused", .integer(Int64(refusals.count))),
                .init("finished", .bool(work.finished != nil)),
                .init("seconds", .number((seconds * 1000).rounded() / 1000)),
                .init("errors", .array(refusals.first.map(\.json))),
            ]).pretty
        }
    }

    /// Runs `body`; after a failure of the store (not of a line) nothing more is taken and every call says so.
    private func locked(_ body: (inout Work) throws(VexFSError) -> Void) throws(VexFSError) {
        let result: Result<Void, VexFSError> = work.withLock { work in
            if let failure = work.failure { return .failure(failure) }
            work.configuration = collection.configuration
            for (name, dimension) in work.dimensions { work.configuration.fix(dimension, of: name) }
            do throws(VexFSError) {
                return .success(try body(&work))
            } catch {
                if work.finished == nil, error.code != .interrupted { work.failure = error }
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        !line.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
    }

    private func take(
        _ line: UnsafeRawBufferPointer, _ work: inout Work, _ isInterrupted: () -> Bool
    ) throws(VexFSError) {
        work.lineNumber += 1
        guard !Self.isBlank(line) else { return }
        collection.context.metrics.increment(.bulkLines)
        do throws(VexFSError) {
            let parsed = try parse(line, number: work.lineNumber, work)
            // Before the first commit only the ingest knows the dimensions.
            work.note(parsed.prepared)
            work.batch.configuration = work.batch.configuration ?? work.configuration
            work.batch.lines.append(parsed)
            work.batch.byteCount += line.count
        } catch {
            collection.context.metrics.increment(.bulkLinesRefused)
            work.refusedCount += 1
            if work.refused.count < Self.reportedErrors {
                work.refused.append(.init(line: work.lineNumber, error: error))
            }
        }
        if work.batch.lines.count >= Self.batchLines || work.batch.byteCount >= Self.batchBytes {
            try submit(&work, isInterrupted)
        }
    }

    private func submit(_ work: inout Work, _ isInterrupted: () -> Bool) throws(VexFSError) {
        guard !work.batch.lines.isEmpty else { return }
        let batch = work.batch
        work.batch = BulkBatch()
        work.batch.lines.reserveCapacity(Self.batchLines)
        try pipeline.submit(batch, isInterrupted: isInterrupted)
    }

    private func parse(
        _ line: UnsafeRawBufferPointer, number: Int, _ work: borrowing Work
    ) throws(VexFSError) -> BulkBatch.Line {
        try collection.checkSize(line.count, of: .document, work.configuration)
        let document = try DocumentParser.parse(line: line.bindMemory(to: UInt8.self))
        try work.configuration.check(document)
        let id = document.explicitID ?? Self.freshIdentifier()
        let name = FileNaming.name(forID: id)
        if let existing = collection.lookup(name, in: Collection.rootNumber), existing.kind != .document {
            throw VexFSError(.alreadyExists, "\(name) is there and is not a document")
        }
        var prepared = PreparedDocument(bytes: [])
        prepared.bytes.reserveCapacity(line.count + 1)
        prepared.bytes.append(contentsOf: line)
        prepared.bytes.append(UInt8(ascii: "\n"))
        let text = prepared.take(document, work.configuration) ? document.text : nil
        return BulkBatch.Line(number: number, name: name, prepared: prepared, text: text)
    }

    /// A random id (RFC 9562, version 4) for a line without one.
    private static func freshIdentifier() -> ByteString {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let groups = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return ByteString(groups.map(\.hexadecimal).joined(separator: "-"))
    }

    // MARK: - Committing, on the pipeline's thread

    private static func commit(
        _ batch: BulkBatch, to collection: Collection, _ pipeline: BulkPipeline, _ outcome: inout BulkPipeline.Outcome
    ) throws(VexFSError) {
        let start = SystemCall.monotonicMicroseconds()
        var lines = batch.lines
        try embedMissing(&lines, in: collection, pipeline, &outcome)
        try collection.context.space.claim(batch.byteCount * 2)
        var documents: [(name: ByteString, prepared: PreparedDocument)] = []
        documents.reserveCapacity(lines.count)
        // Of several lines with one id the last wins, as if they had been written one after the other.
        var places: [ByteString: Int] = [:]
        places.reserveCapacity(lines.count)
        for line in lines {
            if let place = places[line.name] {
                documents[place].prepared = line.prepared
                outcome.replaced += 1
            } else {
                places[line.name] = documents.count
                documents.append((line.name, line.prepared))
            }
        }
        guard !documents.isEmpty else { return }
        let created = try collection.commit(documents, madeFor: batch.configuration ?? collection.configuration)
        outcome.created += created
        outcome.replaced += documents.count - created
        collection.context.metrics.observe(.bulkBatchSeconds, SystemCall.monotonicMicroseconds() - start)
    }

    private static func embedMissing(
        _ lines: inout [BulkBatch.Line], in collection: Collection, _ pipeline: BulkPipeline,
        _ outcome: inout BulkPipeline.Outcome
    ) throws(VexFSError) {
        let places = lines.indices.filter { lines[$0].text != nil }
        guard !places.isEmpty else { return }
        do throws(VexFSError) {
            // Before the first commit only the batch knows the dimension.
            var configuration = collection.configuration
            let known = lines.lazy.compactMap { $0.prepared.vector?.count }.first
            configuration.dimension = configuration.dimension ?? known
            for start in stride(from: 0, to: places.count, by: Self.textsAtOnce) {
                guard !pipeline.isCancelled else { throw VexFSError(.interrupted, "the ingest was abandoned") }
                let some = places[start..<min(start + Self.textsAtOnce, places.count)]
                let embeddings = try collection.embed(
                    some.map { lines[$0].text ?? "" }, role: .document, configuration)
                for (place, embedding) in zip(some, embeddings) { lines[place].prepared.take(embedding) }
            }
        } catch {
            if error.code == .interrupted { throw error }
            guard error.code == .embedderUnavailable || error.code == .modelMissing else {
                collection.context.metrics.increment(.bulkLinesRefused, by: places.count)
                outcome.refuse(places.map { .init(line: lines[$0].number, error: error) })
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

extension BulkPipeline.Refusal {
    /// The line of the report.
    fileprivate var json: JSON {
        .object([
            .init("line", .integer(Int64(line))), .init("code", .string(error.code.rawValue)),
            .init("error", .string(error.description)),
        ])
    }
}

extension Collection {
    /// Starts a bulk ingest.
    public func makeBulkIngest() -> BulkIngest { BulkIngest(self) }

    /// Commits documents at the top of the collection together; returns how many are new.
    /// - Throws: `busy` where the settings of the vectors are other ones by now.
    func commit(
        _ documents: [(name: ByteString, prepared: PreparedDocument)], madeFor settings: CollectionConfiguration
    ) throws(VexFSError) -> Int {
        try write { () throws(VexFSError) in
            guard configuration.storesVectors(as: settings) else { throw CollectionConfiguration.changing }
            let batch = WriteBatch()
            var (records, created) = try records(for: documents.map(\.name), batch)
            try addAll(documents.map(\.prepared), to: &records, batch)
            let now = SystemCall.now()
            try database.write(batch)
            showAtTop(records, now)
            return created
        }
    }

    /// Gives versions their rows, one behind the other, and puts them into the batch; the vectors are in the file when
    /// this returns. The writer's lock is held.
    func addAll(
        _ documents: [PreparedDocument], to records: inout [FileRecord], _ batch: WriteBatch
    ) throws(VexFSError) {
        let dimensions = Set(documents.compactMap(\.vector?.count))
        guard dimensions.count <= 1 else {
            throw VexFSError(.dimensionMismatch, "vectors of one batch have \(dimensions.sorted()) components")
        }
        let first = try nextRow(count: documents.count)
        if let dimension = dimensions.first {
            let file = try unnamedFile(dimension: dimension, embedded: documents.contains(where: \.embedded), batch)
            var vectors = [Float](repeating: 0, count: documents.count * dimension)
            for (index, document) in documents.enumerated() {
                guard let vector = document.vector else { continue }
                vectors.replaceSubrange(index * dimension..<(index + 1) * dimension, with: vector)
            }
            try file.write(vectors, count: documents.count, at: first)
            context.metrics.increment(.vectorBytesWritten, by: vectors.count * 4)
        }
        batch.reserve(documents.reduce(0) { $0 + $1.bytes.count + 512 })
        for (index, document) in documents.enumerated() {
            try add(document, to: &records[index], batch, modified: nil, row: first + Row(index))
        }
    }

    /// The records of existing files, and new ones for names that are free; how many are new.
    func records(
        for names: [ByteString], _ batch: WriteBatch
    ) throws(VexFSError) -> (records: [FileRecord], created: Int) {
        let placed: [(attributes: FileAttributes, isNew: Bool)] = state.withLock { state in
            let root = state.tree[Self.rootNumber]
            let all = names.map { name in
                if let existing = state.tree.lookup(name, in: Self.rootNumber) { return (existing, false) }
                var attributes = FileAttributes(
                    number: state.nextFile, parent: Self.rootNumber, name: name, kind: .document, mode: 0o644)
                state.nextFile += 1
                attributes.owner = root?.owner ?? 0
                attributes.group = root?.group ?? 0
                return (attributes, true)
            }
            return all
        }
        if state.withLock({ $0.nextFile >= FileTree.numberEnd }) { throw .noFileNumbers }
        reserveFileNumbers(batch)
        var records: [FileRecord] = []
        records.reserveCapacity(names.count)
        var created = 0
        for (attributes, isNew) in placed {
            if isNew {
                records.append(FileRecord(attributes: attributes))
                created += 1
            } else {
                guard attributes.kind == .document else {
                    throw VexFSError(.isADirectory, "\(attributes.name) is not a document")
                }
                records.append(try currentRecord(attributes.number))
            }
        }
        return (records, created)
    }
}
