/// One version of a document as the index sees it. Layout: `docs/format.md`, "Row record".
struct RowRecord {
    /// The file this row is a version of.
    var file: FileNumber
    /// CRC32C of the vector's bytes; meaningful only with ``hasVector``.
    var vectorChecksum: UInt32 = 0
    /// Whether the row has a vector.
    var hasVector = false
    /// Whether the text was longer than the model's window.
    var truncated = false
    /// Whether the vector came from the collection's model (else the document brought it).
    var embedded = false
    /// The metadata as compact JSON, the document's own with the patch applied.
    var metadata: [UInt8]

    private static let version: UInt8 = 1

    init(file: FileNumber, metadata: [UInt8]) {
        self.file = file
        self.metadata = metadata
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 16 + metadata.count)
        writer.append(Self.version)
        writer.append(UInt8((hasVector ? 1 : 0) | (truncated ? 2 : 0) | (embedded ? 4 : 0)))
        writer.append(file)
        writer.append(vectorChecksum)
        writer.bytes.append(contentsOf: metadata)
        return writer.bytes
    }

    /// - Throws: `corruption` or `newerFormat`.
    init(decoding bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version else {
            throw VexFSError(.newerFormat, "a row record has version \(version); this program reads \(Self.version)")
        }
        let flags = try reader.read(UInt8.self)
        file = try reader.read(UInt64.self)
        vectorChecksum = try reader.read(UInt32.self)
        hasVector = flags & 1 != 0
        truncated = flags & 2 != 0
        embedded = flags & 4 != 0
        metadata = [UInt8](reader.rest)
    }
}
