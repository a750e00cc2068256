/// A file as stored: its attributes, what `stat` does not show, and its row. Layout: `docs/format.md`, "File record".
struct FileRecord {
    /// What the file system shows.
    var attributes: FileAttributes
    /// CRC32C of the content.
    var contentChecksum: UInt32 = 0
    /// Metadata set from outside the content (`setfattr user.vexfs.meta.*`), a JSON object's text; "" for none.
    var metadataPatch = ""
    /// Why the document is not searchable, in a sentence; "" where it is.
    var error = ""
    /// What the index knows of the version in `attributes.row`; meaningless for a file without one.
    var row = RowRecord()

    /// The layout of a row without named vectors, and that of one with.
    private static let version: UInt8 = 1
    private static let versionWithNamed: UInt8 = 2
    private static let noRow = UInt64.max

    func encoded() -> [UInt8] {
        let texts = attributes.name.count + metadataPatch.utf8.count + error.utf8.count
        var writer = ByteWriter(capacity: 96 + texts + row.named.count * 8 + row.metadata.count)
        writer.append(row.named.isEmpty ? Self.version : Self.versionWithNamed)
        writer.append(attributes.kind.rawValue)
        writer.append(attributes.state.rawValue)
        writer.append(row.flags)
        writer.append(attributes.mode)
        writer.append(attributes.owner)
        writer.append(attributes.group)
        writer.append(attributes.parent)
        writer.append(attributes.size)
        writer.append(attributes.modified)
        writer.append(attributes.changed)
        writer.append(attributes.version)
        writer.append(attributes.row.map(UInt64.init) ?? Self.noRow)
        writer.append(contentChecksum)
        writer.append(row.vectorChecksum)
        writer.appendCounted(attributes.name.string)
        writer.appendCounted(metadataPatch)
        writer.appendCounted(error)
        if !row.named.isEmpty {
            writer.append(UInt16(row.named.count))
            for vector in row.named {
                writer.append(vector.space)
                writer.append(vector.checksum)
            }
        }
        writer.bytes.append(contentsOf: row.metadata)
        return writer.bytes
    }

    init(attributes: FileAttributes) { self.attributes = attributes }

    /// - Parameter withMetadata: whether the row's metadata is copied out; whoever reads the records of all files has
    ///   no use for it.
    /// - Throws: `corruption` where the bytes are no such record, `newerFormat` for a version this program does not
    ///   know.
    init(
        number: FileNumber, decoding bytes: UnsafeRawBufferPointer, withMetadata: Bool = true
    ) throws(VexFSError) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version || version == Self.versionWithNamed else {
            throw VexFSError(.newerFormat, "a file record has version \(version); this program reads 1 and 2")
        }
        let kind = FileKind(rawValue: try reader.read(UInt8.self))
        let state = DocumentState(rawValue: try reader.read(UInt8.self))
        guard let kind, let state else { throw VexFSError(.corruption, "a file record has an unknown kind or state") }
        let flags = try reader.read(UInt8.self)
        let mode = try reader.read(UInt16.self)
        let owner = try reader.read(UInt32.self)
        let group = try reader.read(UInt32.self)
        let parent = try reader.read(UInt64.self)
        let size = try reader.read(Int64.self)
        let modified = try reader.read(Int64.self)
        let changed = try reader.read(Int64.self)
        let commits = try reader.read(UInt64.self)
        let rowNumber = try reader.read(UInt64.self)
        contentChecksum = try reader.read(UInt32.self)
        row = RowRecord(flags: flags, vectorChecksum: try reader.read(UInt32.self))
        let name = ByteString(try reader.readCounted())
        attributes = FileAttributes(number: number, parent: parent, name: name, kind: kind, mode: mode)
        attributes.state = state
        attributes.owner = owner
        attributes.group = group
        attributes.size = size
        attributes.modified = modified
        attributes.changed = changed
        attributes.version = commits
        attributes.row = rowNumber == Self.noRow ? nil : Row(truncatingIfNeeded: rowNumber)
        metadataPatch = try reader.readCounted()
        error = try reader.readCounted()
        if version == Self.versionWithNamed {
            for _ in 0..<(try reader.read(UInt16.self)) {
                row.named.append(NamedVectorRecord(space: try reader.read(), checksum: try reader.read()))
            }
        }
        if withMetadata { row.metadata = [UInt8](reader.rest) }
    }
}
