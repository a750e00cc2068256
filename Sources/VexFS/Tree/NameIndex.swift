/// The numbers of a directory's files by the hashes of their names.
///
/// Extendible hashing (Fagin et al., ACM TODS 4(3), 1979, https://doi.org/10.1145/320083.320092): the highest bits of
/// a hash choose a part of at most 512 places, and a part that is full is split in two. So no insert moves more than a
/// part, and copies share the parts that did not change. Names are compared by whoever has them.
struct NameIndex: Sendable {
    private var parts: [NamePart] = []
    /// The part for each value of the first ``depth`` bits of a hash; neighbours may have the same.
    private var table: [UInt32] = []
    /// How many bits choose the part.
    private(set) var depth: UInt32 = 0
    /// How many numbers there are.
    private(set) var count = 0

    /// Parts are not split beyond so many bits; then they grow.
    private static let depthMax: UInt32 = 16

    init() {}

    /// Takes over parts in the order of the bits that choose them.
    /// - Throws: `corruption` where they leave a gap.
    init(ordered: [NamePart], depth: UInt32) throws(VexFSError) {
        self.depth = depth
        parts = ordered
        for (index, part) in ordered.enumerated() {
            guard depth <= Self.depthMax, part.depth <= depth else { throw .damagedTreeImage }
            table.append(contentsOf: repeatElement(UInt32(index), count: 1 << Int(depth - part.depth)))
            count += part.count
        }
        guard table.count == (ordered.isEmpty ? 0 : 1 << Int(depth)) else { throw .damagedTreeImage }
    }

    /// The parts in the order of the bits that choose them.
    var ordered: [NamePart] {
        orderedPlaces.map { parts[$0] }
    }

    private var orderedPlaces: [Int] {
        var result: [Int] = []
        result.reserveCapacity(parts.count)
        for place in table.indices where place == 0 || table[place] != table[place - 1] {
            result.append(Int(table[place]))
        }
        return result
    }

    /// Uses an image's parts in place of those that it was written from. O(parts).
    mutating func adopt(_ image: NameIndex, writtenFrom written: NameIndex) {
        for (mapped, place) in zip(image.ordered, written.orderedPlaces)
        where place < parts.count && parts[place] === written.parts[place] {
            parts[place] = mapped
        }
    }

    /// A walk over the numbers of one hash.
    struct Candidates {
        fileprivate let hash: UInt32
        fileprivate let part: NamePart?
        fileprivate var place: Int

        /// The next number with that hash.
        mutating func next() -> UInt32? { part?.next(hash, &place) }
    }

    func candidates(_ hash: UInt32) -> Candidates {
        guard !parts.isEmpty else { return Candidates(hash: hash, part: nil, place: 0) }
        let part = parts[index(hash)]
        return Candidates(hash: hash, part: part, place: part.home(hash))
    }

    /// Adds a number. O(1), now and then O(places of a part).
    mutating func insert(_ hash: UInt32, _ number: UInt32) {
        if parts.isEmpty { (parts, table) = ([NamePart(capacity: 8, depth: 0)], [0]) }
        count += 1
        while !parts[index(hash)].hasRoom {
            let index = index(hash)
            let part = parts[index]
            if part.capacity < NamePart.capacityMax || part.depth == Self.depthMax {
                parts[index] = part.copy(capacity: part.capacity * 2)
            } else {
                split(index, hash)
            }
        }
        own(index(hash)).insert(hash, number)
    }

    /// Takes a number out.
    mutating func remove(_ hash: UInt32, _ number: UInt32) {
        guard !parts.isEmpty, parts[index(hash)].contains(hash, number) else { return }
        count -= 1
        if count == 0 { self = NameIndex() } else { own(index(hash)).remove(hash, number) }
    }

    /// Gives back the places of numbers that were removed, where they are most of them.
    mutating func giveBackMemory() {
        guard parts.reduce(0, { $0 + $1.capacity }) > 64 + count * 8 else { return }
        var smaller = NameIndex()
        for part in parts { part.forEach { smaller.insert($0, $1) } }
        self = smaller
    }

    /// What does not hold, nil where all does; tests ask after changes. O(numbers).
    var brokenInvariant: String? {
        guard table.count == (parts.isEmpty ? 0 : 1 << Int(depth)) else { return "the table has \(table.count) places" }
        var widths = [Int](repeating: 0, count: parts.count)
        for part in table { widths[Int(part)] += 1 }
        var total = 0
        for (index, part) in parts.enumerated() {
            guard part.depth <= depth, widths[index] == 1 << Int(depth - part.depth) else {
                return "part \(index) has \(widths[index]) places of the table"
            }
            var broken: String?
            var found = 0
            part.forEach { hash, number in
                found += 1
                if self.index(hash) != index { broken = "\(number) is in a part of other hashes" }
                if !part.contains(hash, number) { broken = "\(number) cannot be reached" }
            }
            if let broken { return broken }
            guard found == part.count, found * 4 <= part.capacity * 3, part.capacity.nonzeroBitCount == 1 else {
                return "part \(index) has \(found) numbers, counts \(part.count), has room for \(part.capacity)"
            }
            total += found
        }
        return total == count ? nil : "parts have \(total) numbers, the index counts \(count)"
    }

