/// The names of the files of one chunk, one behind the other.
///
/// Shared by copies of the table that has it, and lent by a mapped file, as ``TableChunk`` is. Names that were removed
/// leave garbage until ``TreeFiles`` writes the rest anew.
final class NameArena: @unchecked Sendable {
    // Written only by the one table that has it.

    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private let owner: AnyObject?
    /// Bytes in use, with the garbage.
    private(set) var count = 0
    /// Bytes of names that were removed.
    var garbage = 0

    init(capacity: Int = 32) {
        start = .allocate(capacity: capacity)
        self.capacity = capacity
        owner = nil
    }

    /// Uses the memory of an owner.
    init(lentBy owner: AnyObject, _ bytes: UnsafeRawBufferPointer) {
        self.owner = owner
        // An empty stretch has no address and is never read.
        start =
            bytes.baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) }
            ?? UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped
        count = bytes.count
        capacity = 0
    }

    deinit { if owner == nil { start.deallocate() } }

    /// Whether the memory is another's and must not be written.
    var isBorrowed: Bool { owner != nil }

    /// All bytes, valid while the arena lives and is not changed.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// The bytes of a name; none where they would lie outside.
    func name(at offset: UInt32, count length: UInt16) -> UnsafeRawBufferPointer {
        guard Int(offset) + Int(length) <= count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: start + Int(offset), count: Int(length))
    }

    func copy() -> NameArena {
        let copy = NameArena(capacity: count + count / 8 + 32)
        copy.start.initialize(from: start, count: count)
        (copy.count, copy.garbage) = (count, garbage)
        return copy
    }

    /// Adds a name and returns where it begins.
    func append(_ name: UnsafeRawBufferPointer) -> UInt32 {
        if count + name.count > capacity {
            let wanted = max(count + name.count, capacity + capacity / 2)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
            larger.initialize(from: start, count: count)
            start.deallocate()
            start = larger
            capacity = wanted
        }
        UnsafeMutableRawPointer(start + count).copyMemory(
            from: name.baseAddress ?? UnsafeRawPointer(start), byteCount: name.count)
        count += name.count
        return UInt32(count - name.count)
    }
}
