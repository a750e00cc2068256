/// The number of a vector space within its collection: part of the names of its files and keys, never used twice.
typealias SpaceNumber = UInt32

/// A vector of a row with a name, as a record has it.
struct NamedVectorRecord: Equatable {
    /// The space.
    var space: SpaceNumber
    /// CRC32C of the vector's bytes.
    var checksum: UInt32
}

/// One of the vectors that a collection's documents can have: where the rows' vectors lie, which rows have one, and
/// the index over them. The rows are the collection's: a document's vectors all have the number of its row.
struct VectorSpace {
    /// The number of the space of the vector without a name.
    static let unnamed: SpaceNumber = 0

    /// Its number.
    let number: SpaceNumber
    /// Its name in the configuration and in documents; "" for the vector without a name.
    let name: String
    /// The vectors of all rows; nil before the first.
    var vectors: VectorFile?
    /// For sparse vectors: what finds them; made by the first search.
    var sparse: SparseRowIndex?
    /// Live rows with a vector.
    var withVector = RowBitmap()
    /// Rows with a vector that are no longer live and that someone keeps.
    var kept = RowBitmap()
    /// Rows below it have their vectors in the file of the collection that this one is a fork of.
    var ownFrom: Row = 0
    /// The parts of the index that are built.
    var segments = SegmentList()
    /// The index as the last search saw it; nil once segments, settings or the vectors' memory changed.
    var index: IndexView?
    /// Counts those changes.
    private(set) var indexVersion: UInt64 = 0
    /// The number of the last segment file that was begun.
    var nextSegment: UInt64 = 0
    /// Rows below this have vectors that are known to be on the disk.
    var syncedRows: Row = 0
    /// Whether vectors were written that are not known to be on the disk.
    var hasUnsyncedVectors = false

    init(number: SpaceNumber, name: String) {
        self.number = number
        self.name = name
    }

    /// What the collection's record says of a space with a name.
    var record: JSON {
        .object([
            .init("number", .integer(Int64(number))), .init("name", .string(name)),
            .init("synced_rows", .integer(Int64(syncedRows))),
        ])
    }

    /// - Throws: `corruption` where the record names no space.
    init(record: JSON) throws(VexFSError) {
        guard let number = record["number"]?.integerValue.flatMap(SpaceNumber.init(exactly:)),
            number != Self.unnamed, case .string(let name)? = record["name"],
            let synced = record["synced_rows"]?.integerValue
        else { throw VexFSError(.corruption, "the record of a collection names a vector without a number") }
        self.init(number: number, name: name)
        syncedRows = Row(clamping: synced)
    }

    /// No segments, but for what stands for rows that another collection's index has.
    var emptySegments: SegmentList {
        var list = SegmentList()
        if ownFrom > 0 { _ = list.insert(SegmentEntry(range: 0..<ownFrom, segment: nil, recipe: "", file: "")) }
        return list
    }

    /// Makes the next search look anew: segments, settings or the memory of vectors changed. A view that is kept would
    /// also keep memory maps that are to go.
    mutating func forgetIndex() {
        index = nil
        indexVersion += 1
    }
}

extension Collection.State {
    /// The space of the vector without a name.
    var unnamed: VectorSpace {
        _read { yield spaces[0] }
        _modify { yield &spaces[0] }
    }

    /// The space with that number; nil where it was dropped.
    func space(_ number: SpaceNumber) -> VectorSpace? { spaces.first { $0.number == number } }

    /// The space of the vector of that name, "" for the one without; nil where there is none.
    func space(named name: String) -> VectorSpace? { spaces.first { $0.name == name } }

    /// The settings of a space.
    func settings(of space: VectorSpace) -> VectorSettings {
        configuration.settings(of: space.name) ?? VectorSettings()
    }

    /// Changes a space, where it is still there.
    mutating func change(_ number: SpaceNumber, _ body: (inout VectorSpace) -> Void) {
        guard let place = spaces.firstIndex(where: { $0.number == number }) else { return }
        body(&spaces[place])
    }

    /// Shows a row that became the current version of a file.
    mutating func insert(_ row: Row, file: FileNumber, _ record: RowRecord) {
        rows.insert(row, file: file)
        if record.hasVector { unnamed.withVector.insert(row) }
        for vector in record.named { change(vector.space) { $0.withVector.insert(row) } }
    }

    /// Notes that a row's vectors are not known to be on the disk.
    mutating func noteUnsynced(_ record: RowRecord) {
        if record.hasVector { unnamed.hasUnsyncedVectors = true }
        for vector in record.named { change(vector.space) { $0.hasUnsyncedVectors = true } }
    }

    /// Takes a row out of what searches find.
    mutating func remove(_ row: Row) {
        rows.remove(row)
        let isKept = kept.all.contains(row)
        for place in spaces.indices {
            if isKept, spaces[place].withVector.contains(row) { spaces[place].kept.insert(row) }
            spaces[place].withVector.remove(row)
        }
    }
}
