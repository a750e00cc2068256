/// The rows of a segment, ascending; a row's index among them is its place.
public struct SegmentRows: Sendable, Equatable {
    /// The rows where they are not consecutive; empty where they are.
    private let listed: [Row]
    /// The first row; 0 where there is none.
    public let first: Row
    /// How many.
    public let count: Int

    /// - Precondition: ascending, none twice.
    public init(_ rows: [Row]) {
        first = rows.first ?? 0
        count = rows.count
        let isRun = rows.isEmpty || Int(rows[rows.count - 1] - rows[0]) == rows.count - 1
        listed = isRun ? [] : rows
    }

    /// Consecutive rows. O(1).
    public init(_ run: Range<Row>) {
        first = run.isEmpty ? 0 : run.lowerBound
        count = run.count
        listed = []
    }

    /// Those of the set's rows that are within a range. O(rows), or O(containers) where they are consecutive.
    init(_ range: Range<Row>, of set: RowBitmap) {
        var runs = 0
        var rows: [Row] = []
        var run = Row(0)..<0
        set.forEachRun(in: Int(range.lowerBound)..<Int(range.upperBound)) { next in
            // Rows are listed only from the second run on.
            if runs == 1 { rows.append(contentsOf: run) }
            runs += 1
            run = Row(next.lowerBound)..<Row(next.upperBound)
            if runs > 1 { rows.append(contentsOf: run) }
        }
        self = runs > 1 ? SegmentRows(rows) : SegmentRows(run)
    }

    /// Whether no row is missing between the first and the last.
    public var isRun: Bool { listed.isEmpty }

    /// Rows from the first to the last, with those that are missing.
    var span: Int { listed.last.map { Int($0 - first) + 1 } ?? count }

    /// Bytes of memory.
    var allocatedBytes: Int { listed.count * MemoryLayout<Row>.stride }

    /// The row at a place.
    public subscript(place: Int) -> Row { listed.isEmpty ? first + Row(place) : listed[place] }

    /// The last row, nil where there is none.
    public var last: Row? { count == 0 ? nil : self[count - 1] }

    /// The place of a row, nil where it is not the segment's; O(log count).
    public func place(of row: Row) -> Int? {
        guard count > 0, row >= first else { return nil }
        if listed.isEmpty { return Int(row - first) < count ? Int(row - first) : nil }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if listed[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low < count && listed[low] == row ? low : nil
    }

    /// The rows as a set. O(rows), or O(containers) where they are consecutive.
    func asBitmap() -> RowBitmap {
        guard !isRun else {
            return RowBitmap(rowsBelow: Int(first) + count).subtracting(RowBitmap(rowsBelow: Int(first)))
        }
        return RowBitmap(listed)
    }

    /// The rows as a segment file lists them: the first one alone where they are consecutive, else all. `[…] Row`.
    var inFile: [Row] { isRun ? [first] : listed }

    /// Rows as ``inFile`` gave them.
    /// - Throws: `corruption` where they are not `count` ascending rows.
    init(inFile bytes: UnsafeRawBufferPointer, count: Int, path: String) throws(VexFSError) {
        let values = bytes.bindMemory(to: Row.self)
        guard values.count == count || values.count == 1, let start = values.first,
            count <= Int(Row.max - start)
        else { throw VexFSError(.corruption, "the segment file's rows have a wrong length", at: path) }
        if values.count == count {
            for place in 1..<max(count, 1) where values[place] <= values[place - 1] {
                throw VexFSError(.corruption, "the segment file's rows are out of order", at: path)
            }
            self.init(Array(values))
        } else {
            self.init(start..<start + Row(count))
        }
    }
}
