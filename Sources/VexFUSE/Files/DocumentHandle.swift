import Glibc
import Synchronization
import VexFS

/// An open document: a view of its committed version, and a draft where the handle may write.
final class DocumentHandle: OpenHandle {
    /// Writes and reads up to this size are answered on the reader thread.
    static let quickBytesMax = 32_768

    private struct State {
        var draft: Draft
        /// The committed content, and the version that it is at least as new as.
        var content: (bytes: FileContent, version: UInt64?)?
    }

    let open: OpenFile
    private let operations: Operations
    private let owner: UInt64
    private let appends: Bool
    private let isWritable: Bool
    /// Whether the kernel keeps what this handle reads.
    private let fillsPages: Bool
    private let documentBytesMax: Int
    private let state: Mutex<State>
    /// Held across a commit, by workers only: commits of one handle happen in the order of its flushes.
    private let committing = Mutex(())

    private var file: CollectionFile { open.file }
    var path: String { file.path }

    init(
        _ open: OpenFile, attributes: FileAttributes, flags: Int32, isNew: Bool, fillsPages: Bool,
        owner: UInt64, in operations: Operations
    ) {
        self.open = open
        self.operations = operations
        self.owner = owner
        self.fillsPages = fillsPages
        appends = flags & O_APPEND != 0
        isWritable = flags & O_ACCMODE != O_RDONLY
        documentBytesMax = isWritable ? open.file.collection.documentLimitBytes : 0
        let isTruncated = flags & O_TRUNC != 0 && isWritable
        var draft = Draft(isJSON: attributes.name.isJSONName, isNew: isNew, isTruncated: isTruncated)
        if isNew, flags & O_APPEND != 0 { draft.appendBase = (0, 0) }
        state = Mutex(State(draft: draft))
        if isTruncated, !isNew { open.show(size: 0, modified: Clock.now(), owner: owner) }
    }

