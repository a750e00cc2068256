extension Collection {
    /// Makes a new, empty collection's state.
    static func emptyState(
        name: ByteString, configuration: CollectionConfiguration, mode: UInt16, owner: UInt32, group: UInt32
    ) -> State {
        var root = FileAttributes(number: rootNumber, parent: 0, name: name, kind: .directory, mode: mode)
        let now = SystemCall.now()
        root.owner = owner
        root.group = group
        root.modified = now
        root.changed = now
        return State(name: name, configuration: configuration, tree: FileTree(root: root), created: now)
    }

    /// Reads a collection from the database.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    /// - Complexity: O(files); documents and vectors are not read.
    /// - Parameter find: the collection of a number, of those that were made before this one.
    static func load(
        number: UInt32, record: [UInt8], context: StoreContext, find: (UInt32) -> Collection?
    ) throws(VexFSError) -> Collection {
        let json = try JSON.parseControl(record, code: .corruption)
        guard case .string(let name)? = json["name"], case .integer(let created)? = json["created"] else {
            throw VexFSError(.corruption, "the record of collection \(number) names no collection")
        }
        var configuration = CollectionConfiguration()
        if let stored = json["configuration"] { try configuration.merge(stored) }
        var root = FileAttributes(
            number: rootNumber, parent: 0, name: ByteString(name), kind: .directory, mode: 0o755)
        if let bytes = try context.database.value(StoreKey.file(number, rootNumber)) {
            let record = try bytes.withSystemBytes { bytes throws(VexFSError) in
                try FileRecord(number: rootNumber, decoding: bytes)
            }
            root = record.attributes
            root.name = ByteString(name)
        }
        var state = State(
            name: ByteString(name), configuration: configuration, tree: FileTree(root: root), created: created)
        state.unnamed.syncedRows = Row(truncatingIfNeeded: json["synced_rows"]?.integerValue ?? 0)
        for record in json["spaces"]?.arrayValue ?? [] { state.spaces.append(try VectorSpace(record: record)) }
        state.nextSpace = SpaceNumber(clamping: json["next_space"]?.integerValue ?? 1)
        state.isRetired = json["retired"] == .bool(true)
        let origin = try Origin(json["base"], of: number, find: find)
        try state.loadFiles(image: TreeImage(json["tree_image"]), number: number, origin: origin, context: context)
        try state.loadSnapshots(number: number, database: context.database)
        state.rows.extend(to: Int(origin?.rowsBelow ?? 0))
        let reserved = json["reserved_files"]?.integerValue.map { FileNumber(bitPattern: $0) } ?? 0
        state.nextFile = max(state.nextFile, reserved)
        state.reservedFiles = state.nextFile
        try state.loadTrash(number: number, database: context.database)
        try loadSpaces(into: &state, number: number, origin: origin, context: context)
        if let last = try context.database.lastNumber(prefix: StoreKey.prefix(.error, number)) {
            state.nextError = last + 1
            try context.database.forEach(prefix: StoreKey.prefix(.error, number)) { _, _ in
                state.errorCount += 1
                return true
            }
        }
        let isNamed = json["tree_image"].map { $0 != .null } ?? false
        let imagedBelow = state.image.current?.filesBelow
        let collection = Collection(number: number, context: context, state: state, origin: origin)
        collection.noteNewestSnapshot()
        for snapshot in collection.state.withLock({ $0.snapshots }) {
            context.snapshotOwners.withLock { $0[snapshot.number] = collection }
        }
        collection.imagedBelow.store(imagedBelow ?? 0, ordering: .relaxed)
        // Before anything changes: what is not marked must not be named.
        if isNamed, imagedBelow == nil { try collection.forgetTreeImage() } else { try collection.dropStrayMarks() }
        try collection.recoverUnsyncedVectors()
        // Rows that are given again after a removal must not pass for synced ones.
        try collection.saveRecord()
        try collection.expireTrash(now: SystemCall.now())
        try collection.loadIndexUse()
        return collection
    }
}
