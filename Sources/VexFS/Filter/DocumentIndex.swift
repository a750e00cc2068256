import Synchronization

/// Answers conditions on the documents' texts: a trigram index names the candidates, which are then looked at.
///
/// It is built from a scan over the texts at the first condition; rows that it has not seen are loaded when a condition
/// asks for them. Texts are kept in memory up to a limit, the others are loaded again to look at them; what a condition
/// found is remembered, so that asking again costs only what is new. Thread-safe; no lock is held while texts are
/// loaded.
final class DocumentIndex: Sendable {
    /// What a condition found so far.
    private struct Finding {
        /// The first text that was not looked for.
        var end = 0
        /// The texts before it that may meet the condition and were not looked at.
        var open: [Int] = []
        /// The rows whose texts meet it.
        var rows = RowBitmap()
        var lastUse = 0
    }

    private struct State {
        /// The rows that were looked for, whether they have a text or not.
        var covered = RowBitmap()
        /// The row of each text.
        var rows: [Row] = []
        var trigrams = TrigramIndex()
        var texts: TextArena
        var findings: [StringCondition: Finding] = [:]
        var uses = 0
        /// How often the texts were numbered anew.
        var generation = 0

        init(textBytes: Int) { texts = TextArena(capacity: textBytes) }
    }

    /// Conditions whose answers are remembered.
    private static let maximumFindings = 32

    private let state: Mutex<State>
    private let textBytes: Int
    private let isAskedFor = Atomic<Bool>(false)

    /// Whether a condition asked for it since the store was opened.
    var isAsked: Bool { isAskedFor.load(ordering: .relaxed) }

    /// Creates an index without texts.
    /// - Parameter textBytes: How much of the texts is kept in memory.
    init(textBytes: Int = 128 << 20) {
        self.textBytes = textBytes
        state = Mutex(State(textBytes: textBytes))
    }

    /// The rows whose texts meet the condition, with or without others that are not in `live`.
    func rows(
        meeting condition: StringCondition, among live: RowBitmap, from source: some FilterSource
    ) throws(VexFSError) -> RowBitmap {
        isAskedFor.store(true, ordering: .relaxed)
        let generation = try cover(live, source)
        let looked: (known: RowBitmap, open: RowBitmap)? = state.withLock { state in
            guard state.generation == generation else { return nil }
            let finding = Self.lookThrough(&state, condition)
            return (finding.rows, RowBitmap(finding.open.map { state.rows[$0] }))
        }
        // Everything was forgotten since it was loaded, or while it was.
        guard let (known, open) = looked else {
            return try rows(meeting: condition, among: live, from: source)
        }
        let missing = open.intersection(live)
        guard !missing.isEmpty else { return known }
        var found: [Row] = []
        let check = StringCheck(condition)
        try source.loadTexts(missing) { row, text in if text.withBytes(check.isMet) { found.append(row) } }
        let rows = known.union(RowBitmap(found))
        state.withLock { state in
            guard state.generation == generation, var finding = state.findings[condition] else { return }
            finding.open.removeAll { missing.contains(state.rows[$0]) }
            finding.rows.formUnion(rows)
            state.findings[condition] = finding
        }
        return rows
    }

    /// Makes sure that the rows were looked for.
    /// - Returns: the generation that they are in.
    @discardableResult
    func cover(_ live: RowBitmap, _ source: some FilterSource) throws(VexFSError) -> Int {
        let (missing, generation) = state.withLock { (live.subtracting($0.covered), $0.generation) }
        guard !missing.isEmpty else { return generation }
        try source.loadTexts(missing) { row, text in
            state.withLock { state in
                // Another filter may have loaded it meanwhile.
                guard state.generation == generation, !state.covered.contains(row) else { return }
                state.covered.insert(row)
                state.rows.append(row)
                text.withBytes { bytes in
                    state.trigrams.append(bytes)
                    state.texts.append(bytes)
                }
            }
        }
        // Rows without a text are known now. Those that are gone may be a snapshot's, which finds their texts.
        let there = source.present(missing)
        state.withLock { if $0.generation == generation { $0.covered.formUnion(there) } }
        return generation
    }

    /// Decides the candidates whose texts are in memory, and remembers what came out.
    private static func lookThrough(_ state: inout State, _ condition: StringCondition) -> Finding {
        let end = state.rows.count
        var finding = state.findings[condition] ?? Finding()
        if finding.end < end {
            let check = StringCheck(condition)
            var found: [Row] = []
            func look(_ text: Int) {
                if let isMet = state.texts.withText(text, check.isMet) {
                    if isMet { found.append(state.rows[text]) }
                } else {
                    finding.open.append(text)
                }
            }
            if let candidates = state.trigrams.candidates(for: condition) {
                candidates.forEach { if Int($0) >= finding.end { look(Int($0)) } }
            } else {
                for text in finding.end..<end { look(text) }
            }
            finding.end = end
            finding.rows.formUnion(RowBitmap(found))
        }
        state.uses += 1
        finding.lastUse = state.uses
        state.findings[condition] = finding
        if state.findings.count > maximumFindings,
            let oldest = state.findings.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            state.findings[oldest] = nil
        }
        return finding
    }

    /// Forgets rows that nobody is going to ask for any more. Their texts go with all others once they are the most.
    func remove(_ rows: RowBitmap) {
        state.withLock { state in
            let dead = state.rows.count { rows.contains($0) }
            // The rest is read again when it is asked for.
            if dead * 2 > state.rows.count {
                let generation = state.generation + 1
                state = State(textBytes: textBytes)
                state.generation = generation
            }
        }
    }
}

/// Texts one behind the other, up to a limit.
struct TextArena: Sendable {
    private let capacity: Int
    private var bytes: [UInt8] = []
    /// Where each text ends; a text that was not kept is nowhere.
    private var ends: [Int] = []

    /// How many texts came.
    private var count = 0

    /// - Parameter capacity: The most bytes.
    init(capacity: Int) { self.capacity = capacity }

    /// Takes in the next text.
    mutating func append(_ text: UnsafeRawBufferPointer) {
        // The texts that are kept are the first ones.
        guard ends.count == count, bytes.count + text.count <= capacity else {
            count += 1
            return
        }
        count += 1
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }

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
        tokens = if case .tokens(let query) = condition { TokenMatcher.prepared(query) } else { nil }
        words = if case .words(let text) = condition { FilterWords(text.string) } else { nil }
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
