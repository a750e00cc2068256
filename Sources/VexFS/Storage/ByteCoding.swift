/// Appends little-endian fields to a record.
struct ByteWriter {
    var bytes: [UInt8] = []

    init(capacity: Int = 128) { bytes.reserveCapacity(capacity) }

    mutating func append<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A length (u32) and the bytes.
    mutating func appendCounted(_ string: String) {
        append(UInt32(string.utf8.count))
        bytes.append(contentsOf: string.utf8)
    }
}

/// Reads little-endian fields of a record; every read checks the bounds.
///
/// The buffer must stay valid while the reader is used: readers live inside the closure that lends the buffer.
struct ByteReader {
    private let buffer: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

    mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(VexFSError) -> T {
        let size = MemoryLayout<T>.size
        guard offset + size <= buffer.count else { throw .truncatedRecord }
        defer { offset += size }
        return T(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    mutating func readCounted() throws(VexFSError) -> String {
        let count = Int(try read(UInt32.self))
        guard offset + count <= buffer.count else { throw .truncatedRecord }
        defer { offset += count }
        let slice = UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
        guard let string = String(validating: slice, as: UTF8.self) else {
            throw VexFSError(.corruption, "a stored name is not UTF-8; run vexfs-fuse fsck")
        }
        return string
    }

    /// So many bytes; valid as long as the buffer.
    mutating func read(count: Int) throws(VexFSError) -> UnsafeRawBufferPointer {
        guard count <= buffer.count - offset else { throw .truncatedRecord }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
    }

    /// Everything after the last field.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[offset...]) }
}

extension VexFSError {
    /// A record that ends before its last field.
    static var truncatedRecord: VexFSError {
        VexFSError(.corruption, "a stored record is shorter than its fields; run vexfs-fuse fsck")
    }
}
