import VexFS

/// The vectors of a benchmark: those to search in, read from their file piece by piece, and those to search for.
final class BenchData: Sendable {
    /// Components of a vector.
    let dimension: Int
    /// How many vectors there are to search in.
    let rowCount: Int
    /// What is searched for; of length 1 for cosine.
    let queries: [[Float]]
    /// How vectors are compared.
    let metric: Metric

    private let base: NumPyArray

    /// Opens the files.
    /// - Throws: `badInput` where they hold no vectors or don't fit together.
    init(_ request: BenchRequest) throws(Failure) {
        base = try NumPyArray(path: request.base)
        let asked = try NumPyArray(path: request.queries)
        guard base.rowCount > 0, base.columnCount > 0, asked.rowCount > 0 else {
            throw Failure(.badInput, "there are no vectors in \(asked.rowCount > 0 ? request.base : request.queries)")
        }
        guard base.columnCount == asked.columnCount else {
            throw Failure(
                .badInput,
                "\(request.base) has vectors of \(base.columnCount) components, \(request.queries) of "
                    + "\(asked.columnCount)")
        }
        guard base.rowCount <= Int(Int32.max) else { throw Failure(.badInput, "\(request.base) has too many rows") }
        dimension = base.columnCount
        rowCount = base.rowCount
        metric = request.metric
        let vectors = asked.vectors(0..<asked.rowCount)
        queries = request.metric == .cosine ? vectors.map { $0.normalized() } : vectors
        guard queries.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw Failure(.badInput, "\(request.queries) has numbers that are not finite")
        }
    }

    /// Copies rows out, as a collection keeps them: `[rows.count × dimension] Float32`, of length 1 for cosine.
    func copy(_ rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>) {
        base.copy(rows, into: buffer)
        guard metric == .cosine else { return }
        for start in stride(from: 0, to: rows.count * dimension, by: dimension) {
            let vector = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + dimension])
            let length = Self.product(UnsafeBufferPointer(vector), UnsafeBufferPointer(vector)).squareRoot()
            guard length > 0 else { continue }
            for index in 0..<dimension { vector[index] /= length }
        }
    }

    /// Rows as one array, `[rows.count × dimension] Float32`.
    func rows(_ rows: Range<Int>) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows.count * dimension) { buffer, count in
            copy(rows, into: buffer)
            count = rows.count * dimension
        }
    }

    /// The inner product of two vectors of one length.
    static func product(_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>) -> Float {
        precondition(left.count == right.count)
        // Eight sums: the compiler may not reorder one.
        var sums = SIMD8<Float>()
        let whole = left.count / 8 * 8
        for start in stride(from: 0, to: whole, by: 8) {
            var first = SIMD8<Float>()
            var second = SIMD8<Float>()
            for lane in 0..<8 {
                first[lane] = left[start + lane]
                second[lane] = right[start + lane]
            }
            sums += first * second
        }
        var sum = sums.sum()
        for index in whole..<left.count { sum += left[index] * right[index] }
        return sum
    }
}
