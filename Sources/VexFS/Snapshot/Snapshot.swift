import CVexKernels

/// What programs are told of a snapshot.
public struct SnapshotInfo: Sendable, Equatable {
    /// The number of the collection that shows it (``Store/collection(numbered:)``).
    public let number: UInt32
    /// Its name.
    public let name: ByteString
    /// Nanoseconds since 1970: the moment it shows.
    public let created: Int64
    /// How many documents it has.
    public let documents: Int
}

/// A collection as it was at one moment: the rows that stay for it, and the numbers that its files are below. What
/// changed of the files since stands under marks (``SnapshotMark``). Layout: `docs/format.md`, "Snapshot record".
struct Snapshot: Sendable {
    /// Its number, from the same sequence as those of collections: never given twice.
    let number: UInt32
    /// Its name; nil where only forks need it.
    var name: ByteString?
    let created: Int64
    /// Files with this number or a higher one came later.
    let filesBelow: FileNumber
    /// Rows from this one on were given later.
    let rowsBelow: Row
    /// The rows of its documents.
    let rows: RowBitmap
    /// Those of them with a vector, for each space that there was.
    let vectors: [SpaceNumber: RowBitmap]
    /// The spaces, the one without a name first.
    let spaces: [VectorSpace]
    let configuration: CollectionConfiguration
    /// Whether it is being taken away: it is found no more, and what was its alone goes.
    var isRemoved = false

    private static let version: UInt8 = 1

    /// The collection as it is now.
    init(number: UInt32, name: ByteString?, of state: borrowing Collection.State) {
        self.number = number
        self.name = name
        created = SystemCall.now()
        filesBelow = state.nextFile
        rowsBelow = state.rows.next
        rows = state.rows.live
        spaces = state.spaces.map { VectorSpace(number: $0.number, name: $0.name) }
        vectors = Dictionary(uniqueKeysWithValues: state.spaces.map { ($0.number, $0.withVector) })
        configuration = state.configuration
    }

    var info: SnapshotInfo? {
        guard let name, !isRemoved else { return nil }
        return SnapshotInfo(number: number, name: name, created: created, documents: rows.count)
    }

    func encoded() -> [UInt8] {
        let spaces = spaces.map { space in
            JSON.object([
                .init("number", .integer(Int64(space.number))), .init("name", .string(space.name)),
                .init("is_all", .bool(vectors[space.number].map { $0 == rows } ?? false)),
            ])
        }
        let head = JSON.object([
            .init("name", name.map { .string($0.string) } ?? .null),
            .init("created", .integer(created)),
            .init("files_below", .integer(Int64(bitPattern: filesBelow))),
            .init("rows_below", .integer(Int64(rowsBelow))),
            .init("removed", .bool(isRemoved)),
            .init("spaces", .array(spaces)),
            .init("configuration", configuration.json),
        ])
        var writer = ByteWriter(capacity: 4096)
        writer.append(Self.version)
        writer.appendCounted(String(decoding: head.compact, as: UTF8.self))
        rows.encode(to: &writer)
        for space in self.spaces {
            guard let own = vectors[space.number], own != rows else { continue }
            own.encode(to: &writer)
        }
        writer.append(vexfs_crc32c(0, writer.bytes, writer.bytes.count))
        return writer.bytes
    }

    /// - Throws: `corruption`, or `newerFormat`.
    init(number: UInt32, decoding bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version else {
            throw VexFSError(.newerFormat, "a snapshot has version \(version); this program reads \(Self.version)")
        }
        let end = bytes.count - 4
        guard end > 0,
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
                == vexfs_crc32c(0, bytes.baseAddress, end)
        else { throw .damagedSnapshot }
        let head = try JSON.parseControl(Array(try reader.readCounted().utf8), code: .corruption)
        guard let created = head["created"]?.integerValue, let files = head["files_below"]?.integerValue,
            let below = head["rows_below"]?.integerValue, let spaces = head["spaces"]?.arrayValue
        else { throw .damagedSnapshot }
        self.number = number
        name = head["name"]?.stringValue.map { ByteString($0) }
        isRemoved = head["removed"] == .bool(true)
        self.created = created
        (filesBelow, rowsBelow) = (FileNumber(bitPattern: files), Row(clamping: below))
        var configuration = CollectionConfiguration()
        if let stored = head["configuration"] { try configuration.merge(stored) }
        self.configuration = configuration
        rows = try RowBitmap(decoding: &reader)
        var found: [VectorSpace] = []
        var vectors: [SpaceNumber: RowBitmap] = [:]
        for space in spaces {
            guard let number = space["number"]?.integerValue.flatMap(SpaceNumber.init(exactly:)),
                let name = space["name"]?.stringValue
            else { throw .damagedSnapshot }
            found.append(VectorSpace(number: number, name: name))
            vectors[number] = space["is_all"] == .bool(true) ? rows : try RowBitmap(decoding: &reader)
        }
        (self.spaces, self.vectors) = (found, vectors)
        guard reader.offset == end else { throw .damagedSnapshot }
    }
}

extension VexFSError {
    /// A snapshot's record that is not what was written.
    static var damagedSnapshot: VexFSError {
        VexFSError(.corruption, "the record of a snapshot is damaged; run vexfs-fuse fsck")
    }
}
