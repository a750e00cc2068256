/// Which rows are live, and whose they are.
struct RowTable {
    /// Rows whose files stand in one array: as many as the vector file has in a chunk.
    private static let chunkRows = VectorFile.rowsPerChunk

    /// Rows that are the current version of a document.
    var live = RowBitmap()
    /// The file of each row, 0 where the row is dead; an empty array where the whole chunk is.
    private var files: [[FileNumber]] = []
    /// Live rows of each chunk.
    private var liveCounts: [Int] = []
    /// The next row to be given.
    private(set) var next: Row = 0

    /// Sets how many rows were ever given, after loading.
    mutating func extend(to count: Int) { next = max(next, Row(count)) }

    mutating func insert(_ row: Row, file: FileNumber) {
        extend(to: Int(row) + 1)
        let chunk = Int(row) / Self.chunkRows
        while files.count <= chunk {
            files.append([])
            liveCounts.append(0)
        }
        let place = Int(row) % Self.chunkRows
        // Grown only as far as needed, so that a small collection stays small.
        if files[chunk].count <= place {
            files[chunk].append(contentsOf: repeatElement(0, count: place + 1 - files[chunk].count))
        }
        if files[chunk][place] == 0 { liveCounts[chunk] += 1 }
        files[chunk][place] = file
        live.insert(row)
    }

    mutating func remove(_ row: Row) {
        guard file(of: row) != nil else { return }
        let chunk = Int(row) / Self.chunkRows
        liveCounts[chunk] -= 1
        if liveCounts[chunk] == 0 {
            files[chunk] = []
        } else {
            files[chunk][Int(row) % Self.chunkRows] = 0
        }
        live.remove(row)
    }

    func file(of row: Row) -> FileNumber? {
        let chunk = Int(row) / Self.chunkRows
        let place = Int(row) % Self.chunkRows
        guard chunk < files.count, place < files[chunk].count, files[chunk][place] != 0 else { return nil }
        return files[chunk][place]
    }
}
