import CVexKernels

/// Vectors by ascending row, one behind the other: those that are in no segment yet.
struct SparseRows: Sendable {
    /// The rows, ascending.
    private(set) var rows: [Row] = []
    /// Where each row's components end.
    private var ends: [Int] = []
    private(set) var indices: [UInt32] = []
    private(set) var values: [Float] = []

    /// How many vectors.
    var count: Int { rows.count }
    /// Bytes of memory.
    var allocatedBytes: Int { rows.capacity * 4 + ends.capacity * 8 + indices.capacity * 4 + values.capacity * 4 }

    /// Adds the vector of a row above all others.
    mutating func append(_ vector: SparseVector, row: Row) {
        rows.append(row)
        indices.append(contentsOf: vector.indices)
        values.append(contentsOf: vector.values)
        ends.append(indices.count)
    }

    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    /// The place within its container of the row that each component is of.
    var componentPlaces: [UInt16] {
        var places: [UInt16] = []
        places.reserveCapacity(indices.count)
        for (row, end) in zip(rows, ends) {
            places.append(contentsOf: repeatElement(UInt16(truncatingIfNeeded: row), count: end - places.count))
        }
        return places
    }

    /// How many of the rows in the set have each of the dimensions, which ascend.
    func counts(of dimensions: [UInt32], in set: RowBitmap) -> [Int] {
        var counts = [Int](repeating: 0, count: dimensions.count)
        var start = 0
        for (row, end) in zip(rows, ends) {
            defer { start = end }
            guard set.contains(row) else { continue }
            var place = start
            for (index, dimension) in dimensions.enumerated() {
                while place < end, indices[place] < dimension { place += 1 }
                if place < end, indices[place] == dimension { counts[index] += 1 }
            }
        }
        return counts
    }

    /// Offers every allowed row that shares a dimension with the query; returns how many there were.
    func search(_ query: SparseVector, among allowed: RowBitmap, into heap: inout NeighborHeap) -> Int {
        var start = 0
        var total = 0
        for (row, end) in zip(rows, ends) {
            defer { start = end }
            guard allowed.contains(row) else { continue }
            var product = 0.0
            let shared = indices.withUnsafeBufferPointer { indices in
                values.withUnsafeBufferPointer { values in
                    vexfs_sparse_dot(
                        &product, query.indices, query.values, query.count, indices.baseAddress.map { $0 + start },
                        values.baseAddress.map { $0 + start }, end - start)
                }
            }
            guard shared > 0 else { continue }
            total += 1
            heap.offer(Neighbor(row: row, score: Float(product)))
        }
        return total
    }
}
