/// How a segment of hash tables is made.
public struct LSHOptions: Sendable, Equatable {
    /// Hash tables, 1...64: each one that a neighbour and a query share a bucket of may find it; a row costs 4 bytes in
    /// each.
    public var tables: Int
    /// Bits of a bucket's number, 1...20; nil for about eight rows a bucket.
    public var bits: Int?
    /// Buckets of each table that a query of ef 64 looks into; more for a greater ef, in proportion.
    public var probes: Int

    /// Creates options.
    public init(tables: Int = 16, bits: Int? = nil, probes: Int = 32) {
        self.tables = max(1, min(tables, 64))
        self.bits = bits.map { max(1, min($0, 20)) }
        self.probes = max(1, probes)
    }

    /// The bits of a bucket's number for so many rows.
    func bucketBits(rows: Int) -> Int {
        if let bits { return bits }
        var result = 1
        while result < 20, rows >> result > 8 { result += 1 }
        return result
    }
}
