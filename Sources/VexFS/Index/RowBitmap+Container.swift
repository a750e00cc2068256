import CVexKernels

extension RowBitmap {
    /// 65 536 consecutive rows of a set, at least one of them in it: as an ascending list of up to 4096 numbers of 16
    /// bits, or as bits (the containers of Chambi, Lemire, Kaser and Godin, "Better bitmap performance with Roaring
    /// bitmaps", arXiv 1402.6407). All rows are ``full``, whose bits everyone shares.
    ///
    /// Contract: whoever mutates a container holds the only reference to it; any number of threads may read.
    final class Container: @unchecked Sendable {
        /// Rows of a container.
        static var rowCount: Int { 1 << 16 }
        /// Words of a container's bits.
        static var wordCount: Int { 1 << 10 }
        /// The most rows of a list, from which on it would be larger than the bits.
        static var listLimit: Int { 1 << 12 }
        /// The fewest rows that bits keep as the result of an operation: more are faster as bits, if larger.
        static var bitsMinimum: Int { 1 << 9 }

        /// How many rows are in; set by the operations in the extensions.
        fileprivate(set) var count: Int
        /// Numbers that the list has room for; 0 where the memory holds bits.
        private var capacity: Int
        private var memory: UnsafeMutableRawPointer

        /// An empty list.
        init(listCapacity: Int) {
            count = 0
            capacity = max(4, listCapacity)
            memory = Self.allocateList(capacity)
        }

        /// A list of ascending numbers.
        init(ascending places: UnsafeBufferPointer<UInt16>) {
            count = places.count
            capacity = max(4, places.count)
            memory = Self.allocateList(capacity)
            if let base = places.baseAddress { list.initialize(from: base, count: count) }
        }

        /// Memory for a list, with the slack that the kernels ask for.
        private static func allocateList(_ capacity: Int) -> UnsafeMutableRawPointer {
            .allocate(byteCount: (capacity + Int(VEXFS_LIST_SLACK)) * 2, alignment: 64)
        }

        /// Bits, not initialised: the caller writes all of them and then sets the count.
        fileprivate init(bitsCount: Int) {
            count = bitsCount
            capacity = 0
            memory = .allocate(byteCount: Self.wordCount * 8, alignment: 64)
        }

        /// No rows, as bits.
        static func emptyBits() -> Container {
            let container = Container(bitsCount: 0)
            container.bits.initialize(repeating: 0, count: wordCount)
            return container
        }

        /// Bits copied from up to ``wordCount`` words; the rest is 0.
        init(words: UnsafeBufferPointer<UInt64>) {
            count = 0
            capacity = 0
            memory = .allocate(byteCount: Self.wordCount * 8, alignment: 64)
            bits.initialize(repeating: 0, count: Self.wordCount)
            if let base = words.baseAddress { count = vexfs_bits_or(bits, bits, base, words.count) }
        }

        /// No rows, as bits that everyone shares: what stands for a container that is not there.
        static let none = emptyBits()

        /// All rows.
        static let full: Container = {
            let container = Container(bitsCount: rowCount)
            container.bits.initialize(repeating: ~0, count: wordCount)
            return container
        }()

        deinit { memory.deallocate() }

        var isList: Bool { capacity > 0 }
        var isFull: Bool { count == Self.rowCount }
        /// The list's numbers; only where ``isList``.
        var list: UnsafeMutablePointer<UInt16> { memory.assumingMemoryBound(to: UInt16.self) }
        /// The words; only where not ``isList``.
        var bits: UnsafeMutablePointer<UInt64> { memory.assumingMemoryBound(to: UInt64.self) }
        /// Bytes that are allocated.
        var allocatedBytes: Int { (isList ? capacity * 2 : Self.wordCount * 8) + 48 }

        /// The same rows in memory of their own.
        func copy() -> Container {
            guard isList else {
                let copy = Container(bitsCount: count)
                copy.bits.initialize(from: bits, count: Self.wordCount)
                return copy
            }
            let copy = Container(listCapacity: count + count / 8)
            copy.list.initialize(from: list, count: count)
            copy.count = count
            return copy
        }

        func contains(_ place: UInt16) -> Bool {
            if !isList { return bits[Int(place >> 6)] >> UInt64(place & 63) & 1 != 0 }
            let index = vexfs_list_place(list, count, place)
            return index < count && list[index] == place
        }

