/// Which rows are live, and whose they are.
struct RowTable: Sendable {
    /// Rows are below this: whole chunks of vectors with numbers of 32 bits.
    static let end = Row.max / Row(VectorFile.rowsPerChunk) * Row(VectorFile.rowsPerChunk)

    /// Rows that are the current version of a document.
    private(set) var live = RowBitmap()
    /// The file of each live row.
    private(set) var files = SparseTable<UInt32>()
    /// The next row to be given.
    private(set) var next: Row = 0

    init() {}

    /// Takes over what an image has.
    init(files: SparseTable<UInt32>, next: Row) {
        self.files = files
        self.next = next
        live = RowBitmap(words: files.chunks.flatMap { chunk in (0..<4).map { chunk?.words.words[$0] ?? 0 } })
    }

    /// Sets how many rows were ever given, after loading.
    mutating func extend(to count: Int) { next = max(next, Row(count)) }

    mutating func insert(_ row: Row, file: FileNumber) {
        extend(to: Int(row) + 1)
        files.set(Int(row), UInt32(truncatingIfNeeded: file))
        live.insert(row)
    }

    mutating func remove(_ row: Row) {
        guard files.remove(Int(row)) != nil else { return }
        live.remove(row)
    }

    /// Uses an image's chunks in place of those that it was written from.
    mutating func adopt(_ image: RowTable, writtenFrom written: RowTable) {
        files.adopt(image.files, writtenFrom: written.files)
    }

    /// The first of so many rows behind all that were given.
    /// - Throws: `storeFull` where there are no such numbers.
    func next(count: Int) throws(VexFSError) -> Row {
        guard count <= Int(Self.end) - Int(next) else {
            throw VexFSError(
                .storeFull,
                "this collection has made 4 billion versions of documents and can make no more; copy it to a new "
                    + "collection")
        }
        return next
    }

    func file(of row: Row) -> FileNumber? { files[Int(row)].map(FileNumber.init) }
}
