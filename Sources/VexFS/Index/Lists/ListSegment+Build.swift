import CVexKernels

extension ListSegment {
    /// Appends the sections of a segment of the rows to a file whose header the caller has given, and which the caller
    /// finishes. O(rows × (√lists + dimension) × dimension) time; memory for the codes and 40 bytes a row.
    /// - Precondition: `vectors` holds every row; the vectors are finite, for ``Metric/cosine`` of length 1.
    /// - Throws: `interrupted` where `isCancelled` said so, `unsupported` for ``Metric/manhattan``, `storeFull`,
    ///   `inputOutput`.
    public static func build(
        rows: SegmentRows, vectors: VectorRows, metric: Metric, options: ListOptions, threads: Int,
        writer: SegmentWriter, isCancelled: () -> Bool
    ) throws(VexFSError) {
        guard supports(metric) else {
            throw VexFSError(.unsupported, "inverted lists don't serve the metric \(metric.rawValue)")
        }
        let addresses = Scratch<UnsafePointer<Float>>(rows.count)
        for place in 0..<rows.count { addresses.start[place] = vectors.address(of: rows[place]) }
        let built = withExtendedLifetime(vectors) {
            withoutActuallyEscaping(isCancelled) { isCancelled in
                ListBuild(
                    rows: rows, addresses: addresses, dimension: vectors.dimension, metric: metric, options: options,
                    threads: max(1, threads), isCancelled: isCancelled)
            }
        }
        guard let built, !isCancelled() else { throw VexFSError(.interrupted, "building a segment was cancelled") }
        try built.append(to: writer)
    }
}

/// The parts of a segment while it is made.
private struct ListBuild {
    let rows: SegmentRows
    let addresses: Scratch<UnsafePointer<Float>>
    let metric: Metric
    let mean: Scratch<Float>
    let coder: ListCoder
    let lists: Int
    let firstBlocks: [UInt32]
    let centreCodes: Scratch<Int8>
    let centreScales: Scratch<Float>
    let centreBias: Scratch<Float>
    let codes: Scratch<UInt8>
    let ids: Scratch<Row>
    /// f and g of each lane of each block.
    let factors: Scratch<Float>
    let constants: Scratch<Float>
    private let dimension: Int

    /// Nil where it was cancelled.
    init?(
        rows: SegmentRows, addresses: Scratch<UnsafePointer<Float>>, dimension: Int, metric: Metric,
        options: ListOptions, threads: Int, isCancelled: @escaping () -> Bool
    ) {
        self.rows = rows
        self.addresses = addresses
        self.metric = metric
        self.dimension = dimension
        mean = Self.mean(addresses, dimension: dimension, metric: metric)
        coder = ListCoder(codes: options.codes, dimension: dimension)
        let work = ListTraining(
            dimension: dimension, mean: mean.start, threads: threads, isCancelled: isCancelled)
        let order: ListOrder
        if rows.count > 0 {
            let tree = work.train(addresses.start, count: rows.count, wanted: options.listCount(rows: rows.count))
            guard !isCancelled() else { return nil }
            lists = tree.count
            let assigned = tree.assign(addresses.start, count: rows.count, work: work)
            order = ListOrder(assigned.start, count: rows.count, lists: lists)
            (centreCodes, centreScales, centreBias) = Self.quantize(
                tree.values.start, lists: lists, dimension: dimension, metric: metric)
        } else {
            lists = 0
            order = ListOrder(Scratch<UInt32>(0).start, count: 0, lists: 0)
            (centreCodes, centreScales, centreBias) = (Scratch(0), Scratch(0), Scratch(0))
        }
        guard !isCancelled() else { return nil }
        let blockRows = Int(VEXFS_BLOCK_ROWS)
        var blocks: [UInt32] = [0]
        for list in 0..<lists {
            blocks.append(blocks[list] + UInt32((order.count(of: list) + blockRows - 1) / blockRows))
        }
        firstBlocks = blocks
        let lanes = Int(blocks[lists]) * blockRows
        codes = Scratch(Int(blocks[lists]) * coder.blockBytes, repeating: 0)
        ids = Scratch(lanes, repeating: .max)
        factors = Scratch(lanes, repeating: 0)
        constants = Scratch(lanes, repeating: -.infinity)
        if options.codes != .binary { trainBooks(order) }
        ParallelRanges.run(lists, grain: 4, threads: threads, isCancelled: isCancelled) { range in
            for list in range { encode(list, members: order.members(of: list)) }
        }
        if isCancelled() { return nil }
    }

    /// What Euclidean vectors are moved by; nothing for the others, whose scores are not those of differences.
    private static func mean(
        _ addresses: Scratch<UnsafePointer<Float>>, dimension: Int, metric: Metric
    ) -> Scratch<Float> {
        let mean = Scratch<Float>(dimension, repeating: 0)
        guard metric == .euclidean, addresses.count > 0 else { return mean }
        let count = min(addresses.count, 4096)
        for index in 0..<count {
            let row = addresses.start[index * addresses.count / count]
            for component in 0..<dimension { mean.start[component] += row[component] / Float(count) }
        }
        return mean
    }

    /// Centres in 8 bits, each with a scale of its own. What the codes are residuals of is the centre after this, so
    /// rounding it costs nothing.
    private static func quantize(
        _ values: UnsafePointer<Float>, lists: Int, dimension: Int, metric: Metric
    ) -> (Scratch<Int8>, Scratch<Float>, Scratch<Float>) {
        let codes = Scratch<Int8>(lists * dimension, repeating: 0)
        let scales = Scratch<Float>(lists, repeating: 0)
        let bias = Scratch<Float>(lists, repeating: 0)
        for list in 0..<lists {
            let largest = vexfs_largest_f32(values + list * dimension, dimension)
            guard largest > 0, largest.isFinite else { continue }
            let code = codes.start + list * dimension
            vexfs_quantize_i8(values + list * dimension, dimension, 127 / largest, code)
            scales.start[list] = largest / 127
            guard metric != .dot else { continue }
            var squared: Float = 0
            for component in 0..<dimension {
                let value = Float(code[component]) * scales.start[list]
                squared += value * value
            }
            bias.start[list] = -squared / 2
        }
        return (codes, scales, bias)
    }

