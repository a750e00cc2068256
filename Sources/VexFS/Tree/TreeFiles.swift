import Glibc

/// The files of a tree by their numbers: packed attributes, and the names in an arena for each chunk of them.
struct TreeFiles: Sendable {
    private(set) var records = SparseTable<PackedFile>()
    /// The names of each chunk of `records`.
    private(set) var arenas: [NameArena?] = []

    /// Garbage that an arena may have, whatever else is in it.
    private static let toleratedGarbage = 1024

    init() {}

    init(records: SparseTable<PackedFile>, arenas: [NameArena?]) {
        self.records = records
        self.arenas = arenas
    }

    subscript(number: FileNumber) -> PackedFile? { records[Int(truncatingIfNeeded: number)] }

    func attributes(_ number: FileNumber) -> FileAttributes? {
        self[number].map { $0.attributes(number, name: name(of: $0, number)) }
    }

    /// Lends the bytes of a file's name.
    func withName<R>(of file: PackedFile, _ number: FileNumber, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let place = Self.place(number)
        guard place < arenas.count, let arena = arenas[place] else {
            return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return withExtendedLifetime(arena) { body(arena.name(at: file.nameOffset, count: file.nameLength)) }
    }

    func name(of file: PackedFile, _ number: FileNumber) -> ByteString {
        withName(of: file, number) { ByteString(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether a file has that name.
    func hasName(_ file: PackedFile, _ number: FileNumber, _ name: UnsafeRawBufferPointer) -> Bool {
        withName(of: file, number) { own in
            guard own.count == name.count else { return false }
            guard let left = own.baseAddress, let right = name.baseAddress else { return own.isEmpty }
            return memcmp(left, right, own.count) == 0
        }
    }

    /// Adds a file that is not there.
    mutating func insert(_ number: FileNumber, _ file: PackedFile, name: UnsafeRawBufferPointer) {
        var file = file
        (file.nameOffset, file.nameLength) = (keep(name, for: number), UInt16(name.count))
        records.set(Int(number), file)
    }

    @discardableResult
    mutating func remove(_ number: FileNumber) -> PackedFile? {
        guard let file = records.remove(Int(truncatingIfNeeded: number)) else { return nil }
        drop(file, number)
        return file
    }

    mutating func update(_ number: FileNumber, _ change: (inout PackedFile) -> Void) {
        records.update(Int(truncatingIfNeeded: number), change)
    }

    mutating func rename(_ number: FileNumber, to name: UnsafeRawBufferPointer) {
        guard var file = self[number] else { return }
        drop(file, number)
        (file.nameOffset, file.nameLength) = (keep(name, for: number), UInt16(name.count))
        records.set(Int(number), file)
    }

    /// Files of a chunk.
    static var span: Int { TableChunk<PackedFile>.span }

    /// Uses an image's chunks and names in place of those that it was written from.
    mutating func adopt(_ image: TreeFiles, writtenFrom written: TreeFiles) {
        records.adopt(image.records, writtenFrom: written.records)
        for place in 0..<min(arenas.count, image.arenas.count, written.arenas.count) {
            guard let arena = arenas[place], arena === written.arenas[place], let mapped = image.arenas[place] else {
                continue
            }
            arenas[place] = mapped
        }
    }

    private static func place(_ number: FileNumber) -> Int {
        Int(truncatingIfNeeded: number) / span
    }

    private mutating func keep(_ name: UnsafeRawBufferPointer, for number: FileNumber) -> UInt32 {
        let place = Self.place(number)
        while arenas.count <= place { arenas.append(nil) }
        if arenas[place] == nil { arenas[place] = NameArena() }
        own(place)
        return arenas[place]?.append(name) ?? 0
    }

    /// Forgets a name; the arena is written anew where most of it is garbage, and dropped with its last file.
    private mutating func drop(_ file: PackedFile, _ number: FileNumber) {
        let place = Self.place(number)
        guard place < arenas.count, arenas[place] != nil else { return }
        guard place < records.chunks.count, records.chunks[place] != nil else {
            arenas[place] = nil
            while let last = arenas.last, last == nil { arenas.removeLast() }
            return
        }
        own(place)
        arenas[place]?.garbage += Int(file.nameLength)
        if let own = arenas[place], own.garbage > Self.toleratedGarbage, own.garbage * 2 > own.count {
            tidy(place, own)
        }
    }

    /// Makes the arena one that no other table has.
    private mutating func own(_ place: Int) {
        // No variable may hold the arena while this asks who else does.
        if arenas[place]?.isBorrowed == true || !isKnownUniquelyReferenced(&arenas[place]) {
            arenas[place] = arenas[place]?.copy()
        }
    }

    private mutating func tidy(_ place: Int, _ arena: NameArena) {
        let fresh = NameArena(capacity: arena.count - arena.garbage + 32)
        let first = place * Self.span
        for number in first..<first + Self.span {
            records.update(number) { file in
                file.nameOffset = fresh.append(arena.name(at: file.nameOffset, count: file.nameLength))
            }
        }
        arenas[place] = fresh
    }
}
