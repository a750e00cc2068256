/// Which rows are live, which have vectors, and whose they are.
struct RowTable {
    /// Rows that are the current version of a document.
    var live = RowBitmap()
    /// Live rows with a vector.
    var withVector = RowBitmap()
    /// The file of each row, 0 where the row is dead.
    private(set) var files: [FileNumber] = []
    /// The next row to be given.
    var next: Row { Row(files.count) }

    /// Sets how many rows were ever given, after loading.
    mutating func extend(to count: Int) {
        if files.count < count { files.append(contentsOf: repeatElement(0, count: count - files.count)) }
    }

    mutating func insert(_ row: Row, file: FileNumber, hasVector: Bool) {
        extend(to: Int(row) + 1)
        files[Int(row)] = file
        live.insert(row)
        if hasVector { withVector.insert(row) }
    }

    mutating func remove(_ row: Row) {
        guard Int(row) < files.count else { return }
        files[Int(row)] = 0
        live.remove(row)
        withVector.remove(row)
    }

    func file(of row: Row) -> FileNumber? {
        guard Int(row) < files.count, files[Int(row)] != 0 else { return nil }
        return files[Int(row)]
    }
}
