import Synchronization

/// Remembers which rows have an element that matches a filter by itself, which no column can tell: columns name the
/// candidates, and their metadata decides. Thread-safe; no lock is held while metadata is loaded.
final class ElementFindings: Sendable {
    private struct Finding {
        /// The rows that were decided, whether they match or not.
        var decided = RowBitmap()
        var rows = RowBitmap()
        var lastUse = 0
    }

    private let state = Mutex((findings: [Filter: Finding](), uses: 0))

    /// Filters whose answers are remembered.
    private static let maximumFindings = 32

    /// The rows of `live` that match.
    /// - Parameter candidates: The rows of `live` that may match.
    func rows(
        matching filter: Filter, among candidates: RowBitmap, of live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> RowBitmap {
        let known = state.withLock { $0.findings[filter] } ?? Finding()
        let open = candidates.subtracting(known.decided)
        var found: [Row] = []
        // A row that is gone meanwhile is not handed over, and a snapshot may ask for it.
        var undecided = open
        if !open.isEmpty {
            let keys: [ByteString]? = if case .nested(let path, _) = filter { path.firstKeys } else { nil }
            try source.loadPayloads(open, keeping: keys) { row, payload in
                undecided.remove(row)
                if filter.matches(payload) { found.append(row) }
            }
        }
        let rows = RowBitmap(found)
        state.withLock { state in
            state.uses += 1
            var finding = state.findings[filter] ?? Finding()
            finding.decided.formUnion(live.subtracting(undecided))
            // What was known before may be remembered no more, and is decided all the same.
            finding.rows.formUnion(known.rows)
            finding.rows.formUnion(rows)
            finding.lastUse = state.uses
            state.findings[filter] = finding
            guard state.findings.count > Self.maximumFindings else { return }
            if let oldest = state.findings.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
                state.findings[oldest] = nil
            }
        }
        return known.rows.union(rows).intersection(live)
    }

    /// Forgets rows that nobody is going to ask for any more.
    func remove(_ rows: RowBitmap) {
        state.withLock { state in
            for filter in Array(state.findings.keys) {
                state.findings[filter]?.decided.subtract(rows)
                state.findings[filter]?.rows.subtract(rows)
            }
        }
    }
}
