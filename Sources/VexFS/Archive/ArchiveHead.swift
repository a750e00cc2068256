/// What an export says of itself: its first block.
struct ArchiveHead {
    static let version: Int64 = 1
    /// Numbers of spaces are below: more were never given.
    private static let spacesEnd: SpaceNumber = 1 << 31

    /// The name of the snapshot, with that of its collection.
    var name: String
    /// The moment that it shows, in nanoseconds since 1970.
    var created: Int64
    var documents: Int
    /// Numbers of its files are below.
    var filesBelow: FileNumber
    var configuration: CollectionConfiguration
    /// The spaces of the vectors, the one without a name first.
    var spaces: [VectorSpace]

    var json: JSON {
        .object([
            .init("format", .integer(Self.version)), .init("name", .string(name)), .init("created", .integer(created)),
            .init("documents", .integer(Int64(documents))),
            .init("files_below", .integer(Int64(bitPattern: filesBelow))),
            .init(
                "spaces",
                .array(
                    spaces.map {
                        .object([.init("number", .integer(Int64($0.number))), .init("name", .string($0.name))])
                    })),
            .init("configuration", configuration.json),
        ])
    }

    init(of collection: Collection) {
        let state = collection.state.withLock { $0 }
        name = state.name.string
        created = state.tree[Collection.rootNumber]?.modified ?? 0
        documents = state.rows.live.count
        filesBelow = state.nextFile
        configuration = state.configuration
        spaces = state.spaces
    }

    /// - Throws: `newerFormat`, `invalidArgument`.
    init(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        let json = try JSON.parseControl(Array(bytes), code: .invalidArgument)
        guard let version = json["format"]?.integerValue, version == Self.version else {
            throw VexFSError(
                .newerFormat, "the export was made by a newer version of VexFS; this one reads version \(Self.version)")
        }
        guard let name = json["name"]?.stringValue, let created = json["created"]?.integerValue,
            let documents = json["documents"]?.integerValue, let below = json["files_below"]?.integerValue,
            let listed = json["spaces"]?.arrayValue, let settings = json["configuration"]
        else { throw .damagedExport("its first block does not say what it is") }
        filesBelow = FileNumber(clamping: below)
        guard (0...Int64(RowTable.end)).contains(documents),
            (Collection.rootNumber + 1...FileTree.numberEnd).contains(filesBelow)
        else { throw .damagedExport("its first block counts more than there can be") }
        (self.name, self.created, self.documents) = (name, created, Int(documents))
        configuration = CollectionConfiguration()
        try configuration.merge(settings)
        spaces = []
        for space in listed {
            guard let number = space["number"]?.integerValue.flatMap(SpaceNumber.init(exactly:)),
                let name = space["name"]?.stringValue, configuration.settings(of: name) != nil, number < Self.spacesEnd,
                !spaces.contains(where: { $0.number == number || $0.name == name })
            else { throw .damagedExport("its first block names a vector that it does not describe") }
            spaces.append(VectorSpace(number: number, name: name))
        }
        guard spaces.first?.number == VectorSpace.unnamed, spaces[0].name.isEmpty else {
            throw .damagedExport("its first block lists no vectors")
        }
    }
}
