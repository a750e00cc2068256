import Glibc
import Synchronization
import VexFS

/// A control file open for writing: the whole new content is collected and takes effect at the flush.
final class ControlDraftHandle: OpenHandle {
    static let bytesMax = 1 << 20

    private struct State {
        var bytes: [UInt8]
        var isDirty: Bool
    }

    let path: String
    private let content: ControlFileContent
    private let caller: Caller
    private let tree: VirtualTree
    private let operations: Operations
    private let appends: Bool
    private let state: Mutex<State>

    init(
        _ content: ControlFileContent, path: String, flags: Int32, caller: Caller, tree: VirtualTree,
        in operations: Operations
    ) {
        self.content = content
        self.path = path
        self.caller = caller
        self.tree = tree
        self.operations = operations
        appends = flags & O_APPEND != 0
        // Emptying the list of errors is a change; an empty configuration is only the beginning of one.
        var isDirty = false
        if case .errors = content { isDirty = flags & O_TRUNC != 0 }
        state = Mutex(State(bytes: [], isDirty: isDirty))
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            let draft = self.state.withLock { $0.isDirty ? $0.bytes : nil }
            let bytes: [UInt8]
            if let draft { bytes = draft } else { bytes = try self.content.bytes(in: self.tree, for: self.caller) }
            request.reply(slice: bytes, offset: offset, size: size)
        }
    }

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        try state.withLock { (state) throws(VexFSError) in
            let start = appends ? state.bytes.count : Int(offset)
            guard start + bytes.count <= Self.bytesMax else {
                throw VexFSError(.documentTooLarge, "a control file takes at the most 1 MiB", at: path)
            }
            let missing = start + bytes.count - state.bytes.count
            if missing > 0 { state.bytes.append(contentsOf: repeatElement(0, count: missing)) }
            state.bytes.replaceSubrange(start..<start + bytes.count, with: bytes)
            state.isDirty = true
        }
        guard content.takesLines, bytes.last == UInt8(ascii: "\n") else {
            request.reply(written: bytes.count)
            return
        }
        let count = bytes.count
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            let line = self.state.withLock { state in
                defer { (state.bytes, state.isDirty) = ([], false) }
                return state.bytes
            }
            try self.content.replace(with: line)
            request.reply(written: count)
        }
    }

    func resize(to count: Int64) throws(VexFSError) {
        guard count <= Self.bytesMax else {
            throw VexFSError(.documentTooLarge, "a control file takes at the most 1 MiB", at: path)
        }
        state.withLock { state in
            let missing = Int(count) - state.bytes.count
            if missing > 0 {
                state.bytes.append(contentsOf: repeatElement(0, count: missing))
            } else {
                state.bytes.removeSubrange(Int(count)...)
            }
            if case .errors = content { state.isDirty = true }
        }
    }

    func flush(_ request: Request) throws(VexFSError) {
        guard let bytes = state.withLock({ $0.isDirty ? $0.bytes : nil }) else {
            request.reply(errno: 0)
            return
        }
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.content.replace(with: bytes)
            self.state.withLock { $0.isDirty = false }
            request.reply(errno: 0)
        }
    }

    func sync(_ request: Request) throws(VexFSError) { try flush(request) }
}
