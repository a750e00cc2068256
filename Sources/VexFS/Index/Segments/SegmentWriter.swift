import CVexKernels
import Glibc

/// Writes a segment file: sections one after another under a temporary name, which becomes the file's own only when
/// everything is on the disk. A writer that is dropped before that leaves nothing behind.
public final class SegmentWriter {
    private let path: String
    private let temporary: String
    private let header: SegmentHeader
    private let descriptor: Int32
    private var sections: [SegmentHeader.Section] = []
    private var end = SegmentHeader.pageBytes
    private var checksums: [UInt32] = []
    /// Checksum and length of the block that is being filled.
    private var block: (checksum: UInt32, count: Int) = (0, 0)
    private var isFinished = false

    /// Creates the temporary file.
    /// - Throws: `storeFull`, `inputOutput`.
    public init(path: String, header: SegmentHeader) throws(VexFSError) {
        self.path = path
        self.header = header
        temporary = path + ".new"
        descriptor = try SystemCall.open(temporary, O_RDWR | O_CREAT | O_TRUNC)
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(temporary) }
    }

    /// Appends a section under a name of at most 8 bytes; it begins at a page.
    /// - Throws: `storeFull`, `inputOutput`.
    public func append(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        try begin(name)
        try extend(bytes)
    }

    /// Begins a section that comes piece by piece.
    func begin(_ name: String) throws(VexFSError) {
        let padding = (SegmentHeader.pageBytes - end % SegmentHeader.pageBytes) % SegmentHeader.pageBytes
        try write([UInt8](repeating: 0, count: padding))
        sections.append(.init(name: name, offset: end, byteCount: 0))
    }

    /// Appends to the section that was begun last.
    func extend(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        try write(bytes)
        sections[sections.count - 1].byteCount += bytes.count
    }

    /// Appends an array's elements as they lie in memory (all platforms are little-endian).
    /// - Throws: `storeFull`, `inputOutput`.
    public func append<Element: BitwiseCopyable>(_ name: String, _ elements: [Element]) throws(VexFSError) {
        try elements.withSystemBytes { bytes throws(VexFSError) in try append(name, bytes) }
    }

    /// Brings the file to the disk and gives it its name.
    /// - Throws: `storeFull`, `inputOutput`; then there is no file.
    public func finish() throws(VexFSError) {
        // The checksums are a section themselves, outside the blocks that they cover.
        let padding = (SegmentHeader.pageBytes - end % SegmentHeader.pageBytes) % SegmentHeader.pageBytes
        try write([UInt8](repeating: 0, count: padding))
        if block.count > 0 { checksums.append(block.checksum) }
        let covered = end
        var table = ByteWriter(capacity: checksums.count * 4 + 4)
        for checksum in checksums { table.append(checksum) }
        try table.bytes.withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(descriptor, bytes, at: covered)
        }
        let tableChecksum = vexfs_crc32c(0, table.bytes, table.bytes.count)
        let head = encodedHeader(covered: covered, tableChecksum: tableChecksum)
        try head.withSystemBytes { bytes throws(VexFSError) in try SystemCall.writeAll(descriptor, bytes, at: 0) }
        try SystemCall.syncData(descriptor)
        guard rename(temporary, path) == 0 else { throw SystemCall.error("name a segment file", errno) }
        isFinished = true
        try SystemCall.syncDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
    }

    private func encodedHeader(covered: Int, tableChecksum: UInt32) -> [UInt8] {
        var writer = ByteWriter(capacity: SegmentHeader.pageBytes)
        writer.append(SegmentHeader.magic)
        writer.append(SegmentHeader.version)
        writer.append(UInt32(SegmentHeader.metrics.firstIndex(of: header.metric) ?? 0))
        writer.append(name: header.kind)
        writer.append(UInt64(header.dimension))
        writer.append(UInt64(header.count))
        writer.append(UInt64(covered))
        writer.append(tableChecksum)
        writer.append(UInt32(sections.count))
        for section in sections {
            writer.append(name: section.name)
            writer.append(UInt64(section.offset))
            writer.append(UInt64(section.byteCount))
        }
        precondition(writer.bytes.count + 4 <= SegmentHeader.pageBytes, "too many sections for one page")
        writer.bytes.append(contentsOf: repeatElement(0, count: SegmentHeader.pageBytes - 4 - writer.bytes.count))
        writer.append(vexfs_crc32c(0, writer.bytes, writer.bytes.count))
        return writer.bytes
    }

    private func write(_ bytes: [UInt8]) throws(VexFSError) {
        try bytes.withSystemBytes { bytes throws(VexFSError) in try write(bytes) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        try SystemCall.writeAll(descriptor, bytes, at: end)
        end += bytes.count
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, SegmentHeader.blockBytes - block.count)
            block.checksum = vexfs_crc32c(block.checksum, rest.baseAddress, count)
            block.count += count
            if block.count == SegmentHeader.blockBytes {
                checksums.append(block.checksum)
                block = (0, 0)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
