import Glibc

/// Elements in memory of their own that threads share by agreement: each writes what the others don't touch.
///
/// Contract of the pointer: `count` elements, all zero bits at first, never moved, freed in `deinit`. Whoever takes
/// the pointer keeps the object alive meanwhile.
final class GraphMemory<Element: BitwiseCopyable>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    /// Memory that the system provides when it is first touched. Aligned to 64 bytes.
    /// - Throws: `outOfMemory` where the system promises none.
    init(count: Int) throws(VexFSError) {
        self.count = count
        let byteCount = max(64, count * MemoryLayout<Element>.stride)
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw VexFSError(.outOfMemory, "the system has no \(byteCount) bytes of memory for an index")
        }
        base = memory.bindMemory(to: Element.self, capacity: count)
    }

    convenience init(_ elements: [Element]) throws(VexFSError) {
        try self.init(count: elements.count)
        for (index, element) in elements.enumerated() { base[index] = element }
    }

    deinit { munmap(base, max(64, byteCount)) }

    var byteCount: Int { count * MemoryLayout<Element>.stride }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

    func fill(with element: Element) { base.update(repeating: element, count: count) }

    /// Asks for large pages: random reads all over the memory then miss the address cache far less often.
    func preferLargePages() { madvise(base, max(64, byteCount), MADV_HUGEPAGE) }
}
