import CVexKernels

extension LSHSegment {
    /// Appends the sections of a segment of the rows to a file whose header the caller has given, and which the caller
    /// finishes. O(rows × tables × bits × dimension) time, 8 bytes a row and table of memory.
    /// - Precondition: `vectors` holds every row; the vectors are finite, for ``Metric/cosine`` of length 1.
    /// - Throws: `interrupted` where `isCancelled` said so, `unsupported` for ``Metric/manhattan``, `storeFull`,
    ///   `inputOutput`.
    public static func build(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, options: LSHOptions, threads: Int,
        writer: SegmentWriter, isCancelled: () -> Bool
    ) throws(VexFSError) {
        guard supports(metric) else {
            throw VexFSError(.unsupported, "hash tables don't serve the metric \(metric.rawValue)")
        }
        let addresses = Scratch<UnsafePointer<Float>>(rows.count)
        for place in 0..<rows.count { addresses.start[place] = vectors.address(of: rows[place]) }
        let width = cellWidth(addresses, dimension: vectors.dimension)
        let functions = LSHFunctions(
            dimension: vectors.dimension, tables: options.tables, bits: options.bucketBits(rows: rows.count),
            width: metric == .euclidean ? width : nil)
        let buckets = Scratch<UInt32>(options.tables * rows.count)
        withExtendedLifetime(vectors) {
            ParallelRanges.run(rows.count, grain: 960, threads: threads, isCancelled: isCancelled) { range in
                hash(range, of: addresses, functions: functions, into: buckets.start, count: rows.count)
            }
        }
        guard !isCancelled() else { throw VexFSError(.interrupted, "building a segment was cancelled") }
        let bucketCount = 1 << functions.bits
        let starts = Scratch<UInt32>(options.tables * (bucketCount + 1))
        let places = Scratch<UInt32>(options.tables * rows.count)
        for table in 0..<options.tables {
            let order = ListOrder(buckets.start + table * rows.count, count: rows.count, lists: bucketCount)
            let own = starts.start + table * (bucketCount + 1)
            var filled = 0
            for bucket in 0..<bucketCount {
                own[bucket] = UInt32(filled)
                for place in order.members(of: bucket) {
                    places.start[table * rows.count + filled] = place
                    filled += 1
                }
            }
            own[bucketCount] = UInt32(filled)
        }
        var shape = ByteWriter(capacity: 16)
        for value in [options.tables, functions.bits, options.probes] { shape.append(UInt32(value)) }
        shape.append(width.bitPattern)
        try writer.append("shape", shape.bytes)
        try writer.append("rows", rows.inFile)
        try writer.append("starts", starts.bytes)
        try writer.append("places", places.bytes)
    }

    private static func hash(
        _ range: Range<Int>, of addresses: Scratch<UnsafePointer<Float>>, functions: LSHFunctions,
        into buckets: UnsafeMutablePointer<UInt32>, count: Int
    ) {
        let values = Scratch<Float>(LSHFunctions.rowsAtOnce * functions.columns)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: LSHFunctions.rowsAtOnce) {
            let rowsNow = min(LSHFunctions.rowsAtOnce, range.upperBound - start)
            functions.project(addresses.start + start, count: rowsNow, into: values.start)
            for row in 0..<rowsNow {
                let line = values.start + row * functions.columns
                for table in 0..<functions.tables {
                    buckets[table * count + start + row] = functions.bucket(
                        line + table * functions.perTable, table: table)
                }
            }
        }
    }

    /// The width of a cell: the median distance of a sampled row to its nearest among as many other rows, so that a
    /// neighbour's projection mostly falls into the same cell or the next. 1 where all of them are the same.
    private static func cellWidth(_ addresses: Scratch<UnsafePointer<Float>>, dimension: Int) -> Float {
        let count = min(addresses.count, 256)
        var nearest: [Float] = []
        for first in 0..<count {
            var least = Float.infinity
            let row = addresses.start[first * addresses.count / count]
            for second in 0..<count where second != first {
                let other = addresses.start[second * addresses.count / count]
                let squared = vexfs_distance_f32(VEXFS_MEASURE_L2_SQUARED, row, other, dimension)
                if squared > 0 { least = min(least, squared) }
            }
            if least.isFinite { nearest.append(least.squareRoot()) }
        }
        guard !nearest.isEmpty else { return 1 }
        return nearest.sorted()[nearest.count / 2]
    }
}
