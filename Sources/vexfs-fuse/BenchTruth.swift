import Synchronization
import VexFS

/// The right answers, found by comparing every query with every row in full precision on two threads.
///
/// O(queries × rows × dimension). Rows are taken from their file in pieces that stay in the cache while all queries
/// pass over them; no copy of the vectors is kept.
struct BenchTruth: Sendable {
    /// The nearest rows of each query, nearest first.
    let neighbors: [[Neighbor]]

    /// Rows a piece: a few hundred KB at common widths.
    private static let pieceRows = 512

    /// Compares; `filters` and `group` say which rows count for which query.
    init(_ data: BenchData, limit: Int, filter: BenchFilter?) throws(Failure) {
        let next = Atomic<Int>(0)
        let everything = RowBitmap(rowsBelow: data.rowCount)
        let threads = try BenchThreads.map(2) { _ -> Result<[[Neighbor]], VexFSError> in
            var best = [[Neighbor]](repeating: [], count: data.queries.count)
            while true {
                let start = next.wrappingAdd(Self.pieceRows, ordering: .relaxed).oldValue
                guard start < data.rowCount else { return .success(best) }
                let piece = Piece(data, start..<min(data.rowCount, start + Self.pieceRows))
                let index = Engine.exactIndex(over: piece.rows, metric: data.metric)
                do throws(VexFSError) {
                    for (number, query) in data.queries.enumerated() {
                        let allowed = filter?.rows(for: number) ?? everything
                        let found = try index.search(query, IndexQuery(limit: limit), allowed: allowed).neighbors
                        best[number] = .merged([best[number], found], limit: limit, metric: data.metric)
                    }
                } catch {
                    return .failure(error)
                }
            }
        }
        var parts: [[[Neighbor]]] = []
        for thread in threads {
            switch thread {
            case .success(let best): parts.append(best)
            case .failure(let error): throw Failure(error)
            }
        }
        neighbors = data.queries.indices.map { query in
            .merged(parts.map { $0[query] }, limit: limit, metric: data.metric)
        }
    }

    /// The share of the right rows among those found: 1 where there are none to find.
    func recall(_ found: [Neighbor], query: Int) -> Double {
        let right = Set(neighbors[query].map(\.row))
        guard !right.isEmpty else { return 1 }
        return Double(found.count { right.contains($0.row) }) / Double(right.count)
    }

    /// Some consecutive rows in memory.
    private final class Piece: @unchecked Sendable {
        // Unchecked: written here, then only read.
        private let buffer: UnsafeMutableBufferPointer<Float>
        private let first: Int
        private let dimension: Int

        init(_ data: BenchData, _ rows: Range<Int>) {
            buffer = .allocate(capacity: rows.count * data.dimension)
            buffer.initialize(repeating: 0)
            first = rows.lowerBound
            dimension = data.dimension
            data.copy(rows, into: buffer)
        }

        deinit { buffer.deallocate() }

        var rows: VectorRows {
            let start = UnsafeRawPointer(buffer.baseAddress)
            let chunks = start.map {
                [VectorChunk(base: $0, firstRow: Row(first), count: buffer.count / dimension)]
            }
            return VectorRows(chunks: chunks ?? [], strideBytes: dimension * 4, dimension: dimension, owner: self)
        }
    }
}
