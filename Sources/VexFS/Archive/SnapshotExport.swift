import CVexKernels

/// A snapshot as one file, made piece by piece. Layout: `docs/format.md`, "Export of a snapshot".
public struct SnapshotExport: Sendable {
    /// Bytes after which a block ends.
    private static let blockBytes = 1 << 20
    private static let filesPerStep = 256

    private enum Stage { case head, files, properties, end, done }

    private let collection: Collection
    private let rows: RowBitmap
    private var properties: [Store.Property] = []
    private var stage = Stage.head
    private var nextFile = Collection.rootNumber
    private var nextBlock: UInt64 = 0
    private var counts = ArchiveCounts()

    /// - Parameter snapshot: what ``Collection/snapshot(named:)`` gives: a collection that nobody changes.
    /// - Throws: `invalidArgument` for a collection that can be written.
    public init(of snapshot: Collection) throws(VexFSError) {
        guard snapshot.isReadOnly else {
            throw VexFSError(.invalidArgument, "only a snapshot can be exported: make one of the collection first")
        }
        collection = snapshot
        rows = snapshot.state.withLock { $0.rows.live }
    }

    /// The next bytes; none at the end.
    /// - Throws: `corruption` where something is not what was written, `notFound` where the snapshot was removed.
    public mutating func next() throws(VexFSError) -> [UInt8] {
        switch stage {
        case .head:
            properties = try collection.context.properties(of: collection.number)
            stage = .files
            var writer = ByteWriter()
            writer.append(ArchiveBlock.magic)
            counts.bytes += UInt64(writer.bytes.count)
            return writer.bytes + block(.head, ArchiveHead(of: collection).json.compact)
        case .files:
            let content = try files()
            guard content.isEmpty else { return block(.files, content) }
            stage = .properties
            return try next()
        case .properties:
            guard let property = properties.popLast() else {
                stage = .end
                return try next()
            }
            var writer = ByteWriter()
            writer.appendCounted(property.key)
            writer.bytes += property.value
            return block(.property, writer.bytes)
        case .end:
            stage = .done
            return block(.end, counts.encoded)
        case .done: return []
        }
    }

    private mutating func block(_ kind: ArchiveBlock.Kind, _ content: [UInt8]) -> [UInt8] {
        defer { nextBlock += 1 }
        let bytes = ArchiveBlock.encoded(kind, number: nextBlock, content)
        counts.bytes += UInt64(bytes.count)
        return bytes
    }

    /// The files of the next block, in the order of their numbers.
    private mutating func files() throws(VexFSError) -> [UInt8] {
        var writer = ByteWriter(capacity: Self.blockBytes)
        while writer.bytes.count < Self.blockBytes {
            let page = collection.state.withLock { state in
                var page: [FileAttributes] = []
                state.tree.files.records.forEach(from: Int(nextFile)) { number, _ in
                    if let file = state.tree[FileNumber(number)] { page.append(file) }
                    return page.count < Self.filesPerStep
                }
                return page
            }
            if page.isEmpty { break }
            for attributes in page where writer.bytes.count < Self.blockBytes {
                try file(attributes).append(to: &writer)
                counts.files += 1
                counts.documents += attributes.row == nil ? 0 : 1
                nextFile = attributes.number + 1
            }
        }
        return writer.bytes
    }

    private func file(_ attributes: FileAttributes) throws(VexFSError) -> ArchiveFile {
        var record = try collection.fileRecord(attributes.number)
        record.attributes = attributes
        var file = ArchiveFile(record: record)
        if let row = attributes.row {
            file.content = try stored(try collection.storedDocument(row), attributes)
            for space in collection.state.withLock({ $0.spaces }) {
                guard let checksum = record.row.checksum(in: space.number) else { continue }
                guard let bytes = try vectorBytes(of: row, space) else {
                    throw damaged(attributes, "its vector is missing")
                }
                guard vexfs_crc32c(0, bytes, bytes.count) == checksum else {
                    throw damaged(attributes, "its vector is not what was written")
                }
                file.vectors.append((space.number, bytes))
            }
            // Numbers of spaces that were removed mean nothing, and something else where they are given again.
            let spaces = collection.state.withLock { $0.spaces.map(\.number) }
            file.record.row.named.removeAll { !spaces.contains($0.space) }
            // Rows are counted anew, in their order.
            file.record.attributes.row = Row(rows.count(in: 0..<Int(row)))
        } else if attributes.kind != .directory {
            file.content = try stored(try collection.storedScratch(attributes.number), attributes)
        }
        let checksum = vexfs_crc32c(0, file.content, file.content.count)
        guard attributes.kind == .directory || attributes.kind == .symlink || checksum == record.contentChecksum else {
            throw damaged(attributes, "its content is not what was written")
        }
        return file
    }

    /// A vector as it is stored: in the space's file, or in the database where it has no fixed size.
    private func vectorBytes(of row: Row, _ space: VectorSpace) throws(VexFSError) -> [UInt8]? {
        if let file = space.vectors { return file.vector(row).map { file.element.encoded($0) } }
        return try collection.storedVector(of: row, in: space.number)
    }

    private func stored(_ bytes: [UInt8]?, _ file: FileAttributes) throws(VexFSError) -> [UInt8] {
        guard let bytes else { throw damaged(file, "its content is missing, or the snapshot was removed meanwhile") }
        return bytes
    }

    private func damaged(_ file: FileAttributes, _ what: String) -> VexFSError {
        VexFSError(.corruption, "\(what); run vexfs-fuse fsck", at: collection.path(of: file.number) ?? "")
    }
}

/// What an export's last block counts.
struct ArchiveCounts: Sendable, Equatable {
    var files: UInt64 = 0
    var documents: UInt64 = 0
    /// Bytes of everything before the last block.
    var bytes: UInt64 = 0

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 24)
        writer.append(files)
        writer.append(documents)
        writer.append(bytes)
        return writer.bytes
    }
}
