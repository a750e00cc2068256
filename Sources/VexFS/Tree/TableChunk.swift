/// The elements of up to ``span`` numbers, those that there are side by side, and a bit for each number.
///
/// The memory is the chunk's own, or lent by an owner that the chunk keeps (a mapped file); lent memory is never
/// written. Shared chunks are never written either: ``SparseTable`` copies first.
final class TableChunk<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // Written only by the one table that has it, so that readers of a copy never see a change.

    /// Numbers of one chunk.
    static var span: Int { 256 }

    private(set) var elements: UnsafeMutablePointer<Element>
    /// How many elements there are.
    private(set) var count = 0
    /// Which numbers there are, the first in the lowest bit of the first word.
    private(set) var words: TableChunkWords = .zero
    private var capacity: Int
    private let owner: AnyObject?
    /// Whether the elements are those of the first numbers.
    private var isDense = true

    init(capacity: Int = 4) {
        elements = .allocate(capacity: capacity)
        self.capacity = capacity
        owner = nil
    }

    /// Uses the memory of an owner.
    init(lentBy owner: AnyObject, _ elements: UnsafePointer<Element>, words: TableChunkWords) {
        self.owner = owner
        self.elements = UnsafeMutablePointer(mutating: elements)
        self.words = words
        count = words.count
        capacity = 0
        isDense = words.isDense(count)
    }

    deinit { if owner == nil { elements.deallocate() } }

    /// Whether the memory is another's and must not be written.
    var isBorrowed: Bool { owner != nil }

    /// The elements as bytes, valid while the chunk lives and is not changed.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(UnsafeBufferPointer(start: elements, count: count)) }

    subscript(place: Int) -> Element? {
        guard words.contains(place) else { return nil }
        return elements[isDense ? place : words.rank(place)]
    }

    /// A chunk of the same elements that may be changed.
    func copy() -> TableChunk {
        let copy = TableChunk(capacity: min(Self.span, max(4, count + count / 8 + 1)))
        copy.elements.initialize(from: elements, count: count)
        (copy.count, copy.words, copy.isDense) = (count, words, isDense)
        return copy
    }

    /// Adds or replaces an element; returns whether it was added.
    func set(_ place: Int, _ element: Element) -> Bool {
        let rank = isDense ? min(place, count) : words.rank(place)
        if words.contains(place) {
            elements[rank] = element
            return false
        }
        if count == capacity { resize(to: min(Self.span, capacity * 2)) }
        (elements + rank + 1).update(from: elements + rank, count: count - rank)
        elements[rank] = element
        words.insert(place)
        count += 1
        isDense = words.isDense(count)
        return true
    }

    /// Takes out an element that is there.
    func remove(_ place: Int) {
        let rank = isDense ? place : words.rank(place)
        count -= 1
        (elements + rank).update(from: elements + rank + 1, count: count - rank)
        words.remove(place)
        isDense = words.isDense(count)
        if count > 0, count * 4 <= capacity { resize(to: count * 2) }
    }

    private func resize(to wanted: Int) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
        larger.initialize(from: elements, count: count)
        elements.deallocate()
        elements = larger
        capacity = wanted
    }
}

/// Which of 256 numbers there are.
struct TableChunkWords: BitwiseCopyable, Sendable, Equatable {
    var words: SIMD4<UInt64>

    static let zero = TableChunkWords(words: .zero)

    var count: Int {
        words[0].nonzeroBitCount + words[1].nonzeroBitCount + words[2].nonzeroBitCount
            + words[3].nonzeroBitCount
    }

    func contains(_ place: Int) -> Bool { words[place >> 6] >> UInt64(place & 63) & 1 != 0 }

    /// How many of the numbers below are there.
    func rank(_ place: Int) -> Int {
        var rank = (words[place >> 6] & (1 << UInt64(place & 63) - 1)).nonzeroBitCount
        for word in 0..<place >> 6 { rank += words[word].nonzeroBitCount }
        return rank
    }

    /// Whether those that are there are the first `count` ones, where it is `count` of them.
    func isDense(_ count: Int) -> Bool { count == 0 || contains(count - 1) && rank(count - 1) == count - 1 }

    mutating func insert(_ place: Int) { words[place >> 6] |= 1 << UInt64(place & 63) }
    mutating func remove(_ place: Int) { words[place >> 6] &= ~(1 << UInt64(place & 63)) }
}
