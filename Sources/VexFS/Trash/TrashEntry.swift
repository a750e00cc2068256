/// A removed document that can be brought back. Layout of its record: `docs/format.md`, "Trash record".
public struct TrashEntry: Sendable {
    /// Its place in the order of the removals.
    public let sequence: UInt64
    /// Its name in the trash.
    public let name: ByteString
    /// Its path in the collection before it was removed.
    public let origin: String
    /// When it was removed, in nanoseconds since 1970. A clock that was set back since may have lowered it.
    public internal(set) var removed: Int64
    /// The file as it was.
    public let attributes: FileAttributes

    private static let version: UInt8 = 1

    /// The entry's record, around the record of the file.
    func encoded(around file: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: file.count + name.count + origin.utf8.count + 32)
        writer.append(Self.version)
        writer.append(removed)
        writer.append(attributes.number)
        writer.appendCounted(name.string)
        writer.appendCounted(origin)
        writer.bytes.append(contentsOf: file)
        return writer.bytes
    }

    /// Reads an entry with the record of its file.
    /// - Throws: `corruption`, `newerFormat`.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, sequence: UInt64, withMetadata: Bool = true
    ) throws(VexFSError) -> (entry: TrashEntry, file: FileRecord) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version else {
            throw VexFSError(.newerFormat, "a record of the trash has version \(version); this program reads 1")
        }
        let removed = try reader.read(Int64.self)
        let number = try reader.read(FileNumber.self)
        let name = ByteString(try reader.readCounted())
        let origin = try reader.readCounted()
        let file = try FileRecord(number: number, decoding: reader.rest, withMetadata: withMetadata)
        let entry = TrashEntry(
            sequence: sequence, name: name, origin: origin, removed: removed, attributes: file.attributes)
        return (entry, file)
    }
}
