import Synchronization

/// The documents of a collection as BM25 vectors: finds those that a text's words occur in.
///
/// It is derived from the documents and lives in memory: made when it is first asked for, and brought up to date by
/// each search. Rows never change, so only those above the last one that was read are new; which of them are deleted,
/// or belong to the past, say the bitmaps of a search.
public final class TextIndex: Sendable {
    private let model: BM25
    let index = SparseIndex()
    private let intake = RowIntake(from: 0)
    private let known = Mutex(RowBitmap())
    /// Whether a search asked for it since the store was opened.
    let isAsked = Atomic<Bool>(false)

    /// Rows whose texts are in memory at a time while they are analysed.
    private static let batchRows = 8192

    /// An index without rows.
    public init(_ model: BM25) { self.model = model }

    /// How texts become words.
    public var options: TextOptions { model.analyzer.options }
    /// The rows that have a text.
    public var rows: RowBitmap { index.rows }
    /// Bytes of memory.
    public var allocatedBytes: Int { index.allocatedBytes }
    /// The rows that were read, whether they have a text or not.
    var covered: RowBitmap { known.withLock { $0 } }
    /// The first row that was not looked at yet.
    var end: Row { intake.end }

    /// Takes in the rows that are new since the last time. O(bytes of their texts), on up to `threads` threads.
    ///
    /// `rows` are those that searches may ask for: the live ones. `load` reads the texts of rows, by their place in its
    /// answer; nil for a document without a text. `present` tells afterwards which of them were there to be read; the
    /// others are not ``covered``.
    /// - Parameters:
    ///   - isAhead: Whether nobody waits for it.
    ///   - limit: How many row numbers further at the most.
    /// - Throws: what `load` throws; the rows before are in, and the next call goes on from there.
    public func update(
        covering rows: RowBitmap, threads: Int = 1, isAhead: Bool = false, limit: Int = .max,
        present: (RowBitmap) -> RowBitmap = { $0 }, load: ([Row]) throws(VexFSError) -> [String?]
    ) throws(VexFSError) {
        guard let last = rows.last else { return }
        try intake.take(through: last, isAhead: isAhead) { next throws(VexFSError) in
            let end = min(Int(last) + 1, Int(next).addingSaturating(limit))
            var new: [Row] = []
            rows.forEachRun(in: Int(next)..<end) { new.append(contentsOf: Row($0.lowerBound)..<Row($0.upperBound)) }
            var start = 0
            while start < new.count {
                let batch = Array(new[start..<min(start + Self.batchRows, new.count)])
                let vectors = vectors(of: try load(batch), threads: threads)
                let read = present(RowBitmap(batch))
                try index.insert(zip(batch, vectors).compactMap { row, vector in vector.map { (row, $0) } })
                known.withLock { $0.formUnion(read) }
                start += batch.count
                next = batch[batch.count - 1] + 1
            }
            next = Row(end)
        }
    }

    /// The text as it is searched for, the words not weighted yet.
    func query(_ text: String) -> SparseVector { model.query(text) }

    /// The `limit` allowed rows with the best BM25 scores, best first, equal ones by ascending row; only rows that have
    /// one of the text's tokens. `statistics` are the rows that say how rare a token is: the live ones.
    public func search(_ text: String, limit: Int, among allowed: RowBitmap, statistics: RowBitmap) -> IndexAnswer {
        index.search(model.query(text), limit: limit, among: allowed, statistics: statistics)
    }

    /// Gives back the memory of rows that no search will ask for again.
    public func compact(removing dead: RowBitmap) {
        known.withLock { $0.subtract(dead) }
        index.compact(removing: dead)
    }

    private func vectors(of texts: [String?], threads: Int) -> [SparseVector?] {
        guard threads > 1, texts.count > 1 else { return texts.map { $0.map(model.document) } }
        return [SparseVector?](unsafeUninitializedCapacity: texts.count) { vectors, filled in
            vectors.initialize(repeating: nil)
            filled = texts.count
            // Each range's elements are written by the thread that has it, and by no other.
            nonisolated(unsafe) let target = vectors
            ParallelRanges.run(texts.count, grain: 32, threads: threads, isCancelled: { false }) { range in
                for place in range { target[place] = texts[place].map(model.document) }
            }
        }
    }
}
