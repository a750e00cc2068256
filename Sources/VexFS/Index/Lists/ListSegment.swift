import CVexKernels

/// Inverted lists of short codes: rows lie with the centre they are nearest to; a query goes through the codes of the
/// nearest lists with a look-up table in registers, and compares the full vectors of the rows whose estimates are best.
///
/// Sources: inverted lists, Sivic and Zisserman (doi:10.1109/ICCV.2003.1238663); codes and estimator, RaBitQ (arXiv
/// 2405.12497) or product quantisation (doi:10.1109/TPAMI.2010.57); look-ups, FastScan
/// (doi:10.14778/2856318.2856324). A row costs dimension / 8 bytes and 8 more, in the mapped file.
public final class ListSegment: IndexSegment, @unchecked Sendable {
    // Unchecked for the pointers: they lead into `file`, which is mapped read-only as long as the segment lives.

    /// What a segment file of this kind names itself.
    public static let kind = "lists"
    /// Which rows, by place.
    public let rows: SegmentRows
    /// How vectors are compared.
    public let metric: Metric
    let vectors: VectorRows
    let shape: ListShape
    let coder: ListCoder
    let file: SegmentFile
    /// The rows as a set, where they are not consecutive.
    let members: RowBitmap?

    /// The first block of each list, and the number of blocks.
    let firstBlocks: UnsafePointer<UInt32>
    /// `[lists × dimension]`.
    let centreCodes: UnsafePointer<Int8>
    /// What one step of a list's centre codes is worth.
    let centreScales: UnsafePointer<Float>
    /// What is added to a centre's product with the query.
    let centreBias: UnsafePointer<Float>
    let mean: UnsafePointer<Float>
    let codes: UnsafePointer<UInt8>
    let factors: UnsafePointer<UInt16>
    /// The row of each lane of each block; `Row.max` where there is none.
    let ids: UnsafePointer<Row>

    /// Whether lists can be made for the metric.
    public static func supports(_ metric: Metric) -> Bool { metric != .manhattan }

    /// A segment from its file, which stays mapped as long as the segment lives. O(rows that are not consecutive).
    /// - Throws: `corruption` where the file is of another kind or dimension, or its sections don't fit.
    public init(opening file: SegmentFile, vectors: VectorRows) throws(VexFSError) {
        let header = file.header
        guard header.kind == Self.kind, header.dimension == vectors.dimension, Self.supports(header.metric) else {
            throw VexFSError(.corruption, "the segment file is not of inverted lists of these vectors", at: file.path)
        }
        shape = try ListShape(decoding: file.bytes("shape"), count: header.count, dimension: header.dimension)
        rows = try SegmentRows(inFile: file.bytes("rows"), count: header.count, path: file.path)
        metric = header.metric
        self.vectors = vectors
        self.file = file
        let books = try file.elements("books", of: Float.self, count: shape.bookValues)
        coder = ListCoder(codes: shape.codes, dimension: header.dimension, books: books)
        guard coder.books.count == shape.bookValues else {
            throw VexFSError(.corruption, "the segment file's code books have a wrong length", at: file.path)
        }
        let lists = shape.lists
        let blocks = shape.blocks
        firstBlocks = try Self.start(file, "blocks", UInt32.self, lists + 1)
        centreCodes = try Self.start(file, "centres", Int8.self, lists * header.dimension)
        centreScales = try Self.start(file, "scales", Float.self, lists)
        centreBias = try Self.start(file, "bias", Float.self, lists)
        mean = try Self.start(file, "mean", Float.self, header.dimension)
        codes = try Self.start(file, "codes", UInt8.self, blocks * coder.blockBytes)
        factors = try Self.start(file, "factors", UInt16.self, blocks * 2 * Int(VEXFS_BLOCK_ROWS))
        ids = try Self.start(file, "ids", Row.self, blocks * Int(VEXFS_BLOCK_ROWS))
        for list in 0..<lists where firstBlocks[list] > firstBlocks[list + 1] {
            throw VexFSError(.corruption, "the segment file's lists overlap", at: file.path)
        }
        guard firstBlocks[lists] == UInt32(blocks) else {
            throw VexFSError(.corruption, "the segment file's lists don't fit its blocks", at: file.path)
        }
        members = rows.isRun ? nil : rows.asBitmap()
        file.adviseRandom()
    }

    /// Finds about 97 of 100 of the ten nearest rows. Codes of short vectors have few bits: more of the rows are
    /// compared in full, which takes as many bytes.
    public var defaultEf: Int { max(64, 64 * 256 / max(1, coder.dimension)) }

    /// Bytes that are the segment's own: signs of the rotation, and rows that are not consecutive.
    public var allocatedBytes: Int {
        coder.allocatedBytes + rows.allocatedBytes + (members?.allocatedBytes ?? 0)
    }

    /// Bytes that it maps from its file.
    public var mappedBytes: Int { file.byteCount }

    /// The section's address; a valid one for none too.
    private static func start<Element: BitwiseCopyable>(
        _ file: SegmentFile, _ name: String, _ type: Element.Type, _ count: Int
    ) throws(VexFSError) -> UnsafePointer<Element> {
        guard let start = try file.elements(name, of: type, count: count).baseAddress else {
            throw VexFSError(.corruption, "section \(name) of the segment file has no address", at: file.path)
        }
        return start
    }
}

/// The numbers that a segment file of lists begins with.
struct ListShape: Equatable {
    var codes: ListOptions.Codes
    var lists: Int
    var blocks: Int
    /// Values of the code books.
    var bookValues: Int
    /// What one unit of the stored f and g is worth.
    var factorUnit: Float
    var constantUnit: Float

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 32)
        switch codes {
        case .binary: writer.append(UInt32(0))
        case .product(let bytes): writer.append(UInt32(bytes))
        }
        for value in [lists, blocks, bookValues] { writer.append(UInt32(value)) }
        writer.append(factorUnit.bitPattern)
        writer.append(constantUnit.bitPattern)
        return writer.bytes
    }
}

extension ListShape {
    init(decoding bytes: UnsafeRawBufferPointer, count: Int, dimension: Int) throws(VexFSError) {
        var reader = ByteReader(bytes)
        let codeBytes = Int(try reader.read(UInt32.self))
        codes = codeBytes == 0 ? .binary : .product(bytes: codeBytes)
        lists = Int(try reader.read(UInt32.self))
        blocks = Int(try reader.read(UInt32.self))
        bookValues = Int(try reader.read(UInt32.self))
        factorUnit = Float(bitPattern: try reader.read(UInt32.self))
        constantUnit = Float(bitPattern: try reader.read(UInt32.self))
        guard constantUnit > 0, factorUnit > 0, blocks * Int(VEXFS_BLOCK_ROWS) >= count else {
            throw VexFSError(.corruption, "the segment file's numbers are impossible")
        }
    }
}
