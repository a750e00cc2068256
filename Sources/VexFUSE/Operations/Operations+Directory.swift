import CFuseShim
import Glibc
import VexFS

/// An open directory.
///
/// A collection's directory is read as it is at each call, by stable cookies. What is put together (searches, facets)
/// is listed as it was at the open.
enum DirectoryListing: Sendable {
    case root([VirtualEntry])
    case file(CollectionFile)
    case virtual([VirtualEntry])
}

extension Operations {
    /// Offsets 1 and 2 lie behind "." and "..": what comes after is shifted by as much.
    private static let dotEntries: Int64 = 2

    // MARK: OPENDIR, RELEASEDIR

    func opendir(_ request: Request, _ raw: fuse_ino_t, _ info: fuse_file_info) throws(VexFSError) {
        switch try node(raw) {
        case .root: open(.root(rootEntries()), request, info)
        case .file(let file):
            guard let attributes = file.collection.attributes(of: file.number) else { throw Self.gone }
            guard attributes.kind == .directory else { throw Self.notADirectory }
            open(.file(file), request, info)
        case .virtual(let node):
            guard let directory = node as? any VirtualDirectory else { throw Self.notADirectory }
            work(request, at: { node.key }) { () throws(VexFSError) in
                self.open(.virtual(try directory.entries()), request, info)
            }
        }
    }

    private func rootEntries() -> [VirtualEntry] {
        // Collections are not virtual nodes: their key is their inode number, see `inode(of:)`.
        store.collections.map { VirtualEntry(name: $0.name, type: S_IFDIR, key: "#\($0.number)") } + tree.rootEntries
    }

    private func open(_ listing: DirectoryListing, _ request: Request, _ info: fuse_file_info) {
        var info = info
        info.fh = directories.insert(listing)
        if !request.reply(open: info) { _ = directories.remove(info.fh) }
    }

    func releasedir(_ handle: UInt64) { _ = directories.remove(handle) }

    // MARK: READDIR, READDIRPLUS

    func readdir(
        _ request: Request, _ raw: fuse_ino_t, size: Int, offset: Int64, handle: UInt64, withAttributes: Bool
    ) throws(VexFSError) {
        guard let listing = directories.find(handle) else {
            throw VexFSError(.inputOutput, "the kernel named a directory that is not open")
        }
        // The kernel asks for a page or more at a time; libfuse copies the bytes into its own reply.
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { memory in
            var buffer = DirectoryBuffer(request, memory, self, withAttributes: withAttributes)
            buffer.appendDots(raw, from: offset)
            switch listing {
            case .root(let entries), .virtual(let entries):
                var index = Int(max(0, offset - Self.dotEntries))
                while index < entries.count, !buffer.isFull {
                    buffer.append(entries[index], next: Int64(index + 1) + Self.dotEntries)
                    index += 1
                }
            case .file(let directory):
                // Entries are taken out first: attributes must not be asked for while the engine lists.
                let after = UInt64(max(0, offset - Self.dotEntries))
                let limit = size / DirectoryBuffer.bytesPerEntryMin(withAttributes: withAttributes) + 1
                var page: [DirectoryEntry] = []
                page.reserveCapacity(limit)
                directory.collection.list(directory.number, after: after) { entry in
                    page.append(entry)
                    return page.count < limit
                }
                for entry in page where !buffer.isFull {
                    buffer.append(entry, of: directory, next: Int64(entry.cookie) + Self.dotEntries)
                }
            }
            request.reply(bytes: UnsafeRawBufferPointer(rebasing: memory[..<buffer.used]))
        }
    }

    /// The inode number that a listing shows for a name.
    func inode(of entry: VirtualEntry) -> NodeID {
        if entry.key.utf8.first == UInt8(ascii: "#"), let number = UInt32(entry.key.dropFirst()) {
            return NodeID(collection: number, file: Collection.rootNumber)
        }
        return NodeID(hashing: entry.key)
    }

    func fsyncdir(_ request: Request) {
        work(request, at: { "" }) { () throws(VexFSError) in
            try self.store.sync()
            request.reply(errno: 0)
        }
    }
}

/// One reply to READDIR or READDIRPLUS being filled.
struct DirectoryBuffer {
    private let request: Request
    private let memory: UnsafeMutableRawBufferPointer
    private let operations: Operations
    private let withAttributes: Bool
    /// Bytes that hold entries.
    private(set) var used = 0
    /// Whether an entry did not fit.
    private(set) var isFull = false

    init(
        _ request: Request, _ memory: UnsafeMutableRawBufferPointer, _ operations: Operations, withAttributes: Bool
    ) {
        self.request = request
        self.memory = memory
        self.operations = operations
        self.withAttributes = withAttributes
    }

    /// What an entry with the shortest name takes: `FUSE_DIRENT_SIZE` of one byte, and the attributes.
    static func bytesPerEntryMin(withAttributes: Bool) -> Int { withAttributes ? 160 : 32 }

    /// "." and "..", where the offset has not passed them. They never count as lookups.
    mutating func appendDots(_ raw: fuse_ino_t, from offset: Int64) {
        for (index, name) in [".", ".."].enumerated() where offset <= Int64(index) && !isFull {
            var entry = fuse_entry_param()
            entry.attr.st_ino = UInt(raw)
            entry.attr.st_mode = S_IFDIR
            _ = put(name, &entry, next: Int64(index + 1))
        }
    }

    /// A virtual directory's entry. The kernel gets no attributes for it and looks it up when it wants them.
    mutating func append(_ listed: VirtualEntry, next: Int64) {
        var entry = fuse_entry_param()
        entry.attr.st_ino = UInt(operations.inode(of: listed).raw)
        entry.attr.st_mode = listed.type
        _ = put(listed.name.string, &entry, next: next)
    }

    /// A collection's entry.
    mutating func append(_ listed: DirectoryEntry, of directory: CollectionFile, next: Int64) {
        let file = CollectionFile(collection: directory.collection, number: listed.number)
        var entry = fuse_entry_param()
        if withAttributes {
            // Gone since it was listed: left out, as if it had been removed a moment earlier.
            guard let full = try? operations.entry(file) else { return }
            entry = full
        } else {
            entry.attr.st_ino = UInt(file.id.raw)
            entry.attr.st_mode = Attributes.type(listed.kind)
        }
        let wasPut = put(listed.name.string, &entry, next: next)
        if withAttributes, !wasPut { operations.inodes.forget(file.id, 1) }
    }

    private mutating func put(_ name: String, _ entry: inout fuse_entry_param, next: Int64) -> Bool {
        let room = memory.count - used
        let target = memory.baseAddress.map { ($0 + used).assumingMemoryBound(to: CChar.self) }
        let needed = name.withCString { name in
            withAttributes
                ? fuse_add_direntry_plus(request.pointer, target, room, name, &entry, off_t(next))
                : fuse_add_direntry(request.pointer, target, room, name, &entry.attr, off_t(next))
        }
        guard needed <= room else {
            isFull = true
            return false
        }
        used += needed
        return true
    }
}
