extension SegmentRows {
    /// Whether the rows are consecutive.
    var isRun: Bool { count == 0 || Int(self[count - 1] - first) == count - 1 }

    /// The rows as a segment file lists them: the first one alone where they are consecutive, else all. `[…] Row`.
    var inFile: [Row] { isRun ? [first] : (0..<count).map { self[$0] } }

    /// Rows as ``inFile`` gave them.
    /// - Throws: `corruption` where they are not `count` ascending rows.
    init(inFile bytes: UnsafeRawBufferPointer, count: Int, path: String) throws(VexFSError) {
        let values = bytes.bindMemory(to: Row.self)
        guard values.count == (count == 1 ? 1 : count) || values.count == 1, let start = values.first,
            count <= Int(Row.max - start)
        else { throw VexFSError(.corruption, "the segment file's rows have a wrong length", at: path) }
        if values.count == count {
            for place in 1..<max(count, 1) where values[place] <= values[place - 1] {
                throw VexFSError(.corruption, "the segment file's rows are out of order", at: path)
            }
            self.init(Array(values))
        } else {
            self.init((0..<count).map { start + Row($0) })
        }
    }

    /// The rows as a set.
    func asBitmap() -> RowBitmap {
        var words = [UInt64](repeating: 0, count: count == 0 ? 0 : Int(self[count - 1] >> 6) + 1)
        for place in 0..<count { words[Int(self[place] >> 6)] |= 1 << UInt64(self[place] & 63) }
        return RowBitmap(words: words)
    }
}
