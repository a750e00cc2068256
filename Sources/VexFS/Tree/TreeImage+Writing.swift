import CVexKernels

extension TreeImage {
    /// Writes the image to the disk under its name.
    /// - Throws: `storeFull`, `inputOutput`; then there is no file.
    /// - Complexity: O(files).
    func write(_ content: Content, to path: String) throws(VexFSError) {
        let (tree, rows) = (content.tree, content.rows)
        let header = SegmentHeader(kind: Self.kind, metric: .cosine, dimension: 0, count: tree.count)
        let out = SectionStream(try SegmentWriter(path: path, header: header))
        try out.begin("params")
        try out.append(
            Parameters(
                id: id, filesBelow: filesBelow, hashKey: tree.hash.key, pendingCount: UInt64(content.pendingCount),
                scratchBytes: UInt64(content.scratchBytes), nextRow: UInt64(rows.next)))
        try write(tree.files, out)
        let directories = tree.directories.sorted { $0.key < $1.key }
        try write(directories, out)
        try out.begin("r.chunks")
        try writeChunks(of: rows.files, out)
        try out.begin("r.items")
        try writeElements(of: rows.files, out)
        let vectors = content.vectors.map { (number: $0.space, words: $0.rows.words) }
        try out.begin("v.spaces")
        for (number, words) in vectors { try out.append(SpaceEntry(number: number, words: UInt32(words.count))) }
        try out.begin("v.words")
        for (_, words) in vectors {
            try words.withSystemBytes { bytes throws(VexFSError) in try out.append(bytes) }
        }
        try out.finish()
    }

    private func write(_ files: TreeFiles, _ out: SectionStream) throws(VexFSError) {
        try out.begin("f.chunks")
        for (place, chunk) in files.records.chunks.enumerated() {
            guard let chunk else { continue }
            let names = place < files.arenas.count ? files.arenas[place]?.count ?? 0 : 0
            try out.append(ChunkEntry(words: chunk.words, place: place, nameBytes: names))
        }
        try out.begin("f.items")
        try writeElements(of: files.records, out)
        try out.begin("f.names")
        for case let arena? in files.arenas { try out.append(arena.bytes) }
    }

    private func write(
        _ directories: [(key: FileNumber, value: TreeDirectory)], _ out: SectionStream
    ) throws(VexFSError) {
        try out.begin("dirs")
        for (number, directory) in directories {
            let chunks = directory.entries.chunks.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
            try out.append(
                DirectoryEntry(
                    number: number, nextCookie: directory.nextCookie, subdirectories: directory.subdirectories,
                    chunks: UInt32(chunks), parts: UInt32(directory.index.ordered.count), depth: directory.index.depth))
        }
        try out.begin("e.chunks")
        for (_, directory) in directories { try writeChunks(of: directory.entries, out) }
        try out.begin("e.items")
        for (_, directory) in directories { try writeElements(of: directory.entries, out) }
        try out.begin("i.parts")
        for (_, directory) in directories {
            for part in directory.index.ordered {
                try out.append(
                    PartEntry(capacity: UInt32(part.capacity), count: UInt32(part.count), depth: part.depth))
            }
        }
        try out.begin("i.slots")
        for (_, directory) in directories {
            for part in directory.index.ordered { try out.append(part.bytes) }
        }
    }

    private func writeChunks<Element>(of table: SparseTable<Element>, _ out: SectionStream) throws(VexFSError) {
        for (place, chunk) in table.chunks.enumerated() {
            if let chunk { try out.append(ChunkEntry(words: chunk.words, place: place)) }
        }
    }

    private func writeElements<Element>(of table: SparseTable<Element>, _ out: SectionStream) throws(VexFSError) {
        for case let chunk? in table.chunks { try out.append(chunk.bytes) }
    }
}

/// Gathers the pieces of sections, which are small, into writes that are not.
private final class SectionStream {
    private static let bufferBytes = 1 << 20

    private let writer: SegmentWriter
    private var buffer: [UInt8] = []

    init(_ writer: SegmentWriter) {
        self.writer = writer
        buffer.reserveCapacity(Self.bufferBytes)
    }

    func begin(_ name: String) throws(VexFSError) {
        try flush()
        try writer.begin(name)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        if buffer.count + bytes.count > Self.bufferBytes { try flush() }
        buffer.append(contentsOf: bytes)
    }

    func append(_ value: some BitwiseCopyable) throws(VexFSError) {
        let bytes = withUnsafeBytes(of: value) { [UInt8]($0) }
        try bytes.withSystemBytes { bytes throws(VexFSError) in try append(bytes) }
    }

    func finish() throws(VexFSError) {
        try flush()
        try writer.finish()
    }

    private func flush() throws(VexFSError) {
        guard !buffer.isEmpty else { return }
        try buffer.withSystemBytes { bytes throws(VexFSError) in try writer.extend(bytes) }
        buffer.removeAll(keepingCapacity: true)
    }
}
