import Glibc
import Synchronization
import VexFS

/// An open document: a view of its committed version, and a draft where the handle may write.
final class DocumentHandle: OpenHandle {
    /// Writes and reads up to this size are answered on the reader thread.
    static let quickBytesMax = 32_768

    private struct State {
        var draft: Draft
        /// The committed content as of the first read, or as of this handle's last commit.
        var content: FileContent?
    }

    let open: OpenFile
    private let operations: Operations
    private let owner: UInt64
    private let appends: Bool
    private let isWritable: Bool
    private let documentBytesMax: Int
    private let state: Mutex<State>
    /// Held across a commit, by workers only: commits of one handle happen in the order of its flushes.
    private let committing = Mutex(())

    private var file: CollectionFile { open.file }
    var path: String { file.path }

    init(
        _ open: OpenFile, attributes: FileAttributes, flags: Int32, isNew: Bool, owner: UInt64,
        in operations: Operations
    ) {
        self.open = open
        self.operations = operations
        self.owner = owner
        appends = flags & O_APPEND != 0
        isWritable = flags & O_ACCMODE != O_RDONLY
        documentBytesMax = isWritable ? open.file.collection.configuration.documentLimitBytes : 0
        let isTruncated = flags & O_TRUNC != 0 && isWritable
        let draft = Draft(isJSON: attributes.name.isJSONName, isNew: isNew, isTruncated: isTruncated)
        state = Mutex(State(draft: draft))
        if isTruncated, !isNew { open.show(size: 0, modified: Clock.now(), owner: owner) }
    }

