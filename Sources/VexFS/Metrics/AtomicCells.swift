import Synchronization

/// A fixed row of atomic integers.
///
/// `Atomic` cannot be an array's element, so the cells live in memory of their own. Contract of the pointer:
/// allocated and initialised for `count` cells in `init`, never moved, freed in `deinit`; every index is checked.
final class AtomicCells: @unchecked Sendable {
    // @unchecked: the pointer never changes after init and what it points to is only ever used atomically.
    private let cells: UnsafeMutablePointer<Atomic<Int>>
    private let count: Int

    init(count: Int) {
        self.count = count
        cells = .allocate(capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: count)
        cells.deallocate()
    }

    func add(_ amount: Int, at index: Int) {
        precondition(index >= 0 && index < count)
        // Wrapping: a counter that overflows after 292 000 years of microseconds must not stop a mount.
        cells[index].wrappingAdd(amount, ordering: .relaxed)
    }

    func load(at index: Int) -> Int {
        precondition(index >= 0 && index < count)
        return cells[index].load(ordering: .relaxed)
    }
}
