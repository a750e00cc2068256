/// The documents of a collection as BM25 vectors: finds those that a text's words occur in.
///
/// It is derived from the documents and lives in memory: made at the first search that needs it, and brought up to date
/// by each. Rows never change, so only those above the last one that was read are new; which of them are deleted, or
/// belong to the past, say the bitmaps of a search.
public final class TextIndex: Sendable {
    private let model: BM25
    private let index = SparseIndex()
    /// The first row that was not looked at yet. Held while rows are read, so that they come in their order.
    private let next = Monitor<Row>(0)

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

    /// Takes in the rows that are new since the last time. O(bytes of their texts), on up to `threads` threads.
    ///
    /// `rows` are those that searches may ask for: the live ones, and those of snapshots. `load` reads the texts of
    /// rows, by their place in its answer; nil for a document without a text.
    /// - Throws: what `load` throws; the rows before are in, and the next call goes on from there.
    public func update(
        covering rows: RowBitmap, threads: Int = 1, load: ([Row]) throws(VexFSError) -> [String?]
    ) throws(VexFSError) {
        try next.withLock { next throws(VexFSError) in
            guard let last = rows.last, last >= next else { return }
            let new = rows.subtracting(RowBitmap(rowsBelow: Int(next))).rows
            var start = 0
            while start < new.count {
                let batch = Array(new[start..<min(start + Self.batchRows, new.count)])
                let vectors = vectors(of: try load(batch), threads: threads)
                try index.insert(zip(batch, vectors).compactMap { row, vector in vector.map { (row, $0) } })
                start += batch.count
                next = batch[batch.count - 1] + 1
            }
        }
    }

    /// The `limit` allowed rows with the best BM25 scores, best first, equal ones by ascending row; only rows that have
    /// one of the text's tokens. `statistics` are the rows that say how rare a token is: the live ones.
    public func search(_ text: String, limit: Int, among allowed: RowBitmap, statistics: RowBitmap) -> IndexAnswer {
        index.search(model.query(text), limit: limit, among: allowed, statistics: statistics)
    }

    /// Gives back the memory of rows that no search will ask for again.
    public func compact(removing dead: RowBitmap) { index.compact(removing: dead) }

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