    // MARK: Reading

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        // Every read is of the newest version: what it answers may stay in the page cache, which all handles share.
        let attributes = file.collection.attributes(of: file.number)
        let isAnswered = state.withLock { state in
            if state.draft.isLoaded {
                request.reply(slice: state.draft.bytes, offset: offset, size: size)
                return true
            }
            guard let (content, version) = state.content, attributes == nil || version == attributes?.version else {
                return false
            }
            request.reply(slice: content.bytes, offset: offset, size: size)
            return true
        }
        if isAnswered { return }
        // Small documents come from memory more often than not, large ones are a worker's business.
        if (attributes?.size ?? 0) <= Self.quickBytesMax {
            try fetch(request, size: size, offset: offset)
        } else {
            operations.work(request, at: { self.path }) { () throws(VexFSError) in
                try self.fetch(request, size: size, offset: offset)
            }
        }
    }

    private func fetch(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        // The version is looked up first: should a commit come in between, the next read fetches again.
        let version = file.collection.attributes(of: file.number)?.version
        if fillsPages { operations.inodes.refilled(file.id) }
        let content = try open.content()
        state.withLock { $0.content = (content, version) }
        request.reply(slice: content.bytes, offset: offset, size: size)
    }

    // MARK: Writing

    /// Content that a write has brought and that is refused: to be recorded by a worker, since that is a commit.
    private struct Refusal {
        var error: VexFSError
        var draft: [UInt8]
    }

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        if bytes.count <= Self.quickBytesMax, state.withLock({ $0.draft.isLoaded && $0.draft.bytes.count <= 1 << 18 }) {
            guard let refusal = try put(bytes, at: offset) else {
                request.reply(written: bytes.count)
                return
            }
            operations.work(request, at: { self.path }) { () throws(VexFSError) in try self.record(refusal) }
            return
        }
        let copy = [UInt8](bytes)
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            var outcome = Result<Refusal?, VexFSError>.success(nil)
            copy.withUnsafeBytes { bytes in
                do throws(VexFSError) { outcome = .success(try self.put(bytes, at: offset)) } catch {
                    outcome = .failure(error)
                }
            }
            if let refusal = try outcome.get() { try self.record(refusal) }
            request.reply(written: copy.count)
        }
    }

    private func record(_ refusal: Refusal) throws(VexFSError) {
        file.collection.recordFailure(refusal.error, for: file.number, draft: refusal.draft)
        throw refusal.error
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at requested: Int64) throws(VexFSError) -> Refusal? {
        try load()
        let (verdict, generation) = try state.withLock { (state) throws(VexFSError) in
            let offset = appends ? state.draft.bytes.count : Int(requested)
            do throws(VexFSError) {
                try reserve(offset + bytes.count, &state.draft)
            } catch {
                // What is there of the document is not the document: it must not be committed.
                state.draft.refuse(error)
                throw error
            }
            let before = state.draft.bytes.count
            let verdict = state.draft.write(bytes, at: offset)
            if case .invalid = verdict { operations.budget.giveBack(max(0, offset + bytes.count - before)) }
            return (verdict, state.draft.generation)
        }
        let refusal: Refusal? =
            switch verdict {
            case .accepted: nil
            case .invalid(let offset, let reason): refuse(bytes, malformed(reason, at: offset))
            case .complete: check(generation)
            }
        show()
        return refusal
    }

    /// Checks a draft that has become one whole document, outside the lock: only this request writes, and what readers
    /// see meanwhile is as good.
    private func check(_ generation: Int) -> Refusal? {
        guard open.removedAttributes == nil else { return nil }
        let draft = state.withLock { $0.draft.bytes }
        do throws(VexFSError) {
            let document = try file.collection.check(draft, as: file.number)
            state.withLock { $0.draft.accept(document, generation: generation) }
            return nil
        } catch {
            let refusal = state.withLock { state in
                var error = error
                switch state.draft.verdictAfterRefusal() {
                case .accepted: return nil as VexFSError?
                case .complete: break
                case .invalid(let offset, let reason): error = malformed(reason, at: offset)
                }
                let before = state.draft.bytes.count
                state.draft.takeBackAppend(error: error)
                operations.budget.giveBack(before - state.draft.bytes.count)
                return error
            }
            return refusal.map { Refusal(error: $0, draft: draft) }
        }
    }

    private func malformed(_ reason: String, at offset: Int) -> VexFSError {
        VexFSError(.malformedDocument, reason, at: "\(path): byte \(offset)")
    }

    private func refuse(_ bytes: UnsafeRawBufferPointer, _ error: VexFSError) -> Refusal {
        let draft = state.withLock { state in
            state.draft.refuse(error)
            return state.draft.bytes + Array(bytes)
        }
        return Refusal(error: error, draft: draft)
    }

    func resize(to count: Int64) throws(VexFSError) {
        if count > 0 { try load() }
        try state.withLock { (state) throws(VexFSError) in
            if count == 0 { state.draft.load([]) }
            try reserve(Int(count), &state.draft)
            let before = state.draft.bytes.count
            state.draft.resize(to: Int(count))
            operations.budget.giveBack(max(0, before - Int(count)))
        }
        show()
    }

    /// Takes over the committed content before the first change.
    private func load() throws(VexFSError) {
        guard !state.withLock({ $0.draft.isLoaded }) else { return }
        // The version comes first: content that is newer is found out at the commit.
        let version = file.collection.attributes(of: file.number)?.version
        let content = try open.content()
        try operations.budget.take(content.bytes.count)
        let wasLoaded = state.withLock { state in
            defer { state.draft.load(content.bytes, version: appends ? version : nil) }
            return state.draft.isLoaded
        }
        if wasLoaded { operations.budget.giveBack(content.bytes.count) }
    }

    private func reserve(_ count: Int, _ draft: inout Draft) throws(VexFSError) {
        guard count <= documentBytesMax else {
            throw VexFSError(
                .documentTooLarge, "a document holds at the most \(documentBytesMax) bytes: split it", at: path)
        }
        try operations.budget.take(count - draft.bytes.count)
    }

    private func show() {
        let size = state.withLock { $0.draft.isVisible ? $0.draft.bytes.count : nil }
        if let size { open.show(size: size, modified: Clock.now(), owner: owner) }
    }

    // MARK: Committing

    func flush(_ request: Request) throws(VexFSError) {
        // Decided here where nothing is to do, so that closing a file that was only read costs no thread switch.
        guard isWritable, state.withLock({ $0.draft.isVisible || $0.draft.mustCommit }) else {
            request.reply(errno: 0)
            return
        }
        let body: @Sendable () throws(VexFSError) -> Void = { () throws(VexFSError) in
            try self.commit { $0.flushDecision() }
            self.operations.kernel.whenForgotten(self.file.id) { request.reply(errno: 0) }
        }
        if state.withLock({ $0.draft.isQuickToCommit }) {
            operations.workQuickly(request, at: { self.path }, body)
        } else {
            operations.work(request, at: { self.path }, body)
        }
    }

    func sync(_ request: Request) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.commit { $0.syncDecision() }
            if self.open.removedAttributes == nil { try self.file.collection.sync() }
            self.operations.kernel.whenForgotten(self.file.id) { request.reply(errno: 0) }
        }
    }

    func release() {
        if isWritable {
            // In order: the next open of the same caller must see the truncation.
            if state.withLock({ $0.draft.isVisible }) {
                operations.releasing(at: { self.path }) { () throws(VexFSError) in
                    try self.commit { $0.releaseDecision() }
                }
            }
            operations.budget.giveBack(state.withLock { $0.draft.bytes.count })
            open.hide(owner: owner)
        }
        operations.closed(open)
    }

    private func commit(_ decide: (inout Draft) -> Draft.Decision) throws(VexFSError) {
        try committing.withLock { (_) throws(VexFSError) in
            switch state.withLock({ decide(&$0.draft) }) {
            case .nothing: return
            case .refuse(let error): throw error
            case .commit(let bytes, let parsed, let generation):
                if open.removedAttributes == nil { try store(bytes, parsed, generation) }
                finish(generation)
            }
        }
    }

    private func store(
        _ bytes: [UInt8], _ parsed: ParsedDocument?, _ generation: Int
    ) throws(VexFSError) {
        let shown = open.shownDraft
        let modified = shown?.owner == owner ? shown?.modified : nil
        do throws(VexFSError) {
            try put(bytes, parsed, modified: modified ?? Clock.now())
        } catch {
            // Removed between the decision and the commit: as if it had been removed before.
            if error.code == .notFound, file.collection.attributes(of: file.number) == nil { return }
            // Without its vector the document is kept all the same: there is nothing left to commit.
            if error.code == .embedderUnavailable || error.code == .modelMissing { finish(generation) }
            state.withLock { $0.draft.commitFailed(error, generation: generation) }
            if error.isFinal { file.collection.recordFailure(error, for: file.number, draft: bytes) }
            throw error
        }
    }

    /// Commits bytes; what was only appended goes behind whatever others have committed since the draft was begun.
    private func put(_ bytes: [UInt8], _ parsed: ParsedDocument?, modified: Int64) throws(VexFSError) {
        guard let base = state.withLock({ $0.draft.appendBase }) else {
            _ = try file.collection.commit(bytes, to: file.number, parsed: parsed, modified: modified)
            return
        }
        var version = base.version
        var whole = bytes
        while true {
            do throws(VexFSError) {
                _ = try file.collection.commit(
                    whole, to: file.number, replacing: version, parsed: version == base.version ? parsed : nil,
                    modified: modified)
                return
            } catch {
                guard error.code == .busy, let now = file.collection.attributes(of: file.number)?.version,
                    now != version
                else { throw error }
                version = now
                whole = try file.collection.content(of: file.number).bytes + bytes[base.count...]
            }
        }
    }

    private func finish(_ generation: Int) {
        let isCurrent = state.withLock { state in
            guard state.draft.committed(generation: generation) else { return false }
            guard open.removedAttributes == nil else { return true }
            operations.budget.giveBack(state.draft.bytes.count)
            state.draft.unload()
            state.content = nil
            return true
        }
        if isCurrent { open.hide(owner: owner) }
        operations.contentChanged(file.id)
    }
}

extension ByteString {
    /// Whether a name is that of a JSON document.
    var isJSONName: Bool { FileNaming.format(of: self) == .json }
}
