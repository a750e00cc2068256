import Synchronization
import VexFS

/// What the open handles of one file of a collection share.
final class OpenFile: Sendable {
    /// A draft that `stat` shows instead of the committed version.
    struct ShownDraft: Sendable {
        var owner: UInt64
        var size: Int64
        var modified: Int64
    }

    private struct State {
        var shown: ShownDraft?
        /// The file's last attributes, once it was removed.
        var removed: FileAttributes?
        /// The content at the moment of removal.
        var pinned: FileContent?
    }

    let file: CollectionFile
    /// The content that all handles of a scratch file share; nil for documents.
    let scratch: ScratchBuffer?
    private let state = Mutex(State())

    init(_ file: CollectionFile, isScratch: Bool, budget: DraftBudget) {
        self.file = file
        scratch = isScratch ? ScratchBuffer(budget: budget) : nil
    }

    /// The draft that `stat` shows, if any.
    var shownDraft: ShownDraft? { state.withLock { $0.shown } }
    /// The file's last attributes, once it was removed.
    var removedAttributes: FileAttributes? { state.withLock { $0.removed } }

    /// Shows a draft in `stat`.
    func show(size: Int, modified: Int64, owner: UInt64) {
        state.withLock { $0.shown = ShownDraft(owner: owner, size: Int64(size), modified: modified) }
    }

    /// Shows the committed version again, unless another handle's draft has taken the place.
    func hide(owner: UInt64) {
        state.withLock { if $0.shown?.owner == owner { $0.shown = nil } }
    }

    /// Gives the shown draft another time, which its commit keeps.
    func setModified(_ modified: Int64) { state.withLock { $0.shown?.modified = modified } }

    /// The committed bytes, or what they were when the file was removed.
    func content() throws(VexFSError) -> FileContent {
        if let pinned = state.withLock({ $0.pinned }) { return pinned }
        return try file.collection.content(of: file.number)
    }

    /// Keeps the content for the open handles. To be called before the file is removed.
    func pin() throws(VexFSError) {
        let content = try file.collection.content(of: file.number)
        state.withLock { if $0.removed == nil { $0.pinned = content } }
    }

    /// Notes that the removal happened.
    func removed(_ attributes: FileAttributes) { state.withLock { $0.removed = attributes } }

    /// Lets go of the content again because the removal did not happen.
    func unpin() { state.withLock { if $0.removed == nil { $0.pinned = nil } } }
}

/// The files that have open handles.
final class OpenFileTable: Sendable {
    private let files = Mutex<[NodeID: (file: OpenFile, handles: Int)]>([:])

    /// The open file with a number, or nil.
    func find(_ id: NodeID) -> OpenFile? { files.withLock { $0[id]?.file } }

    /// Notes one more handle.
    func acquire(_ file: CollectionFile, isScratch: Bool, budget: DraftBudget) -> OpenFile {
        files.withLock { files in
            if let known = files[file.id] {
                files[file.id] = (known.file, known.handles + 1)
                return known.file
            }
            let opened = OpenFile(file, isScratch: isScratch, budget: budget)
            files[file.id] = (opened, 1)
            return opened
        }
    }

    /// Notes one handle less; returns whether it was the last.
    @discardableResult
    func release(_ file: OpenFile) -> Bool {
        files.withLock { files in
            guard let known = files[file.file.id], known.file === file else { return true }
            files[file.file.id] = known.handles > 1 ? (file, known.handles - 1) : nil
            return known.handles <= 1
        }
    }
}