    // MARK: Reading

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        let known: FileContent? = state.withLock { state in
            if state.draft.isLoaded {
                request.reply(slice: state.draft.bytes, offset: offset, size: size)
                return FileContent([])
            }
            if let content = state.content { request.reply(slice: content.bytes, offset: offset, size: size) }
            return state.content
        }
        if known != nil { return }
        // The first read: small documents come from memory more often than not, large ones are a worker's business.
        let attributes = file.collection.attributes(of: file.number)
        if (attributes?.size ?? 0) <= Self.quickBytesMax {
            try readFirst(request, size: size, offset: offset)
        } else {
            operations.work(request, at: { self.path }) { () throws(VexFSError) in
                try self.readFirst(request, size: size, offset: offset)
            }
        }
    }

    private func readFirst(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        let content = try open.content()
        state.withLock { if $0.content == nil { $0.content = content } }
        request.reply(slice: content.bytes, offset: offset, size: size)
    }

    // MARK: Writing

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        if bytes.count <= Self.quickBytesMax, state.withLock({ $0.draft.isLoaded && $0.draft.bytes.count <= 1 << 18 }) {
            try put(bytes, at: offset)
            request.reply(written: bytes.count)
            return
        }
        let copy = [UInt8](bytes)
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            var failure: VexFSError?
            copy.withUnsafeBytes { bytes in
                do throws(VexFSError) { try self.put(bytes, at: offset) } catch { failure = error }
            }
            if let failure { throw failure }
            request.reply(written: copy.count)
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at requested: Int64) throws(VexFSError) {
        try load()
        let (verdict, generation) = try state.withLock { (state) throws(VexFSError) in
            let offset = appends ? state.draft.bytes.count : Int(requested)
            try reserve(offset + bytes.count, &state.draft)
            let before = state.draft.bytes.count
            let verdict = state.draft.write(bytes, at: offset)
            if case .invalid = verdict { operations.budget.giveBack(max(0, offset + bytes.count - before)) }
            return (verdict, state.draft.generation)
        }
        switch verdict {
        case .accepted: break
        case .invalid(let offset, let reason):
            try refuseWrite(malformed(reason, at: offset), bytes)
        case .complete: try check(generation, bytes)
        }
        show()
    }

    /// Checks a draft that has become one whole document, outside the lock: only this request writes, and what readers
    /// see meanwhile is as good.
    private func check(_ generation: Int, _ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        guard open.removedAttributes == nil else { return }
        let draft = state.withLock { $0.draft.bytes }
        do throws(VexFSError) {
            let document = try file.collection.check(draft, as: file.number)
            state.withLock { $0.draft.accept(document, generation: generation) }
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
            guard let refusal else { return }
            file.collection.recordFailure(refusal, for: file.number, draft: draft)
            show()
            throw refusal
        }
    }

    private func malformed(_ reason: String, at offset: Int) -> VexFSError {
        VexFSError(.malformedDocument, reason, at: "\(path): byte \(offset)")
    }

    private func refuseWrite(_ error: VexFSError, _ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        let draft = state.withLock { state in
            state.draft.refuse(error)
            return state.draft.bytes + Array(bytes)
        }
        file.collection.recordFailure(error, for: file.number, draft: draft)
        show()
        throw error
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
        let content = try open.content()
        try operations.budget.take(content.bytes.count)
        let wasLoaded = state.withLock { state in
            defer { state.draft.load(content.bytes) }
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
            try self.commit(.process) { $0.flushDecision() }
            request.reply(errno: 0)
        }
        if state.withLock({ $0.draft.isQuickToCommit }), !operations.inodes.mayBeCached(file.id) {
            operations.workQuickly(request, at: { self.path }, body)
        } else {
            operations.work(request, at: { self.path }, body)
        }
    }

    func sync(_ request: Request) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.commit(.power) { $0.syncDecision() }
            if self.open.removedAttributes == nil { try self.file.collection.sync() }
            request.reply(errno: 0)
        }
    }

    func release() {
        if isWritable {
            // Inline and in order: the next open of the same caller must see the truncation.
            do throws(VexFSError) {
                try commit(.process) { $0.releaseDecision() }
            } catch {
                operations.report(error, at: path, caller: nil)
            }
            operations.budget.giveBack(state.withLock { $0.draft.bytes.count })
            open.hide(owner: owner)
        }
        operations.openFiles.release(open)
    }

    private func commit(_ durability: Durability, _ decide: (inout Draft) -> Draft.Decision) throws(VexFSError) {
        try committing.withLock { (_) throws(VexFSError) in
            switch state.withLock({ decide(&$0.draft) }) {
            case .nothing: return
            case .refuse(let error): throw error
            case .commit(let bytes, let parsed, let generation):
                if open.removedAttributes == nil { try store(bytes, parsed, generation, durability) }
                finish(bytes, generation)
            }
        }
    }

    private func store(
        _ bytes: [UInt8], _ parsed: ParsedDocument?, _ generation: Int, _ durability: Durability
    ) throws(VexFSError) {
        let shown = open.shownDraft
        let modified = shown?.owner == owner ? shown?.modified : nil
        do throws(VexFSError) {
            _ = try file.collection.commit(
                bytes, to: file.number, parsed: parsed, modified: modified ?? Clock.now(), durability: durability)
        } catch {
            // Removed between the decision and the commit: as if it had been removed before.
            if error.code == .notFound { return }
            // Without its vector the document is kept all the same: there is nothing left to commit.
            if error.code == .embedderUnavailable || error.code == .modelMissing { finish(bytes, generation) }
            state.withLock { $0.draft.commitFailed(error, generation: generation) }
            if error.isFinal { file.collection.recordFailure(error, for: file.number, draft: bytes) }
            throw error
        }
    }

    private func finish(_ bytes: [UInt8], _ generation: Int) {
        let isCurrent = state.withLock { state in
            guard state.draft.committed(generation: generation) else { return false }
            guard open.removedAttributes == nil else { return true }
            operations.budget.giveBack(state.draft.bytes.count)
            state.draft.unload()
            state.content = FileContent(bytes)
            return true
        }
        if isCurrent { open.hide(owner: owner) }
        if operations.inodes.contentChanged(file.id) { operations.kernel.forgetContent(of: file.id) }
    }
}

extension ByteString {
    /// Whether a name is that of a JSON document.
    var isJSONName: Bool { string.utf8.count > 5 && string.utf8.suffix(5).elementsEqual(".json".utf8) }
}
