import CFuseShim
import Glibc
import VexFS

/// One request of the kernel, to be answered exactly once, from any thread.
struct Request: @unchecked Sendable {
    // @unchecked: libfuse lets any thread reply; whoever holds the request last replies and drops it.
    let pointer: fuse_req_t
    /// What is asked for.
    let operation: Metrics.Operation
    private let started: Int64
    private let metrics: Metrics

    init(_ pointer: fuse_req_t, _ operation: Metrics.Operation, _ metrics: Metrics) {
        self.pointer = pointer
        self.operation = operation
        self.metrics = metrics
        started = Clock.monotonic()
    }

    /// Who asks. To be read before the reply.
    var caller: Caller { Caller(pointer) }

    /// Whether the caller has been interrupted and will not wait for the answer.
    var isInterrupted: Bool { fuse_req_interrupted(pointer) != 0 }

    private func count(failed: Bool) {
        metrics.operation(operation, microseconds: Int((Clock.monotonic() - started) / 1000), failed: failed)
    }

    /// Answers with an errno, or with success where there is nothing to return (0).
    func reply(errno code: Int32) {
        count(failed: code != 0)
        fuse_reply_err(pointer, code)
    }

    /// Answers a request that wants no answer.
    func replyNothing() {
        count(failed: false)
        fuse_reply_none(pointer)
    }

    /// Answers with a directory entry.
    func reply(entry: fuse_entry_param) {
        count(failed: false)
        var entry = entry
        fuse_reply_entry(pointer, &entry)
    }

    /// Answers with attributes.
    func reply(attributes: stat, timeoutSeconds: Double) {
        count(failed: false)
        var attributes = attributes
        fuse_reply_attr(pointer, &attributes, timeoutSeconds)
    }

    /// Answers with a symbolic link's target.
    func reply(target: [UInt8]) {
        count(failed: false)
        var terminated = target
        terminated.append(0)
        terminated.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress {
                _ = fuse_reply_readlink(pointer, base.assumingMemoryBound(to: CChar.self))
            }
        }
    }

    /// Answers with bytes, which libfuse copies.
    func reply(bytes: UnsafeRawBufferPointer) {
        count(failed: false)
        fuse_reply_buf(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }

    /// Answers a read with the part of `bytes` that it asks for.
    func reply(slice bytes: [UInt8], offset: Int64, size: Int) {
        bytes.withUnsafeBytes { all in
            let start = min(Int(clamping: max(0, offset)), all.count)
            reply(bytes: UnsafeRawBufferPointer(rebasing: all[start..<start + min(size, all.count - start)]))
        }
    }

    /// Answers a write.
    func reply(written count: Int) {
        self.count(failed: false)
        fuse_reply_write(pointer, count)
    }

    /// Answers with an attribute's value, or with its length when the caller only asks for that.
    func reply(attribute value: [UInt8], size: Int) {
        if size == 0 {
            count(failed: false)
            fuse_reply_xattr(pointer, value.count)
        } else if size < value.count {
            reply(errno: ERANGE)
        } else {
            value.withUnsafeBytes { reply(bytes: $0) }
        }
    }

    /// Answers an ioctl with what is copied to the caller's argument.
    func reply(control bytes: [UInt8]) {
        count(failed: false)
        bytes.withUnsafeBytes { _ = fuse_reply_ioctl(pointer, 0, $0.baseAddress, $0.count) }
    }

    /// Answers a poll with what a caller need not wait for: bits of poll(2).
    func reply(events: Int32) {
        count(failed: false)
        fuse_reply_poll(pointer, UInt32(bitPattern: events))
    }

    /// Answers with the file system's figures.
    func reply(figures: statvfs) {
        count(failed: false)
        var figures = figures
        fuse_reply_statfs(pointer, &figures)
    }

    /// Answers with an open file. Returns false when the caller was interrupted and no release will follow.
    func reply(open info: fuse_file_info) -> Bool {
        count(failed: false)
        var info = info
        return fuse_reply_open(pointer, &info) != -ENOENT
    }

    /// Answers with a new, open file. Returns false when the caller was interrupted and no release will follow.
    func reply(created entry: fuse_entry_param, open info: fuse_file_info) -> Bool {
        count(failed: false)
        var entry = entry
        var info = info
        return fuse_reply_create(pointer, &entry, &info) != -ENOENT
    }
}
