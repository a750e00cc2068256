/// A file as it was when a snapshot was made, kept by the first batch that changed it since. Layout: `docs/format.md`,
/// "Snapshot mark".
struct SnapshotMark {
    /// The file; nil where there was none.
    var record: FileRecord?
    /// The content of a file that is no document, or the target of a symbolic link; a document's stays with its row.
    var content: [UInt8] = []

    func encoded() -> [UInt8] {
        guard let record else { return [] }
        let bytes = record.encoded()
        var writer = ByteWriter(capacity: 4 + bytes.count + content.count)
        writer.append(UInt32(bytes.count))
        writer.bytes += bytes
        writer.bytes += content
        return writer.bytes
    }

    init(record: FileRecord?, content: [UInt8]) { (self.record, self.content) = (record, content) }

    /// - Throws: `corruption`, `newerFormat`.
    init(of file: FileNumber, decoding bytes: UnsafeRawBufferPointer, withMetadata: Bool = true) throws(VexFSError) {
        guard bytes.count > 0 else { return }
        var reader = ByteReader(bytes)
        let count = Int(try reader.read(UInt32.self))
        guard count <= reader.rest.count else { throw .truncatedRecord }
        record = try FileRecord(
            number: file, decoding: UnsafeRawBufferPointer(rebasing: reader.rest[..<count]), withMetadata: withMetadata)
        content = Array(reader.rest[count...])
    }
}

/// Marks of files that changed since a snapshot was made.
extension Collection {
    /// Notes with the batch that changes a file how it was at the newest snapshot, where nothing notes it yet. The
    /// writer's lock is held.
    func keepForSnapshots(_ file: FileNumber, _ batch: WriteBatch) {
        guard file < snapshotFilesBelow.load(ordering: .relaxed) else { return }
        let (snapshots, isKnown) = state.withLock {
            ($0.snapshots, $0.markedFiles.contains(Row(truncatingIfNeeded: file)))
        }
        guard !isKnown, let place = snapshots.lastIndex(where: { !$0.isRemoved }), file < snapshots[place].filesBelow
        else { return }
        do throws(VexFSError) {
            // One that is being taken away hands its marks to the one before.
            for snapshot in snapshots[place...] {
                let key = StoreKey.snapshotMark(number, snapshot.number, file)
                guard try database.value(key) == nil else { return }
            }
            let record = try storedRecord(file)
            let hasContent = record.map { $0.attributes.kind == .scratch || $0.attributes.kind == .symlink } ?? false
            let content = hasContent ? try storedScratch(file) ?? [] : []
            let mark = SnapshotMark(record: record, content: content)
            batch.put(StoreKey.snapshotMark(number, snapshots[place].number, file), mark.encoded())
            batch.onceWritten { [self] in
                state.withLock { $0.markedFiles.insert(Row(truncatingIfNeeded: file)) }
            }
        } catch {
            batch.fail(error)
        }
    }

    /// How a file was at a snapshot, where it changed since; nil where it did not.
    private func mark(of file: FileNumber, since snapshot: UInt32) throws(VexFSError) -> SnapshotMark? {
        let numbers = state.withLock { state -> [UInt32] in
            guard state.snapshots.contains(where: { $0.number == snapshot && !$0.isRemoved }) else { return [] }
            return state.snapshots.map(\.number).filter { $0 >= snapshot }
        }
        // What is there now may be of another version.
        guard !numbers.isEmpty else { throw .snapshotWasRemoved }
        for number in numbers {
            guard let bytes = try database.value(StoreKey.snapshotMark(self.number, number, file)) else { continue }
            return try bytes.withSystemBytes { bytes throws(VexFSError) in
                try SnapshotMark(of: file, decoding: bytes)
            }
        }
        return nil
    }

    /// A file's record at a snapshot; nil where there was none.
    func record(of file: FileNumber, at snapshot: UInt32) throws(VexFSError) -> FileRecord? {
        if let mark = try mark(of: file, since: snapshot) { return mark.record }
        let record = try storedRecord(file)
        // A change between the two put the mark there.
        if let mark = try mark(of: file, since: snapshot) { return mark.record }
        return record
    }

    /// The content at a snapshot of a file that was no document.
    func scratch(of file: FileNumber, at snapshot: UInt32) throws(VexFSError) -> [UInt8]? {
        if let mark = try mark(of: file, since: snapshot) { return mark.content }
        let content = try storedScratch(file)
        if let mark = try mark(of: file, since: snapshot) { return mark.content }
        return content
    }

    /// The files that changed since a snapshot, as they were.
    func marks(since snapshot: Snapshot) throws(VexFSError) -> [FileNumber: FileRecord?] {
        var found: [FileNumber: FileRecord?] = [:]
        let later = state.withLock { state in state.snapshots.map(\.number).filter { $0 >= snapshot.number } }
        for number in later {
            try forEachMark(of: number) { file, value throws(VexFSError) in
                // The oldest mark that is not older than the snapshot is the one.
                guard file < snapshot.filesBelow, found[file] == nil else { return }
                let mark = try SnapshotMark(of: file, decoding: value, withMetadata: false)
                found.updateValue(mark.record, forKey: file)
            }
        }
        return found
    }

    /// Walks the marks of a snapshot.
    func forEachMark(
        of snapshot: UInt32, _ body: (FileNumber, UnsafeRawBufferPointer) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        let prefix = StoreKey.snapshotMarks(number, snapshot)
        try database.forEach(prefix: prefix) { key, value throws(VexFSError) in
            guard key.count == prefix.count + 8 else { return true }
            let file = key.loadUnaligned(fromByteOffset: prefix.count, as: UInt64.self)
            try body(FileNumber(bigEndian: file), value)
            return true
        }
    }
}
