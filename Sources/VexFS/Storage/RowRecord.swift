/// What a row is besides its vector: one version of a document as the index sees it. It stands in the record of the
/// file whose current version it is (``FileRecord``).
struct RowRecord {
    /// CRC32C of the vector's bytes; meaningful only with ``hasVector``.
    var vectorChecksum: UInt32 = 0
    /// Whether the row has a vector.
    var hasVector = false
    /// Whether the text was longer than the model's window.
    var truncated = false
    /// Whether the vector came from the collection's model (else the document brought it).
    var embedded = false
    /// Whether the content's vector is not among the stored bytes (``SplicedContent``).
    var isSpliced = false
    /// The vectors with a name that the row has.
    var named: [NamedVectorRecord] = []
    /// The metadata as compact JSON, the document's own with the patch applied; empty where there is no row.
    var metadata: [UInt8] = []

    var flags: UInt8 { (hasVector ? 1 : 0) | (truncated ? 2 : 0) | (embedded ? 4 : 0) | (isSpliced ? 8 : 0) }

    /// CRC32C of the row's vector in a space; nil where it has none.
    func checksum(in space: SpaceNumber) -> UInt32? {
        if space == VectorSpace.unnamed { return hasVector ? vectorChecksum : nil }
        return named.first { $0.space == space }?.checksum
    }

    init() {}

    init(flags: UInt8, vectorChecksum: UInt32) {
        hasVector = flags & 1 != 0
        truncated = flags & 2 != 0
        embedded = flags & 4 != 0
        isSpliced = flags & 8 != 0
        self.vectorChecksum = vectorChecksum
    }
}
