import CVexKernels

/// Hash tables in which near vectors share buckets more often than far ones do: a query compares the full vectors of
/// what lies in its own bucket of each table and in likely ones next to it. The plan of the original VexFS; for the
/// same recall it reads more than the other kinds do.
///
/// Sources: Charikar (doi:10.1145/509907.509965) for cosine and dot, Datar et al. (doi:10.1145/997817.997857) for
/// Euclid, Lv et al. (VLDB 2007) for the order of buckets. For `dot` the hashes see directions only: long vectors that
/// point elsewhere are missed more often.
public final class LSHSegment: IndexSegment, @unchecked Sendable {
    // Unchecked for the pointers: they lead into `file`, which is mapped read-only as long as the segment lives.

    /// What a segment file of this kind names itself.
    public static let kind = "lsh"
    /// Which rows, by place.
    public let rows: SegmentRows
    /// How vectors are compared.
    public let metric: Metric
    let vectors: VectorRows
    let file: SegmentFile
    let functions: LSHFunctions
    let probes: Int
    /// `[tables × (buckets + 1)]`: where each bucket begins in the table's rows.
    private let starts: UnsafePointer<UInt32>
    /// `[tables × count]` places.
    private let places: UnsafePointer<UInt32>

    /// Whether hash tables can be made for the metric.
    public static func supports(_ metric: Metric) -> Bool { metric != .manhattan }

    /// A segment from its file, which stays mapped as long as the segment lives. O(directions + rows that are not
    /// consecutive).
    /// - Throws: `corruption` where the file is of another kind or dimension, or its sections don't fit.
    public init(opening file: SegmentFile, vectors: VectorRows) throws(VexFSError) {
        let header = file.header
        guard header.kind == Self.kind, header.dimension == vectors.dimension, Self.supports(header.metric) else {
            throw VexFSError(.corruption, "the segment file is not of hash tables of these vectors", at: file.path)
        }
        var reader = ByteReader(try file.bytes("shape"))
        let tables = Int(try reader.read(UInt32.self))
        let bits = Int(try reader.read(UInt32.self))
        probes = Int(try reader.read(UInt32.self))
        let width = Float(bitPattern: try reader.read(UInt32.self))
        guard 1...64 ~= tables, 1...20 ~= bits, width.isFinite, width > 0, probes > 0 else {
            throw VexFSError(.corruption, "the segment file's numbers are impossible", at: file.path)
        }
        rows = try SegmentRows(inFile: file.bytes("rows"), count: header.count, path: file.path)
        metric = header.metric
        self.vectors = vectors
        self.file = file
        functions = LSHFunctions(
            dimension: header.dimension, tables: tables, bits: bits, width: metric == .euclidean ? width : nil)
        let buckets = 1 << bits
        let startTable = try file.elements("starts", of: UInt32.self, count: tables * (buckets + 1))
        let placeTable = try file.elements("places", of: UInt32.self, count: tables * header.count)
        guard let starts = startTable.baseAddress, let places = placeTable.baseAddress else {
            throw VexFSError(.corruption, "the segment file's tables have no address", at: file.path)
        }
        for table in 0..<tables {
            let own = starts + table * (buckets + 1)
            for bucket in 0..<buckets where own[bucket] > own[bucket + 1] {
                throw VexFSError(.corruption, "the segment file's buckets overlap", at: file.path)
            }
            guard own[0] == 0, own[buckets] == UInt32(header.count) else {
                throw VexFSError(.corruption, "the segment file's buckets don't hold its rows", at: file.path)
            }
        }
        for place in placeTable where place >= UInt32(header.count) {
            throw VexFSError(.corruption, "the segment file's tables name a row that is not there", at: file.path)
        }
        self.starts = starts
        self.places = places
        file.adviseRandom()
    }

    /// What the table's own probes are worth.
    public var defaultEf: Int { 64 }

    /// Bytes that are the segment's own: the directions, and rows that are not consecutive.
    public var allocatedBytes: Int { functions.allocatedBytes + rows.allocatedBytes }

    /// Bytes that it maps from its file.
    public var mappedBytes: Int { file.byteCount }

    /// The places in a bucket.
    func members(table: Int, bucket: UInt32) -> UnsafeBufferPointer<UInt32> {
        let own = starts + table * (1 << functions.bits + 1)
        let range = Int(own[Int(bucket)])..<Int(own[Int(bucket) + 1])
        return UnsafeBufferPointer(start: places + table * rows.count + range.lowerBound, count: range.count)
    }
}
