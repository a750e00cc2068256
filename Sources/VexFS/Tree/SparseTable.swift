/// Elements of a fixed size by their numbers, of which many may be missing.
///
/// They stand in chunks of ``TableChunk/span`` numbers, which copies of the table share until one of them changes. A
/// chunk holds only the elements that there are, so memory follows their count: a long life of adding and removing
/// costs 8 bytes for each chunk that was ever begun. Copying the table is O(1); the first change after it copies one
/// pointer for each chunk, and the chunk.
struct SparseTable<Element: BitwiseCopyable & Sendable>: Sendable {
    /// The chunk of the numbers from ``TableChunk/span`` × its place on; nil where none is there.
    private(set) var chunks: [TableChunk<Element>?] = []
    /// How many elements there are.
    private(set) var count = 0

    init() {}

    /// Takes over chunks by their places, ascending.
    init(_ placed: [(place: Int, chunk: TableChunk<Element>)]) {
        guard let last = placed.last else { return }
        chunks = [TableChunk<Element>?](repeating: nil, count: last.place + 1)
        for (place, chunk) in placed {
            chunks[place] = chunk
            count += chunk.count
        }
    }

    /// The element of that number. O(1).
    subscript(number: Int) -> Element? {
        let place = number / Self.span
        guard place < chunks.count, number >= 0, let chunk = chunks[place] else { return nil }
        return chunk[number % Self.span]
    }

    /// Adds an element, or replaces the one of that number. O(1) for ascending numbers, else O(``TableChunk/span``).
    mutating func set(_ number: Int, _ element: Element) {
        let place = number / Self.span
        while chunks.count <= place { chunks.append(nil) }
        if chunks[place] == nil { chunks[place] = TableChunk() }
        count += own(place)?.set(number % Self.span, element) == true ? 1 : 0
    }

    /// Changes an element where there is one.
    mutating func update(_ number: Int, _ change: (inout Element) -> Void) {
        guard var element = self[number] else { return }
        change(&element)
        set(number, element)
    }

    /// Takes an element out. O(``TableChunk/span``).
    @discardableResult
    mutating func remove(_ number: Int) -> Element? {
        guard let element = self[number] else { return nil }
        let place = number / Self.span
        count -= 1
        if chunks[place]?.count == 1 {
            chunks[place] = nil
            while let last = chunks.last, last == nil { chunks.removeLast() }
        } else {
            own(place)?.remove(number % Self.span)
        }
        return element
    }

    /// Calls `body` with the elements from a number on, ascending; false ends the walk.
    func forEach(from first: Int, _ body: (_ number: Int, _ element: Element) -> Bool) {
        var place = first / Self.span
        var start = first % Self.span
        while place < chunks.count {
            if let chunk = chunks[place] {
                for local in start..<Self.span {
                    if let element = chunk[local], !body(place * Self.span + local, element) { return }
                }
            }
            place += 1
            start = 0
        }
    }

    /// How many elements have that number or a higher one, up to the others of its chunk. O(chunks).
    func count(from first: Int) -> Int {
        chunks.dropFirst(first / Self.span).reduce(0) { $0 + ($1?.count ?? 0) }
    }

    /// Uses an image's chunks in place of those that it was written from.
    mutating func adopt(_ image: SparseTable, writtenFrom written: SparseTable) {
        for place in 0..<min(chunks.count, image.chunks.count, written.chunks.count) {
            guard let chunk = chunks[place], chunk === written.chunks[place], let mapped = image.chunks[place] else {
                continue
            }
            chunks[place] = mapped
        }
    }

    private static var span: Int { TableChunk<Element>.span }

    /// The chunk for a change: no other table has it.
    private mutating func own(_ place: Int) -> TableChunk<Element>? {
        // No variable may hold the chunk while this asks who else does.
        if chunks[place]?.isBorrowed == true || !isKnownUniquelyReferenced(&chunks[place]) {
            chunks[place] = chunks[place]?.copy()
        }
        return chunks[place]
    }
}
