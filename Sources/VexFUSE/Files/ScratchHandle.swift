import Glibc
import Synchronization
import VexFS

/// An open scratch file: an ordinary file, whose handles all see the same bytes.
final class ScratchHandle: OpenHandle {
    private let open: OpenFile
    private let buffer: ScratchBuffer
    private let operations: Operations
    private let appends: Bool
    private let isWritable: Bool
    /// Whether the kernel keeps what this handle reads.
    private let fillsPages: Bool
    /// The committed content, as long as no handle writes: a writer loads the shared buffer, which comes first.
    private let content = Mutex<FileContent?>(nil)

    private var file: CollectionFile { open.file }
    var path: String { file.path }

    init(_ open: OpenFile, _ buffer: ScratchBuffer, flags: Int32, fillsPages: Bool, in operations: Operations) {
        self.open = open
        self.buffer = buffer
        self.operations = operations
        self.fillsPages = fillsPages
        appends = flags & O_APPEND != 0
        isWritable = flags & O_ACCMODE != O_RDONLY
        if isWritable, flags & O_TRUNC != 0 { buffer.truncate() }
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        if fillsPages { operations.inodes.refilled(file.id) }
        if buffer.withBytes({ request.reply(slice: $0, offset: offset, size: size) }) { return }
        if let known = content.withLock({ $0 }) {
            request.reply(slice: known.bytes, offset: offset, size: size)
            return
        }
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            let content = try self.open.content()
            self.content.withLock { $0 = content }
            request.reply(slice: content.bytes, offset: offset, size: size)
        }
    }

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        if buffer.isLoaded {
            try buffer.write(bytes, at: appends ? nil : Int(offset))
            request.reply(written: bytes.count)
            return
        }
        let copy = [UInt8](bytes)
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.load()
            var failure: VexFSError?
            copy.withUnsafeBytes { bytes in
                do throws(VexFSError) {
                    try self.buffer.write(bytes, at: self.appends ? nil : Int(offset))
                } catch { failure = error }
            }
            if let failure { throw failure }
            request.reply(written: copy.count)
        }
    }

    func resize(to count: Int64) throws(VexFSError) {
        if count == 0 {
            buffer.truncate()
        } else {
            try operations.checkSize(count, of: file)
            try load()
            try buffer.resize(to: Int(count))
        }
    }

    private func load() throws(VexFSError) {
        if !buffer.isLoaded { try buffer.load(open.content().bytes) }
    }

    func flush(_ request: Request) throws(VexFSError) {
        guard isWritable, needsCommit else {
            request.reply(errno: 0)
            return
        }
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.commit()
            self.operations.kernel.whenForgotten(self.file.id) { request.reply(errno: 0) }
        }
    }

    func sync(_ request: Request) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.commit()
            if self.open.removedAttributes == nil { try self.file.collection.sync() }
            self.operations.kernel.whenForgotten(self.file.id) { request.reply(errno: 0) }
        }
    }

    func release() {
        if isWritable, buffer.uncommitted != nil {
            operations.releasing(at: { self.path }) { () throws(VexFSError) in try self.commit() }
        }
        operations.closed(open)
    }

    /// Stores what changed. Also called before a rename, which must not lose it.
    private func commit() throws(VexFSError) {
        try operations.commit(open, buffer)
    }

    private var needsCommit: Bool {
        buffer.uncommitted != nil
            || open.removedAttributes == nil && file.collection.attributes(of: file.number)?.version == 0
    }
}
