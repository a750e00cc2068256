import VexFS

/// What one handle has written and not yet committed. A value without I/O: the rules of drafts are all here.
///
/// A draft begins as the committed content (loaded at the first change) or, after O_TRUNC, as nothing. It is committed
/// when a flush finds it dirty. A truncation alone is not a change yet, because shells flush between opening and
/// writing: it counts from the second clean flush on, or at the release.
struct Draft: Sendable {
    /// What a flush, an fsync or a release has to do.
    enum Decision {
        /// Nothing changed since the last commit.
        case nothing
        /// Commit these bytes; `generation` goes back to ``committed(generation:)``.
        case commit(bytes: [UInt8], parsed: ParsedDocument?, generation: Int)
        /// The content was refused before, and nothing changed since.
        case refuse(VexFSError)
    }

    /// What has become of a write.
    enum Verdict: Equatable {
        /// The bytes are in the draft; it cannot or need not be judged yet.
        case accepted
        /// The bytes are in the draft, and it is one whole JSON object, or looks like one: it is worth a check.
        case complete
        /// The bytes are not in the draft: no continuation can make it valid.
        case invalid(offset: Int, reason: String)
    }

    /// The content, once it is loaded.
    private(set) var bytes: [UInt8] = []
    /// Whether ``bytes`` is the content of this handle; otherwise it is the committed version.
    private(set) var isLoaded: Bool
    /// Counts changes, so that a commit knows whether the draft moved on meanwhile.
    private(set) var generation = 0
    private var committedGeneration = 0
    /// Clean flushes since an open that truncated; nil when there is no such truncation.
    private var flushesSinceTruncation: Int?
    /// Whether the file was made by this handle and never committed.
    private var isNew: Bool
    /// Judges JSON as it arrives; nil once bytes arrived out of order, and for what is not JSON.
    private var scanner: JSONScanner?
    private let isJSON: Bool
    /// The document behind the last verdict ``Verdict/complete``, when it was checked.
    private var parsed: ParsedDocument?
    private var refusal: (error: VexFSError, generation: Int)?
    /// Whether the scanner has not seen the bytes, because a check is to judge them.
    private var isUnscanned = false
    /// How much of the draft is the committed version that it began with, and which, as long as nothing but appending
    /// was done: what was appended can then be put behind a newer version too.
    var appendBase: (count: Int, version: UInt64)?
    /// How long the draft was before the last append, and what the scanner knew then.
    private var beforeAppend: (count: Int, scanner: JSONScanner)?

    /// Begins a draft.
    init(isJSON: Bool, isNew: Bool, isTruncated: Bool) {
        self.isJSON = isJSON
        self.isNew = isNew
        isLoaded = isNew || isTruncated
        flushesSinceTruncation = isTruncated && !isNew ? 0 : nil
        scanner = isJSON && isLoaded ? JSONScanner() : nil
    }

    /// Whether there are changes that no commit has seen.
    var isDirty: Bool { generation != committedGeneration }
    /// Whether the file was made by this handle, so that even a clean flush has to keep it.
    var mustCommit: Bool { isNew }
    /// Whether `stat` shows this draft instead of the committed version.
    var isVisible: Bool { isDirty || flushesSinceTruncation != nil }

    /// Whether a commit has nothing left to do but to write: a small document, checked, with a vector of its own.
    var isQuickToCommit: Bool { parsed?.vector != nil && bytes.count <= DocumentHandle.quickBytesMax }

    /// Takes over the committed content, to be changed. Does nothing when the draft is loaded.
    mutating func load(_ content: [UInt8], version: UInt64? = nil) {
        guard !isLoaded else { return }
        bytes = content
        appendBase = version.map { (content.count, $0) }
        isLoaded = true
        // What begins empty can be judged as it arrives: shells flush a new file before they write to it.
        scanner = isJSON && content.isEmpty ? JSONScanner() : nil
    }

