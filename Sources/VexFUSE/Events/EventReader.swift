import VexFS

/// Where one reader of a log is. What it was too slow for is gone; a line tells so.
struct EventReader {
    /// How far the file offset is behind the place in the log: what was lost before it was read, but for the lines that
    /// say so.
    private var skipped: Int64 = 0
    /// The place in the log behind what was read last.
    private(set) var place: Int64 = 0
    /// Whether the next byte begins a line.
    private var beginsLine = true
    /// The line that told last of a loss, and where it is in the file.
    private var notice: (offset: Int64, line: [UInt8]) = (0, [])

    /// The next bytes of a log, as a file that begins at its beginning.
    mutating func read(_ log: EventLog, at offset: Int64, size: Int) -> [UInt8] {
        if offset >= notice.offset, offset < notice.offset + Int64(notice.line.count) {
            return Array(notice.line[Int(offset - notice.offset)...].prefix(size))
        }
        let wanted = offset + skipped
        let found = log.read(from: wanted, size: size)
        guard found.start > wanted else {
            place = found.start + Int64(found.bytes.count)
            if let last = found.bytes.last { beginsLine = last == 0x0A }
            return found.bytes
        }
        // The line takes the place of what is gone, which is always more; the next read goes on behind it.
        let line = Self.line(lost: found.start - wanted, beginsLine: beginsLine)
        skipped += found.start - wanted - Int64(line.count)
        place = found.start
        beginsLine = true
        notice = (offset, line)
        return Array(line.prefix(size))
    }

    private static func line(lost count: Int64, beginsLine: Bool) -> [UInt8] {
        let line = JSON.object([.init("event", .string("lost")), .init("bytes", .integer(count))]).compact
        return (beginsLine ? [] : [0x0A]) + line + [0x0A]
    }
}
