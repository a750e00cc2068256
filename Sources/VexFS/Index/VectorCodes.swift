import CVexKernels
import Synchronization

/// What is known of a row besides its 8-bit codes.
typealias CodeFacts = vexfs_row_facts

/// Codes and facts of ``rowCount`` consecutive places of a chunk.
///
/// Contract: memory of a place is written once, by ``VectorCodes`` under its lock, before any index that reads the row
/// exists; after that it is only read.
final class CodeBlock: @unchecked Sendable {
    static let rowCount = 1024
    /// `[rowCount × width] Int8`: what is beyond the dimension is 0.
    let codes: UnsafeMutablePointer<Int8>
    /// `[rowCount]`
    let facts: UnsafeMutablePointer<CodeFacts>

    init(width: Int) {
        codes = .allocate(capacity: Self.rowCount * width)
        codes.initialize(repeating: 0, count: Self.rowCount * width)
        facts = .allocate(capacity: Self.rowCount)
        facts.initialize(repeating: CodeFacts(), count: Self.rowCount)
    }

    deinit {
        codes.deallocate()
        facts.deallocate()
    }
}

/// 8-bit codes of a collection's vectors, kept in memory and appended to: `width + 16` bytes a row, the width being
/// the dimension rounded up to what the kernels compare at once.
///
/// Each row has its own scale, so no sample of the data is needed first. A chunk that was packed is encoded anew, and
/// the codes of its former rows go with the last search that uses them.
public final class VectorCodes: Sendable {
    private struct ChunkCodes {
        var generation: Int
        /// The blocks that are wanted, and how many places of each are encoded.
        var blocks: [CodeBlock?] = []
        var filled: [Int] = []
    }

    private let dimension: Int
    private var width: Int { GraphPoints.width(dimension) }
    /// By the chunks' first rows.
    private let state = Mutex<[Row: ChunkCodes]>([:])

    /// Codes for vectors of `dimension` components; none yet.
    public init(dimension: Int) { self.dimension = dimension }

    /// Bytes that the codes take in memory.
    public var allocatedBytes: Int {
        let block = CodeBlock.rowCount * (width + MemoryLayout<CodeFacts>.stride)
        return state.withLock { $0.values.reduce(0) { $0 + $1.blocks.count { $0 != nil } * block } }
    }

    /// Encodes the rows that are not yet, and gives an index over `rows`; O(new rows × dimension). Codes of other
    /// chunks, and of blocks without a wanted row, are given up.
    ///
    /// ``Metric/manhattan`` has no use for the codes and gets a ``FlatIndex``.
    /// - Parameter wanted: the stretches of rows that the index is going to be asked for; nil for all. It answers for
    ///   the others too, but compares their full vectors.
    /// - Precondition: `rows` holds what earlier calls were given, and perhaps more rows after it.
    public func index(over rows: VectorRows, wanted: [Range<Row>]? = nil, metric: Metric) -> any VectorIndex {
        precondition(rows.dimension == dimension)
        guard metric != .manhattan else { return FlatIndex(rows: rows, metric: metric) }
        let blocks: [[CodeBlock?]] = state.withLock { state in
            rows.withChunks { chunks in
                if state.count > chunks.count {
                    let present = Set(chunks.map(\.firstRow))
                    state = state.filter { present.contains($0.key) }
                }
                return chunks.map { encode($0, wanted, strideBytes: rows.strideBytes, into: &state) }
            }
        }
        return QuantizedFlatIndex(exact: FlatIndex(rows: rows, metric: metric), blocks: blocks)
    }

    /// Lets go of the codes of packed chunks, given by their first rows; the next search encodes what is left.
    func forget(_ chunks: [Row]) {
        state.withLock { state in
            for first in chunks { state[first] = nil }
        }
    }

    private func encode(
        _ chunk: VectorChunk, _ wanted: [Range<Row>]?, strideBytes: Int, into state: inout [Row: ChunkCodes]
    ) -> [CodeBlock?] {
        var codes = state[chunk.firstRow] ?? ChunkCodes(generation: chunk.generation)
        if codes.generation != chunk.generation { codes = ChunkCodes(generation: chunk.generation) }
        let end = chunk.placeCount
        let stretches = wanted.map { $0.map { chunk.places(of: chunk.local($0)) } } ?? [0..<end]
        for index in 0..<(end + CodeBlock.rowCount - 1) / CodeBlock.rowCount {
            if index == codes.blocks.count {
                codes.blocks.append(nil)
                codes.filled.append(0)
            }
            let places = index * CodeBlock.rowCount..<min(end, (index + 1) * CodeBlock.rowCount)
            guard stretches.contains(where: { $0.overlaps(places) }) else {
                (codes.blocks[index], codes.filled[index]) = (nil, 0)
                continue
            }
            let block = codes.blocks[index] ?? CodeBlock(width: width)
            for within in codes.filled[index]..<max(codes.filled[index], places.count) {
                let source = chunk.base + (places.lowerBound + within) * strideBytes
                let vector = UnsafeBufferPointer(start: source.assumingMemoryBound(to: Float.self), count: dimension)
                block.facts[within] = CodeFacts(encoding: vector, into: block.codes + within * width)
            }
            codes.blocks[index] = block
            codes.filled[index] = max(codes.filled[index], places.count)
        }
        state[chunk.firstRow] = codes
        return codes.blocks
    }
}

extension VectorChunk {
    /// The part of some rows that is the chunk's, counted from its first row.
    fileprivate func local(_ rows: Range<Row>) -> Range<Int> {
        let first = Int(firstRow)
        let all = first..<first + count
        let part = (Int(rows.lowerBound)..<Int(rows.upperBound)).clamped(to: all)
        return part.lowerBound - first..<part.upperBound - first
    }
}

extension CodeFacts {
    /// Writes the codes of a vector, `[dimension] Int8`, and returns what is known of it.
    init(encoding vector: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<Int8>) {
        self.init()
        let largest = vexfs_largest_f32(vector.baseAddress, vector.count)
        let factor = 127 / largest
        guard largest.isFinite, factor.isFinite else {
            // All zero, too small to scale, or not numbers: no codes, and a bound that covers everything.
            for index in 0..<vector.count { codes[index] = 0 }
            residual = largest == 0 ? 0 : .infinity
            return
        }
        vexfs_quantize_i8(vector.baseAddress, vector.count, factor, codes)
        scale = largest / 127
        sum_of_squares = vexfs_dot_i8(codes, codes, vector.count)
        residual = Float(vexfs_residual_i8(vector.baseAddress, codes, vector.count, scale)).nextUp
        norm = Float(Double(scale) * Double(sum_of_squares).squareRoot()).nextUp
    }
}
