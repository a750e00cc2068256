/// What a segment file says of itself. Layout: `docs/format.md`, "Segment file".
public struct SegmentHeader: Sendable, Equatable {
    /// What built it, as it names itself: "graph", "hnsw", "lists", "lsh". At most 8 bytes of ASCII.
    public var kind: String
    /// How vectors are compared.
    public var metric: Metric
    /// Components of a vector.
    public var dimension: Int
    /// How many rows it holds.
    public var count: Int

    /// Describes a segment.
    public init(kind: String, metric: Metric, dimension: Int, count: Int) {
        self.kind = kind
        self.metric = metric
        self.dimension = dimension
        self.count = count
    }

    static let magic: UInt64 = 0x3130_4745_5358_4556  // "VEXSEG01", little-endian
    static let version: UInt32 = 1
    /// The header's bytes, and what every section begins at a multiple of.
    static let pageBytes = 4096
    /// Each stretch of this many bytes behind the header has a checksum.
    static let blockBytes = 1 << 20

    /// A named stretch of the file.
    struct Section: Equatable {
        /// At most 8 bytes of ASCII.
        var name: String
        var offset: Int
        var byteCount: Int
    }

    /// The metrics by their numbers in the file.
    static let metrics: [Metric] = [.cosine, .dot, .euclidean, .manhattan]
}

extension ByteWriter {
    /// Eight bytes of ASCII, filled up with zeros.
    mutating func append(name: String) {
        precondition(name.utf8.count <= 8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: repeatElement(0, count: 8 - name.utf8.count))
    }
}

extension ByteReader {
    /// Eight bytes of ASCII up to the first zero.
    mutating func readName() throws(VexFSError) -> String {
        let value = try read(UInt64.self)
        let letters = (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }.prefix { $0 != 0 }
        return String(decoding: letters, as: UTF8.self)
    }
}
