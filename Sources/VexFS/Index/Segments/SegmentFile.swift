import CVexKernels
import Glibc

/// A segment file, checked, and mapped or read into memory. The memory goes with the last reference.
public final class SegmentFile: @unchecked Sendable {
    // Nobody writes to the memory after `init`, nor to the file after it has its name.

    /// What the file says of itself.
    public let header: SegmentHeader
    /// The file's path.
    public let path: String
    /// How many bytes it has.
    public let byteCount: Int
    /// Whether the bytes are memory of this process, in large pages where the system has them: reads all over them then
    /// miss the address cache far less often than in a map of the file.
    public let isResident: Bool
    private let start: UnsafeRawPointer
    private let sections: [SegmentHeader.Section]

    /// Opens a file, comparing every byte of it with its checksums; O(bytes).
    /// - Parameter isResident: whether to read the file into memory rather than to map it, by what it says of itself.
    /// - Throws: `corruption` where anything of it is not as it was written, `newerFormat`, `inputOutput`.
    public init(
        opening path: String, resident isResident: (SegmentHeader) -> Bool = { _ in false }
    ) throws(VexFSError) {
        self.path = path
        let descriptor = try SystemCall.open(path, O_RDONLY)
        defer { close(descriptor) }
        let size = try SystemCall.size(descriptor)
        guard size >= SegmentHeader.pageBytes else {
            throw VexFSError(.corruption, "the segment file is cut off", at: path)
        }
        byteCount = size
        var memory: UnsafeMutableRawPointer?
        do throws(VexFSError) {
            let table = try SegmentTable(reading: descriptor, fileBytes: size)
            header = table.header
            sections = table.sections
            self.isResident = isResident(table.header)
            if self.isResident { memory = try SystemCall.mapMemory(count: size) }
            // Read before it is mapped: what was only read does not count as this process's memory.
            try table.check(descriptor, into: memory)
        } catch {
            if let memory { munmap(memory, size) }
            throw VexFSError(error.code, error.message, at: path)
        }
        if let memory {
            start = UnsafeRawPointer(memory)
        } else {
            start = try SystemCall.map(descriptor, offset: 0, count: size)
        }
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: start), byteCount) }

    /// The bytes of a section, valid while the file object lives; they begin at a page.
    /// - Throws: `corruption` where there is none of that name.
    public func bytes(_ name: String) throws(VexFSError) -> UnsafeRawBufferPointer {
        guard let section = sections.first(where: { $0.name == name }) else {
            throw VexFSError(.corruption, "the segment file has no section \(name)", at: path)
        }
        return UnsafeRawBufferPointer(start: start + section.offset, count: section.byteCount)
    }

    /// A section as elements, valid while the file object lives.
    /// - Throws: `corruption` where there is none of that name, or not `count` elements in it.
    public func elements<Element: BitwiseCopyable>(
        _ name: String, of type: Element.Type, count: Int
    ) throws(VexFSError) -> UnsafeBufferPointer<Element> {
        let bytes = try bytes(name)
        guard bytes.count == count * MemoryLayout<Element>.stride else {
            throw VexFSError(.corruption, "section \(name) of the segment file has a wrong length", at: path)
        }
        return bytes.bindMemory(to: type)
    }

    /// Tells the system that reads will jump about, so that it reads no more than is asked for.
    public func adviseRandom() {
        guard !isResident else { return }
        madvise(UnsafeMutableRawPointer(mutating: start), byteCount, MADV_RANDOM)
    }
}

/// The header page of a segment file, and the check of everything behind it.
private struct SegmentTable {
    var header: SegmentHeader
    var sections: [SegmentHeader.Section] = []
    /// Where the checksums begin: the end of what they cover.
    private let covered: Int
    private let tableChecksum: UInt32

    init(reading descriptor: Int32, fileBytes: Int) throws(VexFSError) {
        var page = [UInt8](repeating: 0, count: SegmentHeader.pageBytes)
        guard pread(descriptor, &page, page.count, 0) == page.count else {
            throw VexFSError(.corruption, "the segment file has no header")
        }
        let checksum = vexfs_crc32c(0, page, page.count - 4)
        var covered = 0
        var tableChecksum: UInt32 = 0
        var found: [SegmentHeader.Section] = []
        header = try page.withSystemBytes { bytes throws(VexFSError) in
            var reader = ByteReader(bytes)
            guard try reader.read(UInt64.self) == SegmentHeader.magic else {
                throw VexFSError(.corruption, "this is not a segment file")
            }
            let version = try reader.read(UInt32.self)
            guard version == SegmentHeader.version else {
                throw VexFSError(.newerFormat, "the segment file has version \(version)")
            }
            var trailer = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - 4)...]))
            let metric = Int(try reader.read(UInt32.self))
            guard try trailer.read(UInt32.self) == checksum, metric < SegmentHeader.metrics.count else {
                throw VexFSError(.corruption, "the segment file's header is damaged")
            }
            let kind = try reader.readName()
            let dimension = Int(try reader.read(UInt64.self))
            let count = Int(try reader.read(UInt64.self))
            covered = Int(try reader.read(UInt64.self))
            tableChecksum = try reader.read(UInt32.self)
            for _ in 0..<Int(try reader.read(UInt32.self)) {
                let name = try reader.readName()
                let offset = Int(try reader.read(UInt64.self))
                found.append(.init(name: name, offset: offset, byteCount: Int(try reader.read(UInt64.self))))
            }
            return SegmentHeader(
                kind: kind, metric: SegmentHeader.metrics[metric], dimension: dimension, count: count)
        }
        sections = found
        let isInside = sections.allSatisfy { $0.offset >= page.count && $0.offset + $0.byteCount <= covered }
        guard isInside, covered <= fileBytes else {
            throw VexFSError(.corruption, "the segment file is cut off")
        }
        self.covered = covered
        self.tableChecksum = tableChecksum
    }

    /// Compares everything between header and checksum table with the table, and leaves it in `memory`, at its own
    /// offset, where there is any.
    func check(_ descriptor: Int32, into memory: UnsafeMutableRawPointer?) throws(VexFSError) {
        let blocks = (covered - SegmentHeader.pageBytes + SegmentHeader.blockBytes - 1) / SegmentHeader.blockBytes
        var table = [UInt32](repeating: 0, count: blocks)
        let tableBytes = blocks * 4
        guard pread(descriptor, &table, tableBytes, covered) == tableBytes,
            vexfs_crc32c(0, table, tableBytes) == tableChecksum
        else { throw VexFSError(.corruption, "the segment file's checksums are damaged") }
        let buffer = UnsafeMutableRawPointer.allocate(
            byteCount: memory == nil ? SegmentHeader.blockBytes : 1, alignment: 64)
        defer { buffer.deallocate() }
        for block in 0..<blocks {
            let offset = SegmentHeader.pageBytes + block * SegmentHeader.blockBytes
            let count = min(SegmentHeader.blockBytes, covered - offset)
            let target = memory.map { $0 + offset } ?? buffer
            guard pread(descriptor, target, count, offset) == count,
                vexfs_crc32c(0, target, count) == table[block]
            else { throw VexFSError(.corruption, "the segment file is damaged at byte \(offset)") }
        }
    }
}