    /// Puts bytes at an offset, filling a gap with zeros.
    mutating func write(_ data: UnsafeRawBufferPointer, at offset: Int) -> Verdict {
        precondition(isLoaded)
        var verdict = Verdict.accepted
        if isUnscanned { _ = verdictAfterRefusal() }
        if offset == bytes.count, offset == 0, scanner != nil, Self.mayBeWhole(data) {
            // Most documents arrive in one write. The parser that reads them judges them too: scanning them first would
            // be work done twice, so the scanner is asked only when the parser refuses.
            verdict = .complete
            beforeAppend = scanner.map { (0, $0) }
            isUnscanned = true
        } else if offset == bytes.count, var next = scanner {
            switch next.feed(data) {
            case .invalid(let offset, let reason): return .invalid(offset: offset, reason: reason)
            case .complete: verdict = .complete
            case .incomplete: break
            }
            beforeAppend = scanner.map { (bytes.count, $0) }
            scanner = next
        } else {
            scanner = nil
            beforeAppend = nil
        }
        change()
        if offset >= bytes.count {
            if offset > bytes.count { bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count)) }
            bytes.append(contentsOf: data)
        } else {
            let end = min(bytes.count, offset + data.count)
            bytes.replaceSubrange(offset..<end, with: data)
        }
        return verdict
    }

    /// Whether bytes end like an object does.
    private static func mayBeWhole(_ data: UnsafeRawBufferPointer) -> Bool {
        data.last { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } == UInt8(ascii: "}")
    }

    /// What the bytes are after a check refused them: the beginning of a document, a whole one, or no document at all.
    mutating func verdictAfterRefusal() -> Verdict {
        guard isUnscanned else { return .complete }
        isUnscanned = false
        var next = JSONScanner()
        let verdict = next.feed(bytes)
        scanner = next
        switch verdict {
        case .incomplete: return .accepted
        case .complete: return .complete
        case .invalid(let offset, let reason): return .invalid(offset: offset, reason: reason)
        }
    }

    /// Cuts the draft or fills it up with zeros.
    mutating func resize(to count: Int) {
        precondition(isLoaded)
        guard count != bytes.count || count == 0 else { return }
        change()
        appendBase = nil
        if count < bytes.count {
            bytes.removeSubrange(count...)
        } else {
            bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
        }
        scanner = isJSON && count == 0 ? JSONScanner() : nil
        beforeAppend = nil
        isUnscanned = false
    }

    private mutating func change() {
        generation += 1
        parsed = nil
        flushesSinceTruncation = nil
    }

    /// Keeps what a check of the whole draft found, unless the draft has moved on.
    mutating func accept(_ document: ParsedDocument, generation: Int) {
        guard generation == self.generation else { return }
        parsed = document
        if isUnscanned { scanner = JSONScanner(afterDocumentOf: bytes.count) }
        isUnscanned = false
    }

    /// Takes the last append back because a check refused what it completed.
    ///
    /// What is left is an unfinished document: it stays refused until something is written again.
    mutating func takeBackAppend(error: VexFSError) {
        if let before = beforeAppend {
            bytes.removeSubrange(before.count...)
            scanner = before.scanner
            isUnscanned = false
            beforeAppend = nil
        }
        refuse(error)
    }

    /// Notes that the content as it stands was refused.
    mutating func refuse(_ error: VexFSError) {
        // A refused write counts as a change: what was there before it must not be committed in its place.
        generation += 1
        flushesSinceTruncation = nil
        refusal = (error, generation)
    }

    /// Notes that a commit of the content failed.
    mutating func commitFailed(_ error: VexFSError, generation: Int) {
        guard generation == self.generation, error.isFinal else { return }
        refusal = (error, generation)
    }

    /// What a flush has to do.
    mutating func flushDecision() -> Decision {
        if let refusal, refusal.generation == generation { return .refuse(refusal.error) }
        if isDirty || isNew { return .commit(bytes: bytes, parsed: parsed, generation: generation) }
        guard let flushes = flushesSinceTruncation else { return .nothing }
        flushesSinceTruncation = flushes + 1
        return flushes == 0 ? .nothing : .commit(bytes: [], parsed: nil, generation: generation)
    }

    /// What an fsync has to do: as a flush, but it never comes by accident, so a truncation counts at once.
    mutating func syncDecision() -> Decision {
        if flushesSinceTruncation != nil { flushesSinceTruncation = 1 }
        return flushDecision()
    }

    /// What a release has to do: only a truncation that no flush has committed is left to do.
    func releaseDecision() -> Decision {
        guard flushesSinceTruncation != nil, !isDirty else { return .nothing }
        return .commit(bytes: [], parsed: nil, generation: generation)
    }

    /// Notes that the content as of `generation` is committed; returns whether the draft has not moved on.
    mutating func committed(generation: Int) -> Bool {
        committedGeneration = max(committedGeneration, generation)
        isNew = false
        guard generation == self.generation else { return false }
        flushesSinceTruncation = nil
        refusal = nil
        return true
    }

    /// Lets go of the bytes of a clean draft: the committed version has them.
    mutating func unload() {
        guard !isDirty else { return }
        bytes = []
        isLoaded = false
        scanner = nil
        isUnscanned = false
        parsed = nil
    }
}

extension VexFSError {
    /// Whether the same content would fail again: what the content says is wrong, not the state of the system.
    var isFinal: Bool {
        switch code {
        case .malformedDocument, .nothingToEmbed, .documentTooLarge, .dimensionMismatch, .invalidVector: true
        default: false
        }
    }
}