        /// Adds a row; whether it was not in.
        func insert(_ place: UInt16) -> Bool {
            guard isList else {
                let bit: UInt64 = 1 << UInt64(place & 63)
                guard bits[Int(place >> 6)] & bit == 0 else { return false }
                bits[Int(place >> 6)] |= bit
                count += 1
                return true
            }
            let isLast = count == 0 || list[count - 1] < place
            let index = isLast ? count : vexfs_list_place(list, count, place)
            if index < count, list[index] == place { return false }
            guard count < Self.listLimit else {
                becomeBits()
                return insert(place)
            }
            if count == capacity { grow(to: min(Self.listLimit, capacity * 2)) }
            (list + index + 1).update(from: list + index, count: count - index)
            list[index] = place
            count += 1
            return true
        }

        /// Takes a row out; whether it was in.
        func remove(_ place: UInt16) -> Bool {
            guard isList else {
                let bit: UInt64 = 1 << UInt64(place & 63)
                guard bits[Int(place >> 6)] & bit != 0 else { return false }
                bits[Int(place >> 6)] &= ~bit
                count -= 1
                if count < Self.bitsMinimum { becomeList() }
                return true
            }
            let index = vexfs_list_place(list, count, place)
            guard index < count, list[index] == place else { return false }
            (list + index).update(from: list + index + 1, count: count - index - 1)
            count -= 1
            return true
        }

        /// Adds rows in any order.
        func formUnion(_ places: UnsafeBufferPointer<UInt16>) {
            becomeBits()
            if let base = places.baseAddress { count += vexfs_bits_set(bits, base, places.count) }
        }

        /// Adds all rows of `other`.
        func formUnion(_ other: Container) {
            if other.isList, isList, count + other.count < Self.bitsMinimum {
                let target = Self.allocateList(count + other.count)
                let united = vexfs_list_or(
                    target.assumingMemoryBound(to: UInt16.self), list, count, other.list, other.count)
                memory.deallocate()
                (memory, capacity, count) = (target, count + other.count, united)
                return
            }
            becomeBits()
            if other.isList {
                count += vexfs_bits_set(bits, other.list, other.count)
            } else {
                count = vexfs_bits_or(bits, bits, other.bits, Self.wordCount)
            }
        }

        /// Makes bits of a list.
        func becomeBits() {
            guard isList else { return }
            let target = UnsafeMutableRawPointer.allocate(byteCount: Self.wordCount * 8, alignment: 64)
            target.initializeMemory(as: UInt64.self, repeating: 0, count: Self.wordCount)
            _ = vexfs_bits_set(target.assumingMemoryBound(to: UInt64.self), list, count)
            memory.deallocate()
            (memory, capacity) = (target, 0)
        }

        private func becomeList() {
            let room = max(4, count)
            let target = Self.allocateList(room)
            _ = vexfs_bits_list(target.assumingMemoryBound(to: UInt16.self), bits, Self.wordCount)
            memory.deallocate()
            (memory, capacity) = (target, room)
        }

        private func grow(to room: Int) {
            let target = Self.allocateList(room)
            target.copyMemory(from: memory, byteCount: count * 2)
            memory.deallocate()
            (memory, capacity) = (target, room)
        }

        /// The container in its form: nil without rows, the shared one with all, a list where few are in.
        func settled(listLimit: Int = bitsMinimum - 1) -> Container? {
            if count == 0 { return nil }
            if isFull { return .full }
            if !isList, count <= listLimit { becomeList() }
            return self
        }
    }
}

/// Operations on two containers, which leave both as they are. A result without rows is nil.
extension RowBitmap.Container {
    typealias Container = RowBitmap.Container

    static func intersection(_ left: Container, _ right: Container) -> Container? {
        if left === right || right.isFull { return left }
        if left.isFull { return right }
        if !left.isList, !right.isList {
            let result = Container(bitsCount: 0)
            result.count = vexfs_bits_and(result.bits, left.bits, right.bits, wordCount)
            return result.settled()
        }
        let (listed, other) = left.isList ? (left, right) : (right, left)
        let room = other.isList ? min(listed.count, other.count) : listed.count
        let result = Container(listCapacity: room)
        result.count =
            other.isList
            ? vexfs_list_and(result.list, listed.list, listed.count, other.list, other.count)
            : vexfs_list_filter(result.list, listed.list, listed.count, other.bits, 1)
        return result.settled()
    }

