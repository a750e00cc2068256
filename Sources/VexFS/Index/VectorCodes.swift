import CVexKernels
import Synchronization

/// What is known of a row besides its 8-bit codes.
struct CodeFacts {
    /// What one step of a code is worth: component ≈ code × scale.
    var scale: Float = 0
    /// An upper bound of the length of what the codes miss of the vector.
    var residual: Float = 0
    /// An upper bound of the length of the vector that the codes stand for.
    var norm: Float = 0
    /// The sum of the squared codes.
    var sumOfSquares: Int32 = 0
}

/// Codes and facts of ``rowCount`` consecutive rows.
///
/// Contract: memory of a row is written once, by ``VectorCodes`` under its lock, before any index that reads the row
/// exists; after that it is only read.
final class CodeBlock: @unchecked Sendable {
    static let rowCount = 1024
    /// `[rowCount × dimension] Int8`
    let codes: UnsafeMutablePointer<Int8>
    /// `[rowCount]`
    let facts: UnsafeMutablePointer<CodeFacts>

    init(dimension: Int) {
        codes = .allocate(capacity: max(1, Self.rowCount * dimension))
        codes.initialize(repeating: 0, count: max(1, Self.rowCount * dimension))
        facts = .allocate(capacity: Self.rowCount)
        facts.initialize(repeating: CodeFacts(), count: Self.rowCount)
    }

    deinit {
        codes.deallocate()
        facts.deallocate()
    }
}

/// 8-bit codes of a collection's vectors, kept in memory and appended to: `dimension + 16` bytes a row.
///
/// Each row has its own scale, so no sample of the data is needed first. Rows are only ever added; after a compaction
/// that numbers rows anew, make new codes.
public final class VectorCodes: Sendable {
    private struct State {
        /// By row; nil where no row of the block is encoded.
        var blocks: [CodeBlock?] = []
        /// How many rows of each block are encoded, from its first.
        var counts: [Int] = []
    }

    private let dimension: Int
    private let state = Mutex(State())

    /// Codes for vectors of `dimension` components; none yet.
    public init(dimension: Int) { self.dimension = dimension }

    /// Bytes that the codes take in memory.
    public var allocatedBytes: Int {
        let block = CodeBlock.rowCount * (dimension + MemoryLayout<CodeFacts>.stride)
        return state.withLock { $0.blocks.reduce(0) { $0 + ($1 == nil ? 0 : block) } }
    }

    /// Encodes the rows that are not yet, and gives an index over all of `rows`, or over those of `ranges`; O(new rows ×
    /// dimension). Codes of other rows are given up.
    ///
    /// ``Metric/manhattan`` has no use for the codes and gets a ``FlatIndex``.
    /// - Parameter ranges: ascending; each but the last begins and ends at a multiple of ``CodeBlock/rowCount``.
    /// - Precondition: `rows` holds what earlier calls were given, and perhaps more rows after it.
    public func index(over rows: VectorRows, metric: Metric, in ranges: [Range<Row>]? = nil) -> any VectorIndex {
        precondition(rows.dimension == dimension)
        guard metric != .manhattan else { return FlatIndex(rows: rows, metric: metric) }
        let blocks = state.withLock { state in
            if let ranges { Self.drop(outside: ranges, &state) }
            rows.withChunks { chunks in
                for chunk in chunks {
                    let first = Int(chunk.firstRow)
                    let held = first..<first + chunk.count
                    guard let ranges else {
                        encode(chunk, held, strideBytes: rows.strideBytes, into: &state)
                        continue
                    }
                    for range in ranges {
                        let wanted = held.clamped(to: Int(range.lowerBound)..<Int(range.upperBound))
                        if !wanted.isEmpty { encode(chunk, wanted, strideBytes: rows.strideBytes, into: &state) }
                    }
                }
            }
            return state.blocks
        }
        return QuantizedFlatIndex(exact: FlatIndex(rows: rows, metric: metric), blocks: blocks)
    }

    private static func drop(outside ranges: [Range<Row>], _ state: inout State) {
        for block in state.blocks.indices where state.blocks[block] != nil {
            let first = Row(block * CodeBlock.rowCount)
            if !ranges.contains(where: { $0.overlaps(first..<first + Row(CodeBlock.rowCount)) }) {
                state.blocks[block] = nil
                state.counts[block] = 0
            }
        }
    }

    private func encode(_ chunk: VectorChunk, _ rows: Range<Int>, strideBytes: Int, into state: inout State) {
        var row = rows.lowerBound
        while row < rows.upperBound {
            let index = row / CodeBlock.rowCount
            while state.blocks.count <= index {
                state.blocks.append(nil)
                state.counts.append(0)
            }
            let end = min(rows.upperBound, (index + 1) * CodeBlock.rowCount)
            let block = state.blocks[index] ?? CodeBlock(dimension: dimension)
            state.blocks[index] = block
            for row in max(row, index * CodeBlock.rowCount + state.counts[index])..<max(row, end) {
                let place = row % CodeBlock.rowCount
                let source = chunk.base + (row - Int(chunk.firstRow)) * strideBytes
                let vector = UnsafeBufferPointer(start: source.assumingMemoryBound(to: Float.self), count: dimension)
                block.facts[place] = CodeFacts(encoding: vector, into: block.codes + place * dimension)
            }
            state.counts[index] = max(state.counts[index], end - index * CodeBlock.rowCount)
            row = end
        }
    }
}

extension CodeFacts {
    /// Writes the codes of a vector, `[dimension] Int8`, and returns what is known of it.
    init(encoding vector: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<Int8>) {
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
        sumOfSquares = vexfs_dot_i8(codes, codes, vector.count)
        residual = Float(vexfs_residual_i8(vector.baseAddress, codes, vector.count, scale)).nextUp
        norm = Float(Double(scale) * Double(sumOfSquares).squareRoot()).nextUp
    }
}
