import Synchronization
import VexFS

/// The content of an open scratch file, which all its handles read and write.
final class ScratchBuffer: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isLoaded = false
        var generation = 0
        var committedGeneration = 0
        var modified: Int64 = 0
    }

    private let state = Mutex(State())
    private let budget: DraftBudget
    /// Held across a commit, so that commits happen in the order of the changes.
    let committing = Mutex(())

    init(budget: DraftBudget) { self.budget = budget }

    deinit { budget.giveBack(state.withLock { $0.bytes.count }) }

    /// Whether the content is here; otherwise it is the committed version.
    var isLoaded: Bool { state.withLock { $0.isLoaded } }

    /// The size and time of content that is not committed yet, or nil.
    var uncommitted: (size: Int, modified: Int64)? {
        state.withLock { $0.generation != $0.committedGeneration ? ($0.bytes.count, $0.modified) : nil }
    }

    /// Takes over the committed content, to be changed.
    func load(_ content: [UInt8]) throws(VexFSError) {
        try state.withLock { (state) throws(VexFSError) in
            guard !state.isLoaded else { return }
            try budget.take(content.count)
            state.bytes = content
            state.isLoaded = true
        }
    }

    /// Empties the file.
    func truncate() {
        state.withLock { state in
            budget.giveBack(state.bytes.count)
            state.bytes = []
            state.isLoaded = true
            Self.change(&state)
        }
    }

    /// Puts bytes at an offset (nil: at the end), filling a gap with zeros. The content must be loaded.
    /// - Throws: `documentTooLarge`, `quotaExceeded`.
    func write(_ data: UnsafeRawBufferPointer, at requested: Int?) throws(VexFSError) {
        try state.withLock { (state) throws(VexFSError) in
            let offset = requested ?? state.bytes.count
            try Self.grow(&state, to: offset + data.count, budget)
            state.bytes.withUnsafeMutableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + data.count]).copyMemory(from: data)
            }
            Self.change(&state)
        }
    }

    /// Cuts the file or fills it up with zeros. The content must be loaded.
    /// - Throws: `documentTooLarge`, `quotaExceeded`.
    func resize(to count: Int) throws(VexFSError) {
        try state.withLock { (state) throws(VexFSError) in
            if count < state.bytes.count {
                budget.giveBack(state.bytes.count - count)
                state.bytes.removeSubrange(count...)
            } else {
                try Self.grow(&state, to: count, budget)
            }
            Self.change(&state)
        }
    }

    /// Gives the content another time.
    func setModified(_ modified: Int64) { state.withLock { $0.modified = modified } }

    /// Runs `body` with the content when it is here; it must not wait for anything but the kernel's copy.
    func withBytes(_ body: ([UInt8]) -> Void) -> Bool {
        state.withLock { state in
            if state.isLoaded { body(state.bytes) }
            return state.isLoaded
        }
    }

    /// What a commit has to store, or nil when nothing changed since the last one.
    func changes() -> (bytes: [UInt8], modified: Int64, generation: Int)? {
        state.withLock { state in
            state.generation != state.committedGeneration ? (state.bytes, state.modified, state.generation) : nil
        }
    }

    /// Notes that the content as of `generation` is committed.
    func committed(generation: Int) {
        state.withLock { $0.committedGeneration = max($0.committedGeneration, generation) }
    }

    private static func change(_ state: inout State) {
        state.generation += 1
        state.modified = Clock.now()
    }

    private static func grow(_ state: inout State, to count: Int, _ budget: DraftBudget) throws(VexFSError) {
        guard count > state.bytes.count else { return }
        guard count <= DraftBudget.scratchBytesMax else {
            throw VexFSError(
                .documentTooLarge, "a scratch file holds at the most \(DraftBudget.scratchBytesMax >> 20) MiB")
        }
        try budget.take(count - state.bytes.count)
        state.bytes.append(contentsOf: repeatElement(0, count: count - state.bytes.count))
    }
}
