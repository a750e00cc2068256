import Synchronization

/// The ids of a collection's documents in order, kept from one page to the next.
///
/// Rows that it has not seen are asked for and sorted in; rows that are gone stay until the next large merge and are
/// passed over. About 32 bytes for each row, from the first page on. Thread-safe.
final class IdentifierOrder: Sendable {
    private struct Entry {
        var id: PointIdentifier
        var row: Row
    }

    private struct State {
        /// Counts the renames that the entries know of.
        var names: UInt64 = 0
        var covered = RowBitmap()
        /// Most entries, in order.
        var base: [Entry] = []
        /// Those that came since, in order.
        var recent: [Entry] = []
    }

    private let state = Mutex(State())

    /// What a page is made of.
    struct Request {
        /// The id to begin with.
        var start: PointIdentifier?
        var limit: Int
        /// The rows that may be on the page.
        var rows: RowBitmap
        /// All rows that are there.
        var live: RowBitmap
        /// Counts the renames.
        var names: UInt64
    }

    /// Rows of a page in the order of their ids; `identify` tells the ids of rows. O(page) where most rows may be on it
    /// and no new ones came; few rows are sorted by themselves.
    func page(
        _ request: Request, identify: ([Row]) -> [PointIdentifier?]
    ) -> [(id: PointIdentifier, row: Row)] {
        if request.rows.count < 1024 || request.rows.count < request.live.count / 16 {
            return Self.sorted(request.rows, identify)
                .lazy.filter { entry in request.start.map { entry.id >= $0 } ?? true }
                .prefix(request.limit).map { (id: $0.id, row: $0.row) }
        }
        return state.withLock { state in
            Self.update(&state, request, identify)
            return Self.walk(state, request)
        }
    }

    private static func sorted(_ rows: RowBitmap, _ identify: ([Row]) -> [PointIdentifier?]) -> [Entry] {
        let wanted = rows.rows
        var entries: [Entry] = []
        entries.reserveCapacity(wanted.count)
        for (row, id) in zip(wanted, identify(wanted)) { if let id { entries.append(Entry(id: id, row: row)) } }
        return entries.sorted { $0.id < $1.id }
    }

    private static func update(_ state: inout State, _ request: Request, _ identify: ([Row]) -> [PointIdentifier?]) {
        if state.names != request.names {
            state = State()
            state.names = request.names
        }
        let missing = request.rows.subtracting(state.covered)
        guard !missing.isEmpty else { return }
        state.recent = merged(state.recent, sorted(missing, identify), live: request.live)
        state.covered.formUnion(missing)
        // Merged so seldom that each entry is moved a few times in all.
        if state.recent.count > 1024 + state.base.count / 4 {
            state.base = merged(state.base, state.recent, live: request.live)
            state.recent = []
        }
    }

    private static func merged(_ left: [Entry], _ right: [Entry], live: RowBitmap) -> [Entry] {
        var result: [Entry] = []
        result.reserveCapacity(left.count + right.count)
        var (first, second) = (left.startIndex, right.startIndex)
        while first < left.endIndex || second < right.endIndex {
            let takesLeft = second == right.endIndex || first < left.endIndex && left[first].id <= right[second].id
            let entry = takesLeft ? left[first] : right[second]
            if takesLeft { first += 1 } else { second += 1 }
            if live.contains(entry.row) { result.append(entry) }
        }
        return result
    }

    private static func walk(_ state: State, _ request: Request) -> [(id: PointIdentifier, row: Row)] {
        var (first, second) = (place(of: request.start, in: state.base), place(of: request.start, in: state.recent))
        var found: [(id: PointIdentifier, row: Row)] = []
        while found.count < request.limit, first < state.base.count || second < state.recent.count {
            let takesBase =
                second == state.recent.count
                || first < state.base.count && state.base[first].id <= state.recent[second].id
            let entry = takesBase ? state.base[first] : state.recent[second]
            if takesBase { first += 1 } else { second += 1 }
            if request.rows.contains(entry.row) { found.append((entry.id, entry.row)) }
        }
        return found
    }

    /// The place of the first entry that is not before an id.
    private static func place(of start: PointIdentifier?, in entries: [Entry]) -> Int {
        guard let start else { return 0 }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < start { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
