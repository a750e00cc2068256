import CVexKernels

extension TreeImage {
    /// Reads the image. The tables stay in the mapped file until they change.
    /// - Throws: `corruption` where it is not what was written, or another image; `inputOutput` where it is missing.
    /// - Complexity: O(bytes) to compare checksums, O(chunks) to take it over.
    func read(from path: String) throws(VexFSError) -> Content {
        let file = try SegmentFile(opening: path)
        var cursor = try Cursor(file)
        let header: Parameters = try cursor.one("params")
        guard file.header.kind == Self.kind, header.id == id, header.filesBelow == filesBelow else {
            throw .damagedTreeImage
        }
        let files = try cursor.files()
        let directories = try cursor.directories()
        let rowFiles: SparseTable<UInt32> = try cursor.table(cursor.all("r.chunks"), "r.items")
        var vectors: [(space: SpaceNumber, rows: RowBitmap)] = []
        let spaces: UnsafeBufferPointer<SpaceEntry> = try cursor.all("v.spaces")
        for space in spaces {
            let words: UnsafeBufferPointer<UInt64> = try cursor.next(Int(space.words), "v.words")
            vectors.append((space.number, RowBitmap(words: Array(words))))
        }
        guard directories[Collection.rootNumber] != nil, files[Collection.rootNumber] != nil,
            header.nextRow <= UInt64(Row.max), files.records.count == file.header.count + 1
        else { throw .damagedTreeImage }
        return Content(
            tree: FileTree(files: files, directories: directories, hash: NameHash(key: header.hashKey)),
            rows: RowTable(files: rowFiles, next: Row(header.nextRow)), vectors: vectors,
            pendingCount: Int(truncatingIfNeeded: header.pendingCount),
            scratchBytes: Int(truncatingIfNeeded: header.scratchBytes))
    }
}

/// Reads the sections of an image from their beginnings on; every step checks the bounds.
private struct Cursor {
    private let file: SegmentFile
    private var offsets: [String: Int] = [:]

    init(_ file: SegmentFile) throws(VexFSError) { self.file = file }

    /// The next `count` elements of a section.
    mutating func next<Element: BitwiseCopyable>(
        _ count: Int, _ section: String
    ) throws(VexFSError) -> UnsafeBufferPointer<Element> {
        let bytes = try file.bytes(section)
        let offset = offsets[section, default: 0]
        let length = count * MemoryLayout<Element>.stride
        guard count >= 0, offset + length <= bytes.count else { throw .damagedTreeImage }
        offsets[section] = offset + length
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]).bindMemory(to: Element.self)
    }

    mutating func all<Element: BitwiseCopyable>(
        _ section: String
    ) throws(VexFSError) -> UnsafeBufferPointer<Element> {
        try next(try file.bytes(section).count / MemoryLayout<Element>.stride, section)
    }

    mutating func one<Element: BitwiseCopyable>(_ section: String) throws(VexFSError) -> Element {
        let found: UnsafeBufferPointer<Element> = try next(1, section)
        return found[0]
    }

    mutating func files() throws(VexFSError) -> TreeFiles {
        let chunks: UnsafeBufferPointer<TreeImage.ChunkEntry> = try all("f.chunks")
        let records: SparseTable<PackedFile> = try table(chunks, "f.items")
        var arenas = [NameArena?](repeating: nil, count: records.chunks.count)
        for entry in chunks {
            let bytes: UnsafeBufferPointer<UInt8> = try next(Int(entry.nameBytes), "f.names")
            arenas[Int(entry.place)] = NameArena(lentBy: file, UnsafeRawBufferPointer(bytes))
        }
        return TreeFiles(records: records, arenas: arenas)
    }

    mutating func directories() throws(VexFSError) -> [FileNumber: TreeDirectory] {
        let entries: UnsafeBufferPointer<TreeImage.DirectoryEntry> = try all("dirs")
        var result: [FileNumber: TreeDirectory] = [:]
        result.reserveCapacity(entries.count)
        for entry in entries {
            let table: SparseTable<UInt32> = try table(try next(Int(entry.chunks), "e.chunks"), "e.items")
            var parts: [NamePart] = []
            let described: UnsafeBufferPointer<TreeImage.PartEntry> = try next(Int(entry.parts), "i.parts")
            for part in described { parts.append(try self.part(part)) }
            result[entry.number] = TreeDirectory(
                entries: table, index: try NameIndex(ordered: parts, depth: entry.depth),
                nextCookie: entry.nextCookie, subdirectories: entry.subdirectories)
        }
        return result
    }

    private mutating func part(_ entry: TreeImage.PartEntry) throws(VexFSError) -> NamePart {
        let (capacity, count) = (Int(entry.capacity), Int(entry.count))
        guard capacity.nonzeroBitCount == 1, count * 4 <= capacity * 3, entry.depth <= 32 else {
            throw .damagedTreeImage
        }
        let slots: UnsafeBufferPointer<UInt64> = try next(capacity, "i.slots")
        guard let base = slots.baseAddress else { throw .damagedTreeImage }
        return NamePart(lentBy: file, base, capacity: capacity, count: count, depth: entry.depth)
    }

    mutating func table<Element>(
        _ chunks: UnsafeBufferPointer<TreeImage.ChunkEntry>, _ items: String
    ) throws(VexFSError) -> SparseTable<Element> {
        var placed: [(place: Int, chunk: TableChunk<Element>)] = []
        placed.reserveCapacity(chunks.count)
        for entry in chunks {
            let elements: UnsafeBufferPointer<Element> = try next(entry.words.count, items)
            let isAscending = placed.last.map { $0.place < Int(entry.place) } ?? true
            guard let base = elements.baseAddress, isAscending, !elements.isEmpty else { throw .damagedTreeImage }
            placed.append((Int(entry.place), TableChunk(lentBy: file, base, words: entry.words)))
        }
        return SparseTable(placed)
    }
}
