/// A file in an export: its record, its content as it is stored, and its vectors as they are stored: the components, or
/// the database's value of a vector that has no fixed size.
struct ArchiveFile {
    var record: FileRecord
    var content: [UInt8] = []
    var vectors: [(space: SpaceNumber, bytes: [UInt8])] = []

    init(record: FileRecord) { self.record = record }

    func append(to writer: inout ByteWriter) {
        let encoded = record.encoded()
        writer.append(record.attributes.number)
        writer.append(UInt32(encoded.count))
        writer.bytes += encoded
        writer.append(UInt32(content.count))
        writer.bytes += content
        writer.append(UInt16(vectors.count))
        for vector in vectors {
            writer.append(vector.space)
            writer.append(UInt32(vector.bytes.count))
            writer.bytes += vector.bytes
        }
    }

    /// - Throws: `corruption`, `newerFormat`.
    init(_ reader: inout ByteReader) throws(VexFSError) {
        let number = try reader.read(FileNumber.self)
        let encoded = try reader.read(count: Int(try reader.read(UInt32.self)))
        record = try FileRecord(number: number, decoding: encoded)
        content = Array(try reader.read(count: Int(try reader.read(UInt32.self))))
        for _ in 0..<(try reader.read(UInt16.self)) {
            let space = try reader.read(SpaceNumber.self)
            vectors.append((space, Array(try reader.read(count: Int(try reader.read(UInt32.self))))))
        }
    }
}