    private func index(_ hash: UInt32) -> Int { depth == 0 ? 0 : Int(table[Int(hash >> (32 - depth))]) }

    /// Splits the part of a hash by the next bit.
    private mutating func split(_ index: Int, _ hash: UInt32) {
        let part = parts[index]
        if part.depth == depth {
            table = table.flatMap { [$0, $0] }
            depth += 1
        }
        let (low, high) = part.split()
        parts[index] = low
        parts.append(high)
        let span = 1 << Int(depth - part.depth)
        let first = Int(hash >> (32 - depth)) / span * span
        for place in first + span / 2..<first + span { table[place] = UInt32(parts.count - 1) }
    }

    /// The part for a change: no other index has it.
    private mutating func own(_ index: Int) -> NamePart {
        if parts[index].isBorrowed || !isKnownUniquelyReferenced(&parts[index]) {
            parts[index] = parts[index].copy(capacity: parts[index].capacity)
        }
        return parts[index]
    }
}

/// Numbers and the hashes that lead to them, in a table of open places (linear probing), at most three quarters full.
///
/// Shared by copies of the index that has it, and lent by a mapped file, as ``TableChunk`` is.
final class NamePart: @unchecked Sendable {
    // Written only by the one index that has it.

    static let capacityMax = 512

    /// Hash in the upper half, number in the lower; 0 where the place is free. A power of two of them.
    private let slots: UnsafeMutablePointer<UInt64>
    let capacity: Int
    /// How many first bits all hashes of the part share.
    let depth: UInt32
    private(set) var count = 0
    private let owner: AnyObject?

    init(capacity: Int, depth: UInt32) {
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
        self.capacity = capacity
        self.depth = depth
        owner = nil
    }

    /// Uses the memory of an owner; `capacity` is a power of two, and a quarter of the places is free.
    init(lentBy owner: AnyObject, _ slots: UnsafePointer<UInt64>, capacity: Int, count: Int, depth: UInt32) {
        self.owner = owner
        self.slots = UnsafeMutablePointer(mutating: slots)
        self.capacity = capacity
        self.count = count
        self.depth = depth
    }

    deinit { if owner == nil { slots.deallocate() } }

    var isBorrowed: Bool { owner != nil }
    var hasRoom: Bool { (count + 1) * 4 <= capacity * 3 }

    /// The places as bytes, valid while the part lives and is not changed.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(UnsafeBufferPointer(start: slots, count: capacity)) }

    /// Where the search for a hash begins. The upper bits are the same for the whole part.
    func home(_ hash: UInt32) -> Int { Int(hash) & (capacity - 1) }

    /// The next number with that hash from a place on; the place behind it is left in `place`.
    func next(_ hash: UInt32, _ place: inout Int) -> UInt32? {
        while true {
            let slot = slots[place]
            if slot == 0 { return nil }
            place = (place + 1) & (capacity - 1)
            if UInt32(truncatingIfNeeded: slot >> 32) == hash { return UInt32(truncatingIfNeeded: slot) }
        }
    }

    func contains(_ hash: UInt32, _ number: UInt32) -> Bool {
        var place = home(hash)
        while let found = next(hash, &place) {
            if found == number { return true }
        }
        return false
    }

    func insert(_ hash: UInt32, _ number: UInt32) {
        var place = home(hash)
        while slots[place] != 0 { place = (place + 1) & (capacity - 1) }
        slots[place] = UInt64(hash) << 32 | UInt64(number)
        count += 1
    }

    /// Takes out a number that is there, and moves back those that had to step aside for it.
    func remove(_ hash: UInt32, _ number: UInt32) {
        let mask = capacity - 1
        var hole = home(hash)
        while slots[hole] != UInt64(hash) << 32 | UInt64(number) { hole = (hole + 1) & mask }
        var place = (hole + 1) & mask
        while slots[place] != 0 {
            let home = home(UInt32(truncatingIfNeeded: slots[place] >> 32))
            // It may fill the hole where its search passes by there.
            if (place - home) & mask >= (place - hole) & mask {
                slots[hole] = slots[place]
                hole = place
            }
            place = (place + 1) & mask
        }
        slots[hole] = 0
        count -= 1
    }

    func forEach(_ body: (_ hash: UInt32, _ number: UInt32) -> Void) {
        for place in 0..<capacity where slots[place] != 0 {
            body(UInt32(truncatingIfNeeded: slots[place] >> 32), UInt32(truncatingIfNeeded: slots[place]))
        }
    }

    /// A part of the same numbers that may be changed.
    func copy(capacity wanted: Int) -> NamePart {
        let copy = NamePart(capacity: wanted, depth: depth)
        if wanted == capacity {
            copy.slots.update(from: slots, count: capacity)
            copy.count = count
        } else {
            forEach { copy.insert($0, $1) }
        }
        return copy
    }

    /// Two parts by the next bit of the hashes.
    func split() -> (low: NamePart, high: NamePart) {
        let low = NamePart(capacity: capacity, depth: depth + 1)
        let high = NamePart(capacity: capacity, depth: depth + 1)
        let bit: UInt32 = 1 << (31 - depth)
        forEach { hash, number in (hash & bit == 0 ? low : high).insert(hash, number) }
        return (low, high)
    }
}
