import Synchronization

/// The hashes of the documents' ids, for slices. Thread-safe; no lock is held while ids are loaded.
final class SliceIndex: Sendable {
    private struct State {
        /// The rows that were looked for.
        var covered = RowBitmap()
        /// The rows that have an id.
        var known = RowBitmap()
        /// By row.
        var hashes: [UInt64] = []
        /// How often everything was forgotten.
        var generation = 0
    }

    private let state = Mutex(State())

    /// The rows whose ids are in a slice. O(rows).
    func rows(
        in slice: DocumentSlice, among live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> RowBitmap {
        let (missing, generation) = state.withLock { (live.subtracting($0.covered), $0.generation) }
        if !missing.isEmpty {
            var loaded: [(row: Row, hash: UInt64)] = []
            try source.loadIdentifiers(missing) { row, id in loaded.append((row, DocumentSlice.hash(of: id))) }
            let isCurrent = state.withLock { state in
                guard state.generation == generation else { return false }
                for (row, hash) in loaded {
                    if state.hashes.count <= Int(row) {
                        state.hashes += [UInt64](repeating: 0, count: Int(row) + 1 - state.hashes.count)
                    }
                    state.hashes[Int(row)] = hash
                }
                state.known.insert(contentsOf: loaded.map(\.row))
                state.covered.formUnion(missing)
                return true
            }
            // A document got another id meanwhile.
            if !isCurrent { return try rows(in: slice, among: live, from: source) }
        }
        return state.withLock { state in
            var found: [Row] = []
            live.intersection(state.known).forEach { if slice.contains(state.hashes[Int($0)]) { found.append($0) } }
            return RowBitmap(found)
        }
    }

    /// Forgets all hashes, because documents have other ids now.
    func forgetAll() {
        state.withLock { state in
            let generation = state.generation + 1
            state = State()
            state.generation = generation
        }
    }

    /// Forgets rows that nobody is going to ask for any more.
    func remove(_ rows: RowBitmap) {
        state.withLock { state in
            state.covered.subtract(rows)
            state.known.subtract(rows)
        }
    }
}