    /// Writes a list's centre, as the codes have it, and rotates it into `rotated`.
    private func centre(
        _ list: Int, into value: UnsafeMutablePointer<Float>, rotated: UnsafeMutablePointer<Float>
    ) {
        let code = centreCodes.start + list * dimension
        for component in 0..<dimension { value[component] = Float(code[component]) * centreScales.start[list] }
        rotated.update(from: value, count: dimension)
        coder.rotate(rotated)
        for component in 0..<dimension { value[component] += mean.start[component] }
    }

    private func residual(
        _ place: Int, centre: UnsafePointer<Float>, into residual: UnsafeMutablePointer<Float>
    ) {
        let row = addresses.start[place]
        for component in 0..<dimension { residual[component] = row[component] - centre[component] }
        coder.rotate(residual)
    }

    private func encode(_ list: Int, members: UnsafeBufferPointer<UInt32>) {
        let length = coder.length
        let space = Scratch<Float>(dimension + 2 * length)
        let value = space.start
        let rotated = value + dimension
        let difference = rotated + length
        let code = Scratch<UInt8>(coder.nibbles)
        centre(list, into: value, rotated: rotated)
        let blockRows = Int(VEXFS_BLOCK_ROWS)
        for index in 0..<members.count {
            let place = Int(members[index])
            if index + 2 < members.count {
                vexfs_prefetch(addresses.start[Int(members[index + 2])], dimension * 4)
            }
            residual(place, centre: value, into: difference)
            let facts = coder.encode(difference, centre: rotated, into: code.start)
            let lane = Int(firstBlocks[list]) * blockRows + index
            vexfs_place_nibbles(
                codes.start + lane / blockRows * coder.blockBytes, lane % blockRows, code.start, coder.nibbles)
            ids.start[lane] = rows[place]
            // A code that says nothing of its residual, as that of a row at its centre, gets the factor 0.
            let tells = facts.code_by_residual > 1e-20 * facts.residual_squared && facts.residual_squared > 0
            let factor = tells ? facts.residual_squared / facts.code_by_residual : 0
            factors.start[lane] = factor
            // What makes the estimate one of x·q, or of x·q − |x|²/2; the list's offset holds −|c|²/2 but for `dot`.
            let correction = facts.residual_by_centre - factor * facts.code_by_centre
            switch metric {
            case .euclidean:
                constants.start[lane] = correction - facts.residual_by_centre - facts.residual_squared / 2
            case .cosine: constants.start[lane] = correction - centreBias.start[list]
            case .dot, .manhattan: constants.start[lane] = correction
            }
        }
    }

    /// Trains the code books on residuals of a sample, at most 64 MB of them.
    private func trainBooks(_ order: ListOrder) {
        let wanted = min(rows.count, max(256, min(4096, (16 << 20) / max(coder.length, 1))))
        let residuals = Scratch<Float>(wanted * coder.length)
        let space = Scratch<Float>(dimension + coder.length)
        let skip = max(1, rows.count / max(wanted, 1))
        var taken = 0
        var seen = 0
        for list in 0..<lists {
            centre(list, into: space.start, rotated: space.start + dimension)
            for place in order.members(of: list) {
                if seen % skip == 0, taken < wanted {
                    residual(Int(place), centre: space.start, into: residuals.start + taken * coder.length)
                    taken += 1
                }
                seen += 1
            }
        }
        coder.train(on: residuals.start, count: taken)
    }

    func append(to writer: SegmentWriter) throws(VexFSError) {
        let factorUnit = Self.unit(factors)
        let constantUnit = Self.unit(constants)
        let blockRows = Int(VEXFS_BLOCK_ROWS)
        let halves = Scratch<UInt16>(factors.count * 2)
        for lane in 0..<factors.count {
            let at = lane / blockRows * 2 * blockRows + lane % blockRows
            halves.start[at] = Float16(factors.start[lane] / factorUnit).bitPattern
            halves.start[at + blockRows] = Float16(constants.start[lane] / constantUnit).bitPattern
        }
        let shape = ListShape(
            codes: coder.codes, lists: lists, blocks: Int(firstBlocks[lists]), bookValues: coder.books.count,
            factorUnit: factorUnit, constantUnit: constantUnit)
        try writer.append("shape", shape.encoded)
        try writer.append("rows", rows.inFile)
        try writer.append("mean", mean.bytes)
        try writer.append("books", coder.books.bytes)
        try writer.append("blocks", firstBlocks)
        try writer.append("centres", centreCodes.bytes)
        try writer.append("scales", centreScales.bytes)
        try writer.append("bias", centreBias.bytes)
        try writer.append("codes", codes.bytes)
        try writer.append("factors", halves.bytes)
        try writer.append("ids", ids.bytes)
    }

    /// The largest finite |value| becomes 32,768, so that every value keeps the 11 bits of a half; 1 where all are 0.
    private static func unit(_ values: Scratch<Float>) -> Float {
        var largest: Float = 0
        for index in 0..<values.count where values.start[index].isFinite {
            largest = max(largest, abs(values.start[index]))
        }
        return largest > 1e-30 ? largest / 32768 : 1
    }
}
