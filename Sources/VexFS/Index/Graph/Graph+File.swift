import CVexKernels

/// Sections of a graph's file, `docs/format.md`, "Segment file": `params`, `codes`, `links`, `residual`, `entries`, and
/// where they are needed `halves` (not for dot) and `rows` (not consecutive).
extension Graph {
    /// Bytes of the section `params`: degree, entry points and first row (u32), whether rows are listed (u32), factor,
    /// largest residual and length (f32).
    private static var parameterBytes: Int { 28 }

    func write(to writer: SegmentWriter) throws(VexFSError) {
        var parameters = ByteWriter(capacity: Self.parameterBytes)
        parameters.append(UInt32(degree))
        parameters.append(UInt32(entries.count))
        parameters.append(rows.first)
        parameters.append(UInt32(listedRows == nil ? 0 : 1))
        parameters.append(points.factor.bitPattern)
        parameters.append(bounds.largestResidual.bitPattern)
        parameters.append(bounds.largestLength.bitPattern)
        try writer.append("params", parameters.bytes)
        try writer.append("codes", UnsafeRawBufferPointer(start: points.codes, count: count * points.width))
        try writer.append("links", UnsafeRawBufferPointer(start: links, count: count * degree * 4))
        try writer.append("residual", UnsafeRawBufferPointer(start: bounds.residuals, count: count))
        try writer.append("entries", entries)
        if let halves = points.halves {
            try writer.append("halves", UnsafeRawBufferPointer(start: halves, count: count * 4))
        }
        if let listedRows { try writer.append("rows", listedRows.bytes) }
    }

    convenience init(
        _ file: SegmentFile, kind: String, vectors: VectorRows, metric: Metric
    ) throws(VexFSError) {
        let header = file.header
        guard header.kind == kind, header.metric == metric, header.dimension == vectors.dimension else {
            throw VexFSError(.corruption, "the segment file is of another kind of index", at: file.path)
        }
        let count = header.count
        let bytes = try file.bytes("params")
        guard bytes.count == Self.parameterBytes else {
            throw VexFSError(.corruption, "the segment file's parameters have a wrong length", at: file.path)
        }
        var reader = ByteReader(bytes)
        let degree = Int(try reader.read(UInt32.self))
        let entryCount = Int(try reader.read(UInt32.self))
        let first = try reader.read(UInt32.self)
        let isListed = try reader.read(UInt32.self) != 0
        let factor = Float(bitPattern: try reader.read(UInt32.self))
        let largestResidual = Float(bitPattern: try reader.read(UInt32.self))
        let largestLength = Float(bitPattern: try reader.read(UInt32.self))
        let width = GraphPoints.width(header.dimension)
        let codes = try file.elements("codes", of: Int8.self, count: count * width)
        let links = try file.elements("links", of: UInt32.self, count: count * degree)
        let residuals = try file.elements("residual", of: UInt8.self, count: count)
        let entries = Array(try file.elements("entries", of: UInt32.self, count: entryCount))
        var halves: UnsafePointer<Int32>?
        if metric.comparesCodesByDistance {
            halves = try file.elements("halves", of: Int32.self, count: count).baseAddress
        }
        let rows: SegmentRows
        if isListed {
            rows = SegmentRows(Array(try file.elements("rows", of: UInt32.self, count: count)))
        } else {
            guard count == 0 || Int(first) + count - 1 <= Int(Row.max) else { throw Self.impossible(file) }
            rows = SegmentRows(first..<first + UInt32(count))
        }
        let isSound = factor.isFinite && factor > 0 && (4...256).contains(degree)
        guard isSound, entries.allSatisfy({ $0 < count }), count == 0 || !entries.isEmpty,
            let codeBase = Self.base(codes), let linkBase = Self.base(links), let residualBase = Self.base(residuals)
        else { throw Self.impossible(file) }
        let points = GraphPoints(
            count: count, dimension: header.dimension, factor: factor, codes: codeBase, halves: halves, owner: [file])
        try self.init(
            rows: rows, vectors: vectors, metric: metric, points: points, degree: degree, links: linkBase,
            entries: entries,
            bounds: GraphBounds(
                residuals: residualBase, largestResidual: largestResidual, largestLength: largestLength),
            owner: [file])
        file.adviseRandom()
    }

    private static func base<Element>(_ section: UnsafeBufferPointer<Element>) -> UnsafePointer<Element>? {
        section.baseAddress
    }

    private static func impossible(_ file: SegmentFile) -> VexFSError {
        VexFSError(.corruption, "the segment file's graph is impossible", at: file.path)
    }
}
