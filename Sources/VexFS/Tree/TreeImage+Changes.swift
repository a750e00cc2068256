extension TreeImage.Content {
    /// The number behind the last file's.
    var nextFile: FileNumber {
        var next = Collection.rootNumber + 1
        let chunks = tree.files.records.chunks
        if let last = chunks.last, let chunk = last {
            let span = TableChunk<PackedFile>.span
            let highest = (0..<span).last { chunk.words.contains($0) } ?? 0
            next = max(next, FileNumber((chunks.count - 1) * span + highest) + 1)
        }
        return next
    }

    /// Adds a file as its record has it.
    /// - Throws: `corruption` where its number is beyond what there can be.
    mutating func load(_ record: FileRecord) throws(VexFSError) {
        let attributes = record.attributes
        guard attributes.number < FileTree.numberEnd, attributes.parent < FileTree.numberEnd else {
            throw VexFSError(.corruption, "the file \(attributes.number) has a number beyond all; run vexfs-fuse fsck")
        }
        tree.load(attributes)
        count(record)
    }

    /// Adds every file from a number on.
    mutating func loadAll(
        from database: RocksDB, collection: UInt32, first: FileNumber
    ) throws(VexFSError) {
        try database.forEach(
            prefix: StoreKey.prefix(.file, collection), from: StoreKey.file(collection, first)
        ) { key, value throws(VexFSError) in
            guard let file = StoreKey.number(of: key), file != Collection.rootNumber else { return true }
            try load(FileRecord(number: file, decoding: value, withMetadata: false))
            return true
        }
    }

    /// Brings what an image had to what the database has now; returns the files that are marked.
    /// - Throws: `corruption`, `inputOutput`; the content is then of no use.
    /// - Complexity: O(marked files + files above the image's numbers).
    mutating func update(
        to database: RocksDB, collection: UInt32, since image: TreeImage
    ) throws(VexFSError) -> Set<FileNumber> {
        var marked: Set<FileNumber> = []
        let prefix = StoreKey.treeMarks(collection, image.id)
        try database.forEach(prefix: prefix) { key, _ throws(VexFSError) in
            guard key.count == prefix.count + 8 else { return true }
            let file = key.loadUnaligned(fromByteOffset: prefix.count, as: UInt64.self)
            marked.insert(FileNumber(bigEndian: file))
            return true
        }
        var present: [FileRecord] = []
        for number in marked.sorted() {
            let record = try database.value(StoreKey.file(collection, number)).map { bytes throws(VexFSError) in
                try bytes.withSystemBytes { bytes throws(VexFSError) in
                    try FileRecord(number: number, decoding: bytes, withMetadata: false)
                }
            }
            if let record { present.append(record) }
            setAside(number, now: record)
        }
        try loadAll(from: database, collection: collection, first: image.filesBelow)
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
        return marked
    }

    /// Takes a file that changed out of the counts and rows; one that is gone, out of the tree too, and one that has
    /// another name, from its place there: two files may have exchanged theirs.
    private mutating func setAside(_ number: FileNumber, now record: FileRecord?) {
        guard let old = tree[number] else { return }
        if let row = old.row { rows.remove(row) }
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

    private mutating func count(_ record: FileRecord) {
        let attributes = record.attributes
        if let row = attributes.row {
            rows.insert(row, file: attributes.number, hasVector: record.row.hasVector)
        }
        if attributes.state == .pending { pendingCount += 1 }
        if attributes.kind == .scratch { scratchBytes += Int(attributes.size) }
    }
}
