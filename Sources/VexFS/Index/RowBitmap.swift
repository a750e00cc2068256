/// A row: one immutable version of a document, numbered upwards from 0 within its collection.
public typealias Row = UInt32

/// A set of rows in containers of 65 536 rows each, which copies of the set share until one of them changes.
///
/// A container is a list or bits and costs at most 8 KB (Lemire et al., "Roaring bitmaps:
/// implementation of an optimized software library", arXiv 1709.07821). Copying the set is O(1); the first change after
/// it copies one pointer for each container and one container. All rows of a container cost nothing.
public struct RowBitmap: Sendable {
    /// The container of rows `65 536 i ..< 65 536 (i + 1)`, nil where none is in the set. The last one is not nil.
    private(set) var containers: [Container?] = []
    /// How many rows are in the set.
    public private(set) var count = 0

    /// Creates an empty set that is going to hold rows below `capacity`.
    public init(capacity: Int = 0) {
        containers.reserveCapacity((capacity + Container.rowCount - 1) / Container.rowCount)
    }

    /// The set whose bits are the words', row 0 in the lowest bit of the first. O(words).
    public init(words: [UInt64]) {
        words.withUnsafeBufferPointer { words in
            for start in stride(from: 0, to: words.count, by: Container.wordCount) {
                let part = words[start..<min(start + Container.wordCount, words.count)]
                append(Container(words: UnsafeBufferPointer(rebasing: part)).settled())
            }
        }
        trim()
    }

    /// The set of all rows below `count`.
    public init(rowsBelow count: Int) {
        let whole = count / Container.rowCount
        containers = [Container?](repeating: .full, count: whole)
        self.count = whole * Container.rowCount
        guard self.count < count else { return }
        let last = Container.emptyBits()
        for place in 0..<count - self.count { _ = last.insert(UInt16(place)) }
        append(last.settled())
    }

    /// The set of the given rows, in any order, any of them more than once.
    public init(_ rows: [Row]) { insert(contentsOf: rows) }

    /// Whether no row is in the set.
    public var isEmpty: Bool { count == 0 }
    /// The lowest row.
    public var first: Row? { isEmpty ? nil : row(at: 0) }
    /// The highest row.
    public var last: Row? { isEmpty ? nil : row(at: count - 1) }
    /// Bytes of memory; what copies share counts in each.
    public var allocatedBytes: Int {
        containers.reduce(containers.count * 8) { $0 + ($1 === Container.full ? 0 : $1?.allocatedBytes ?? 0) }
    }

    /// Whether the row is in the set. In inner loops, ``withReader(_:)`` is faster.
    public func contains(_ row: Row) -> Bool {
        let index = Int(row >> 16)
        return index < containers.count && containers[index]?.contains(UInt16(truncatingIfNeeded: row)) == true
    }

    /// Adds a row. O(1) for ascending rows and where the rows around are dense, else O(rows of the list).
    public mutating func insert(_ row: Row) {
        if isFull(Int(row >> 16)) { return }
        let container = ownContainer(Int(row >> 16))
        guard container.insert(UInt16(truncatingIfNeeded: row)) else { return }
        count += 1
        if container.isFull { containers[Int(row >> 16)] = .full }
    }

    /// Removes a row.
    public mutating func remove(_ row: Row) {
        guard contains(row) else { return }
        let container = ownContainer(Int(row >> 16))
        guard container.remove(UInt16(truncatingIfNeeded: row)) else { return }
        count -= 1
        if container.count == 0 {
            containers[Int(row >> 16)] = nil
            trim()
        }
    }

    /// Adds rows in any order, any of them more than once. O(rows), for many at once much faster than one by one.
    public mutating func insert(contentsOf rows: [Row]) {
        guard rows.count > 32, let highest = rows.max() else {
            for row in rows { insert(row) }
            return
        }
        var starts = [Int](repeating: 0, count: Int(highest >> 16) + 2)
        for row in rows { starts[Int(row >> 16) + 1] += 1 }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        let places = [UInt16](unsafeUninitializedCapacity: rows.count) { places, filled in
            var ends = starts
            for row in rows {
                places[ends[Int(row >> 16)]] = UInt16(truncatingIfNeeded: row)
                ends[Int(row >> 16)] += 1
            }
            filled = rows.count
        }
        places.withUnsafeBufferPointer { places in
            for index in 0..<starts.count - 1 where starts[index] < starts[index + 1] {
                insert(UnsafeBufferPointer(rebasing: places[starts[index]..<starts[index + 1]]), intoContainer: index)
            }
        }
    }

    private mutating func insert(_ places: UnsafeBufferPointer<UInt16>, intoContainer index: Int) {
        if isFull(index) { return }
        if places.count <= Container.listLimit, Self.areAscending(places) {
            formUnion(Container(ascending: places), at: index)
            return
        }
        let container = ownContainer(index)
        let before = container.count
        container.formUnion(places)
        count += container.count - before
        containers[index] = container.settled()
    }

    private static func areAscending(_ places: UnsafeBufferPointer<UInt16>) -> Bool {
        for index in 1..<places.count where places[index - 1] >= places[index] { return false }
        return true
    }

    /// Makes lists of all bits that would be smaller so: for sets that are kept.
    mutating func compact() {
        for index in containers.indices {
            guard let container = containers[index], !container.isList, container.count <= Container.listLimit else {
                continue
            }
            containers[index] = ownContainer(index).settled(listLimit: Container.listLimit)
        }
    }

    // MARK: Containers

    private func isFull(_ index: Int) -> Bool { index < containers.count && containers[index]?.isFull == true }

    /// The container for a change: there is one, and no other set has it.
    private mutating func ownContainer(_ index: Int) -> Container {
        while containers.count <= index { containers.append(nil) }
        if containers[index] == nil {
            containers[index] = Container(listCapacity: 4)
        } else if !isKnownUniquelyReferenced(&containers[index]), let shared = containers[index] {
            containers[index] = shared.copy()
        }
        // There is one by now.
        return containers[index].unsafelyUnwrapped
    }

    /// Adds the next container.
    mutating func append(_ container: Container?) {
        containers.append(container)
        count += container?.count ?? 0
    }

    mutating func reserve(_ count: Int) { containers.reserveCapacity(count) }

    /// Drops what is empty at the end.
    mutating func trim() {
        while let last = containers.last, last == nil { containers.removeLast() }
    }

    /// Adds the rows of another set's container.
    mutating func formUnion(_ other: Container, at index: Int) {
        while containers.count <= index { containers.append(nil) }
        guard let mine = containers[index], !other.isFull else {
            count += other.count - (containers[index]?.count ?? 0)
            containers[index] = other
            return
        }
        if mine === other || mine.isFull { return }
        let container = ownContainer(index)
        let before = container.count
        container.formUnion(other)
        count += container.count - before
        if container.isFull { containers[index] = .full }
    }
}

extension RowBitmap: Equatable {
    /// Whether both hold the same rows.
    public static func == (left: RowBitmap, right: RowBitmap) -> Bool {
        left.count == right.count && left.isSubset(of: right)
    }
}
