import CVexKernels
import Glibc
import Synchronization

/// The log of all changes: files of numbered records, each written with one system call. It is what makes a change
/// survive the process at once and, after a sync, the power; the tables of RocksDB get it later.
///
/// Used by one thread at a time; ``Database`` has the lock.
struct Journal {
    /// One file of the journal. Its descriptor is closed with the last reference.
    final class File: Sendable {
        let path: String
        let descriptor: Int32
        /// Whether the directory's entry of the file is on the disk.
        let isNamed = Atomic<Bool>(false)

        init(path: String, descriptor: Int32) {
            self.path = path
            self.descriptor = descriptor
        }

        deinit { Glibc.close(descriptor) }
    }

    static let headerBytes = 20
    private static let magic: UInt64 = 0x3130_4E52_4A58_4556  // "VEXJRN01", little-endian

    let path: String
    /// The size after which another file is begun.
    let fileBytesMax: Int
    /// The number of the last record.
    private(set) var last: UInt64
    private var current: File?
    private var size = 0
    /// Files that no record is added to any more, and their last records.
    private(set) var closed: [(file: File, last: UInt64)] = []
    /// Files with records that may not be on the disk.
    private(set) var unsynced: [File] = []

    init(path: String, fileBytesMax: Int, after last: UInt64) {
        self.path = path
        self.fileBytesMax = fileBytesMax
        self.last = last
    }

    /// Numbers a record and hands it to the operating system.
    /// - Throws: `storeFull`, `inputOutput`; the record is not in the journal then.
    mutating func append(_ entry: JournalEntry) throws(VexFSError) {
        let file = try fileForAppending()
        entry.number(last + 1)
        do throws(VexFSError) {
            try entry.bytes.withSystemBytes { bytes throws(VexFSError) in
                try SystemCall.writeAll(file.descriptor, bytes, at: size)
            }
        } catch {
            // Half a record would hide whatever is written behind it.
            try SystemCall.truncate(file.descriptor, to: size)
            throw error
        }
        last += 1
        size += entry.bytes.count
    }

    private mutating func fileForAppending() throws(VexFSError) -> File {
        if let current, size < fileBytesMax { return current }
        if current == nil { try SystemCall.makeDirectory(path) }
        let name = "\(path)/\(last + 1)"
        let file = File(path: name, descriptor: try SystemCall.open(name, O_WRONLY | O_CREAT | O_TRUNC))
        var header = ByteWriter(capacity: Self.headerBytes)
        header.append(Self.magic)
        header.append(last + 1)
        header.append(vexfs_crc32c(0, header.bytes, header.bytes.count))
        try header.bytes.withSystemBytes { bytes throws(VexFSError) in
            try SystemCall.writeAll(file.descriptor, bytes, at: 0)
        }
        if let current { closed.append((current, last)) }
        current = file
        unsynced.append(file)
        size = Self.headerBytes
        return file
    }

    /// Those of ``unsynced`` that get no more records: a sync that begins now brings all of them to the disk. The
    /// current file may get more while it is being synced, and end then.
    var unsyncedWhole: [File] { unsynced.filter { $0 !== current } }

    /// Notes that files were synced that got no more records when the sync began.
    mutating func noteSynced(_ files: [File]) {
        unsynced.removeAll { file in files.contains { $0 === file } }
    }

    /// Lets go of closed files whose records are all in tables on the disk, and returns them to be removed; that takes
    /// its time.
    mutating func takeFiles(through number: UInt64) -> [File] {
        let done = closed.filter { $0.last <= number }.map(\.file)
        closed.removeAll { $0.last <= number }
        unsynced.removeAll { file in done.contains { $0 === file } }
        return done
    }

    /// Closes the current file, so that the next record begins another.
    mutating func closeFile() {
        if let current { closed.append((current, last)) }
        current = nil
        size = 0
    }

    // MARK: Reading

    /// Calls `body` with every record behind `number`, in order, up to the first that is not whole or not the next.
    /// - Returns: the number of the last record, at least `number`.
    static func replay(
        _ path: String, after number: UInt64, _ body: (JournalEntry) throws(VexFSError) -> Void
    ) throws(VexFSError) -> UInt64 {
        var last = number
        for (first, path) in try files(in: path) {
            guard first <= last + 1 else { break }
            // A file that ends early had its end given up when the next was begun; a gap ends the journal.
            try replayFile(path, first, &last, body)
        }
        return last
    }

    /// Removes every file of a journal whose records are all in tables, or given up.
    static func removeAll(_ path: String) throws(VexFSError) {
        for (_, path) in try files(in: path) where unlink(path) != 0 && errno != ENOENT {
            // Its records would come back behind those that are written next.
            throw SystemCall.error("remove \(path)", errno)
        }
        // None may come back behind new ones after a loss of power.
        try SystemCall.syncDirectory(path)
    }

    /// The files in the order of their records.
    static func files(in path: String) throws(VexFSError) -> [(first: UInt64, path: String)] {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return [] }
            throw SystemCall.error("open \(path)", errno)
        }
        defer { closedir(directory) }
        var files: [(first: UInt64, path: String)] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let first = UInt64(name) { files.append((first, "\(path)/\(name)")) }
        }
        return files.sorted { $0.first < $1.first }
    }

    private static func replayFile(
        _ path: String, _ first: UInt64, _ last: inout UInt64, _ body: (JournalEntry) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        let descriptor = try SystemCall.open(path, O_RDONLY)
        defer { Glibc.close(descriptor) }
        let size = try SystemCall.size(descriptor)
        guard size >= headerBytes else { return }
        let map = try SystemCall.map(descriptor, offset: 0, count: size)
        defer { munmap(UnsafeMutableRawPointer(mutating: map), size) }
        let bytes = UnsafeRawBufferPointer(start: map, count: size)
        guard UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)) == magic,
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) == first,
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
                == vexfs_crc32c(0, map, 16)
        else { return }
        var offset = headerBytes
        var next = first
        while offset < size {
            guard let entry = JournalEntry(reading: UnsafeRawBufferPointer(rebasing: bytes[offset...])),
                entry.number == next
            else {
                Log.shared.warn(
                    "the journal ends with a record that is not whole",
                    [("file", path), ("record", "\(next)"), ("bytes", "\(size - offset)")])
                return
            }
            if next > last {
                try body(entry)
                last = next
            }
            next += 1
            offset += entry.bytes.count
        }
    }
}
