extension TreeImage.Content {
    /// What readers of a collection see of its files.
    init(of state: Collection.State) {
        self.init(
            tree: state.tree, rows: state.rows, vectors: state.spaces.map { ($0.number, $0.withVector) },
            pendingCount: state.pendingCount, scratchBytes: state.scratchBytes)
    }
}

/// Reading the files of a collection when it is opened.
extension Collection.State {
    /// Reads the files from the image that the record names and what changed since, else the records of all of them.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    mutating func loadFiles(
        image: TreeImage?, number: UInt32, origin: Origin?, context: StoreContext
    ) throws(VexFSError) {
        if let image {
            do throws(VexFSError) {
                let content = try image.read(from: context.directory.treePath(image.file))
                self = try loaded(from: image, content, number: number, database: context.database)
                return
            } catch {
                // Damage of the database itself shows again when all records are read.
                Log.shared.warn(
                    "the image of a collection's tree is made anew: \(error)", [("collection", name.string)])
            }
        }
        if let origin {
            try loadFork(of: origin, number: number, database: context.database)
        } else {
            try loadAll(from: context.database, collection: number, first: Collection.rootNumber + 1)
        }
    }

    /// Reads the files of a fork: those of its origin's snapshot, and its own records put over them.
    private mutating func loadFork(of origin: Origin, number: UInt32, database: Database) throws(VexFSError) {
        let base = try origin.collection.state(at: origin.snapshot)
        (tree, rows) = (tree.replacingFiles(with: base.tree), base.rows)
        (pendingCount, scratchBytes) = (base.pendingCount, base.scratchBytes)
        for space in base.spaces { change(space.number) { $0.withVector = space.withVector } }
        nextFile = max(nextFile, origin.filesBelow)
        var changes: [FileNumber: FileRecord?] = [:]
        try database.forEach(prefix: StoreKey.prefix(.file, number)) { key, value throws(VexFSError) in
            guard let file = StoreKey.number(of: key), file != Collection.rootNumber else { return true }
            let record = value.count == 0 ? nil : try FileRecord(number: file, decoding: value, withMetadata: false)
            changes.updateValue(record, forKey: file)
            return true
        }
        ownRecords = changes.count
        try apply(changes)
    }

    /// Lets files be as their records say, nil for those that are not there.
    mutating func apply(_ changes: [FileNumber: FileRecord?]) throws(VexFSError) {
        let numbers = changes.keys.sorted()
        for number in numbers { if let record = changes[number] { setAside(number, now: record) } }
        try putBack(numbers.compactMap { changes[$0] ?? nil })
    }

    /// Takes out the files from a number on.
    mutating func removeFiles(from first: FileNumber) {
        var later: [FileNumber] = []
        tree.files.records.forEach(from: Int(truncatingIfNeeded: first)) { number, _ in
            later.append(FileNumber(number))
            return true
        }
        for number in later { setAside(number, now: nil) }
    }

    /// This state with the files of an image, as they are now.
    /// - Throws: `corruption`, `newerFormat`, `inputOutput`.
    /// - Complexity: O(marked files + files above the image's numbers).
    func loaded(
        from image: TreeImage, _ content: TreeImage.Content, number: UInt32, database: Database
    ) throws(VexFSError) -> Collection.State {
        var result = self
        (result.tree, result.rows) = (content.tree, content.rows)
        (result.pendingCount, result.scratchBytes) = (content.pendingCount, content.scratchBytes)
        for (space, rows) in content.vectors { result.change(space) { $0.withVector = rows } }
        if let root = tree[Collection.rootNumber] {
            result.tree.update(Collection.rootNumber) { $0 = root }
            result.tree.renameRoot(to: root.name)
        }
        result.image.current = image
        result.nextFile = max(nextFile, image.filesBelow)
        try result.update(to: database, collection: number, since: image)
        return result
    }

    /// Reads the record of every file from a number on.
    private mutating func loadAll(
        from database: Database, collection: UInt32, first: FileNumber
    ) throws(VexFSError) {
        try database.forEach(
            prefix: StoreKey.prefix(.file, collection), from: StoreKey.file(collection, first)
        ) { key, value throws(VexFSError) in
            guard let file = StoreKey.number(of: key), file != Collection.rootNumber, value.count > 0 else {
                return true
            }
            try load(FileRecord(number: file, decoding: value, withMetadata: false))
            return true
        }
    }

    /// Adds a file as its record has it.
    /// - Throws: `corruption` where its number is beyond what there can be.
    mutating func load(_ record: FileRecord) throws(VexFSError) {
        let attributes = record.attributes
        guard attributes.number < FileTree.numberEnd, attributes.parent < FileTree.numberEnd else {
            throw VexFSError(.corruption, "the file \(attributes.number) has a number beyond all; run vexfs-fuse fsck")
        }
        tree.load(attributes)
        nextFile = max(nextFile, attributes.number + 1)
        count(record)
    }

    /// Brings what an image had to what the database has now.
    private mutating func update(
        to database: Database, collection: UInt32, since image: TreeImage
    ) throws(VexFSError) {
        self.image.marked = try Self.marks(of: image, collection, database)
        var present: [FileRecord] = []
        for number in self.image.marked.sorted() {
            let bytes = try database.value(StoreKey.file(collection, number)) ?? []
            let record = try bytes.withSystemBytes { bytes throws(VexFSError) in
                bytes.isEmpty ? nil : try FileRecord(number: number, decoding: bytes, withMetadata: false)
            }
            if let record { present.append(record) }
            setAside(number, now: record)
        }
        try loadAll(from: database, collection: collection, first: image.filesBelow)
        try putBack(present)
    }

    /// Puts files that were set aside where their records say.
    private mutating func putBack(_ present: [FileRecord]) throws(VexFSError) {
        for record in present {
            let attributes = record.attributes
            guard let old = tree[attributes.number] else {
                try load(record)
                continue
            }
            if old.name != attributes.name || old.parent != attributes.parent || old.kind != attributes.kind {
                tree.move(attributes.number, to: attributes.name, in: attributes.parent, kind: attributes.kind)
            }
            tree.update(attributes.number) { $0 = attributes }
            count(record)
        }
    }

    private static func marks(
        of image: TreeImage, _ collection: UInt32, _ database: Database
    ) throws(VexFSError) -> Set<FileNumber> {
        var marked: Set<FileNumber> = []
        let prefix = StoreKey.treeMarks(collection, image.id)
        try database.forEach(prefix: prefix) { key, _ throws(VexFSError) in
            guard key.count == prefix.count + 8 else { return true }
            let file = key.loadUnaligned(fromByteOffset: prefix.count, as: UInt64.self)
            marked.insert(FileNumber(bigEndian: file))
            return true
        }
        return marked
    }

    /// Takes a file that changed out of the counts and rows; one that is gone, out of the tree too, and one that has
    /// another name, from its place there: two files may have exchanged theirs.
    private mutating func setAside(_ number: FileNumber, now record: FileRecord?) {
        guard let old = tree[number] else { return }
        if let row = old.row { remove(row) }
        if old.state == .pending { pendingCount -= 1 }
        if old.kind == .scratch { scratchBytes -= Int(old.size) }
        guard let now = record?.attributes else {
            tree.remove(number)
            return
        }
        if old.name != now.name || old.parent != now.parent {
            // A name that no one can create.
            tree.move(number, to: ByteString("/\(number)"), in: Collection.rootNumber, kind: old.kind)
        }
    }

    /// Adds a file to the counts and rows.
    private mutating func count(_ record: FileRecord) {
        let attributes = record.attributes
        if let row = attributes.row { insert(row, file: attributes.number, record.row) }
        if attributes.state == .pending { pendingCount += 1 }
        if attributes.kind == .scratch { scratchBytes += Int(attributes.size) }
    }
}