    static func subtraction(_ left: Container, _ right: Container) -> Container? {
        if left === right || right.isFull { return nil }
        if left.isList {
            let result = Container(listCapacity: left.count)
            result.count =
                right.isList
                ? vexfs_list_and_not(result.list, left.list, left.count, right.list, right.count)
                : vexfs_list_filter(result.list, left.list, left.count, right.bits, 0)
            return result.settled()
        }
        if right.isList {
            let result = left.copy()
            result.count -= vexfs_bits_clear(result.bits, right.list, right.count)
            return result.settled()
        }
        let result = Container(bitsCount: 0)
        result.count = vexfs_bits_and_not(result.bits, left.bits, right.bits, wordCount)
        return result.settled()
    }

    static func intersectionCount(_ left: Container, _ right: Container) -> Int {
        if left === right || right.isFull { return left.count }
        if left.isFull { return right.count }
        if !left.isList, !right.isList { return vexfs_bits_and_count(left.bits, right.bits, wordCount) }
        let (listed, other) = left.isList ? (left, right) : (right, left)
        guard other.isList else { return vexfs_list_count(listed.list, listed.count, other.bits) }
        let capacity = min(listed.count, other.count) + Int(VEXFS_LIST_SLACK)
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: capacity) { room in
            // A container has at least one row, so there is an address.
            room.baseAddress.map { vexfs_list_and($0, listed.list, listed.count, other.list, other.count) } ?? 0
        }
    }

    /// Whether all rows of `self` are in `other`.
    func isSubset(of other: Container) -> Bool {
        if self === other || other.isFull { return true }
        if count > other.count { return false }
        if !isList, !other.isList { return vexfs_bits_within(bits, other.bits, Self.wordCount) != 0 }
        return Self.intersectionCount(self, other) == count
    }
}

/// Looking at the rows of a container in order.
extension RowBitmap.Container {
    /// The `index`-th row; there are more than `index`.
    func place(at index: Int) -> Int {
        if isList { return Int(list[index]) }
        var rest = index
        var word = 0
        while bits[word].nonzeroBitCount <= rest {
            rest -= bits[word].nonzeroBitCount
            word += 1
        }
        var value = bits[word]
        for _ in 0..<rest { value &= value - 1 }
        return word * 64 + value.trailingZeroBitCount
    }

    /// How many rows are below `place`, which is at most ``rowCount``.
    func count(below place: Int) -> Int {
        if place == Self.rowCount { return count }
        if isList { return vexfs_list_place(list, count, UInt16(place)) }
        let words = place >> 6
        let partial = bits[words] & (1 << UInt64(place & 63) - 1)
        return vexfs_bits_and_count(bits, bits, words) + partial.nonzeroBitCount
    }

    /// Calls `body` with every maximal run of rows within `range`, ascending.
    func forEachRun(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        if isFull { return body(range) }
        if isList {
            var index = count(below: range.lowerBound)
            while index < count, Int(list[index]) < range.upperBound {
                let start = Int(list[index])
                var end = start + 1
                index += 1
                while index < count, Int(list[index]) == end, end < range.upperBound {
                    end += 1
                    index += 1
                }
                body(start..<end)
            }
            return
        }
        var place = range.lowerBound
        while let start = firstPlace(in: true, from: place, below: range.upperBound) {
            place = firstPlace(in: false, from: start, below: range.upperBound) ?? range.upperBound
            body(start..<place)
        }
    }

    /// The first place from `place` on whose bit is as asked, or nil where there is none below `end`.
    private func firstPlace(in wanted: Bool, from place: Int, below end: Int) -> Int? {
        guard place < end else { return nil }
        let flip: UInt64 = wanted ? 0 : ~0
        var index = place >> 6
        var word = (bits[index] ^ flip) & (~0 << UInt64(place & 63))
        while word == 0 {
            index += 1
            guard index << 6 < end else { return nil }
            word = bits[index] ^ flip
        }
        let found = index << 6 + word.trailingZeroBitCount
        return found < end ? found : nil
    }
}
