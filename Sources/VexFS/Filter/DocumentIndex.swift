import Synchronization

/// Answers conditions on the documents' texts: a trigram index names the candidates, which are then looked at.
///
/// It is built from a scan over the texts at the first condition; rows that it has not seen are loaded when a condition
/// asks for them. Texts are kept in memory up to a limit, the others are loaded again to look at them; what a condition
/// found is remembered, so that asking again costs only what is new. Thread-safe; no lock is held while texts are loaded.
final class DocumentIndex: Sendable {
    /// What a condition found so far.
    private struct Finding {
        /// The texts that were decided, whether they meet the condition or not.
        var decided = 0
        var rows = RowBitmap()
        var lastUse = 0
    }

    private struct State {
        /// The rows that were looked for, whether they have a text or not.
        var covered = RowBitmap()
        /// The row of each text.
        var rows: [Row] = []
        var trigrams = TrigramIndex()
        var texts = TextArena()
        var findings: [StringCondition: Finding] = [:]
        var uses = 0
        /// How often the texts were numbered anew.
        var generation = 0
    }

    /// The texts that there were at a time.
    private struct Mark {
        var end: Int
        var generation: Int
    }

    /// Conditions whose answers are remembered.
    private static let maximumFindings = 32

    private let state = Mutex(State())

    /// Whether any text was taken in.
    var isEmpty: Bool { state.withLock { $0.covered.isEmpty } }

    /// The rows whose texts meet the condition, with or without others that are not in `live`.
    func rows(
        meeting condition: StringCondition, among live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> RowBitmap {
        try cover(live, source)
        let (known, open, mark) = state.withLock { state in Self.lookThrough(&state, condition) }
        guard !open.isEmpty else { return known }
        var found: [Row] = []
        try source.loadTexts(RowBitmap(open).intersection(live)) { row, text in
            if condition.isMet(by: text) { found.append(row) }
        }
        let rows = RowBitmap(found)
        // Texts outside `live` were not looked at, so only a whole answer is remembered.
        if RowBitmap(open).isSubset(of: live) {
            state.withLock { state in Self.remember(&state, condition, rows.union(known), mark) }
        }
        return rows.union(known)
    }

    private func cover(_ live: RowBitmap, _ source: some FilterSource) throws(VexFSError) {
        let missing = state.withLock { live.subtracting($0.covered) }
        guard !missing.isEmpty else { return }
        try source.loadTexts(missing) { row, text in
            state.withLock { state in
                // Another filter may have loaded it meanwhile.
                guard !state.covered.contains(row) else { return }
                state.covered.insert(row)
                state.rows.append(row)
                text.withBytes { bytes in
                    state.trigrams.append(bytes)
                    state.texts.append(bytes)
                }
            }
        }
        state.withLock { $0.covered.formUnion(missing) }
    }

    /// Decides the candidates whose texts are in memory.
    /// - Returns: The rows that meet the condition so far, those that have to be loaded, and which texts that is about.
    private static func lookThrough(
        _ state: inout State, _ condition: StringCondition
    ) -> (known: RowBitmap, open: [Row], mark: Mark) {
        let end = state.rows.count
        let mark = Mark(end: end, generation: state.generation)
        let finding = state.findings[condition] ?? Finding()
        var found: [Row] = []
        var open: [Row] = []
        if finding.decided < end {
            let check = StringCheck(condition)
            func look(_ text: Int) {
                if let isMet = state.texts.withText(text, check.isMet) {
                    if isMet { found.append(state.rows[text]) }
                } else {
                    open.append(state.rows[text])
                }
            }
            if let candidates = state.trigrams.candidates(for: condition) {
                candidates.forEach { if Int($0) >= finding.decided { look(Int($0)) } }
            } else {
                for text in finding.decided..<end { look(text) }
            }
        }
        let known = finding.rows.union(RowBitmap(found))
        if open.isEmpty { remember(&state, condition, known, mark) }
        return (known, open, mark)
    }

    private static func remember(_ state: inout State, _ condition: StringCondition, _ rows: RowBitmap, _ mark: Mark) {
        guard mark.generation == state.generation else { return }
        state.uses += 1
        state.findings[condition] = Finding(decided: mark.end, rows: rows, lastUse: state.uses)
        guard state.findings.count > maximumFindings else { return }
        if let oldest = state.findings.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
            state.findings[oldest] = nil
        }
    }

    /// Forgets rows that nobody is going to ask for any more. Their texts go with all others once they are the most.
    func remove(_ rows: RowBitmap) {
        state.withLock { state in
            let dead = state.rows.count { rows.contains($0) }
            // The rest is read again when it is asked for.
            if dead * 2 > state.rows.count {
                let generation = state.generation + 1
                state = State()
                state.generation = generation
            }
        }
    }
}

/// Texts one behind the other, up to a limit.
struct TextArena: Sendable {
    /// What is kept in memory, in bytes.
    private static var maximumBytes: Int { 128 << 20 }

    private var bytes: [UInt8] = []
    /// Where each text ends; a text that was not kept is nowhere.
    private var ends: [Int] = []

    /// Takes in the next text.
    mutating func append(_ text: UnsafeRawBufferPointer) {
        // The texts that are kept are the first ones.
        guard ends.count == count, bytes.count + text.count <= Self.maximumBytes else {
            count += 1
            return
        }
        count += 1
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }

    /// How many texts came.
    private var count = 0

    /// Calls the closure with a text, or returns nil where it was not kept.
    func withText<Result>(_ text: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard text < ends.count else { return nil }
        let start = text == 0 ? 0 : ends[text - 1]
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[text]])) }
    }
}

/// A condition made ready to be asked of many texts.
private struct StringCheck {
    private let condition: StringCondition
    private let part: [UInt8]
    private let tokens: TokenMatcher?
    private let words: FilterWords?

    init(_ condition: StringCondition) {
        self.condition = condition
        part = if case .substring(let part) = condition { Array(part.string.utf8) } else { [] }
        tokens = if case .tokens(let query) = condition { TokenMatcher(query) } else { nil }
        words = if case .words(let text) = condition { FilterWords(text) } else { nil }
    }

    func isMet(by text: UnsafeRawBufferPointer) -> Bool {
        switch condition {
        case .substring: part.withUnsafeBytes { text.contains($0) }
        case .expression(let expression): expression.matches(text)
        case .tokens: tokens?.matches(ByteString(String(decoding: text, as: UTF8.self))) ?? false
        case .words: words?.match(ByteString(String(decoding: text, as: UTF8.self))) ?? false
        case .prefix: condition.isMet(by: ByteString(String(decoding: text, as: UTF8.self)))
        }
    }
}

extension RowBitmap {
    /// The rows of both sets.
    func union(_ other: RowBitmap) -> RowBitmap {
        var rows = self
        rows.formUnion(other)
        return rows
    }
}
