import CVexKernels
import Synchronization

/// Takes an exported snapshot in and makes a collection of it: all of it or nothing.
///
/// What has come stands under a number that no collection has yet. What was not finished is dropped: at once, or by the
/// next open where the process died.
public final class SnapshotRestore: Sendable {
    private struct Work {
        /// What was taken in and is not a whole block yet.
        var buffer: [UInt8] = []
        /// The head of the block whose content is awaited.
        var block: ArchiveBlock?
        var nextBlock: UInt64 = 0
        var hasBegun = false
        var counts = ArchiveCounts()
        var head: ArchiveHead?
        var target: RestoreTarget?
        var isAtEnd = false
        var result: Collection?
        var isSynced = false
        var failure: VexFSError?
    }

    private let store: Store
    private let name: ByteString
    private let work = Mutex(Work())

    init(into store: Store, as name: ByteString) {
        (self.store, self.name) = (store, name)
    }

    /// Takes bytes in.
    /// - Throws: `invalidArgument` where they are no export, or not as it was written; `alreadyExists` where there is a
    ///   collection of that name; `newerFormat`, `storeFull`, `inputOutput`. Nothing is left then.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        try locked { work throws(VexFSError) in
            guard !work.isAtEnd || bytes.isEmpty else { throw .damagedExport("bytes follow its end") }
            var buffer = work.buffer
            work.buffer = []
            buffer.append(contentsOf: bytes)
            var used = 0
            try buffer.withSystemBytes { buffer throws(VexFSError) in
                while try self.take(UnsafeRawBufferPointer(rebasing: buffer[used...]), &used, &work) {}
            }
            buffer.removeFirst(used)
            work.buffer = buffer
        }
    }

    /// Makes the collection of what has come. Loss of power does not lose it when this returns. Once more it does
    /// nothing.
    /// - Throws: `invalidArgument` where the end is missing; more may follow then.
    @discardableResult
    public func finish() throws(VexFSError) -> Collection? {
        let isComplete = try work.withLock { work throws(VexFSError) in
            if let failure = work.failure { throw failure }
            return work.isAtEnd || !work.hasBegun && work.buffer.isEmpty
        }
        guard isComplete else {
            throw .damagedExport("its end is missing")
        }
        let made = try locked { work throws(VexFSError) in
            if let target = work.target, work.result == nil {
                work.result = try target.publish(in: self.store)
                work.target = nil
            }
            return work.result
        }
        // The collection is there: that it is not on the disk is said, and no reason to drop it.
        guard made != nil, !work.withLock({ $0.isSynced }) else { return made }
        try store.sync()
        work.withLock { $0.isSynced = true }
        return made
    }

    /// Drops what was not finished.
    public func abandon() {
        work.withLock { work in
            work.target?.drop()
            work.target = nil
            guard work.result == nil, work.failure == nil, work.hasBegun || !work.buffer.isEmpty else { return }
            work.failure = .damagedExport("its end is missing")
        }
    }

    /// How far it is, as JSON.
    public var report: [UInt8] {
        work.withLock { work in
            JSON.object([
                .init("collection", .string(name.string)),
                .init("snapshot", work.head.map { .string($0.name) } ?? .null),
                .init("documents", .integer(Int64(work.counts.documents))),
                .init("of", work.head.map { .integer(Int64($0.documents)) } ?? .null),
                .init("files", .integer(Int64(work.counts.files))), .init("bytes", .integer(Int64(work.counts.bytes))),
                .init("finished", .bool(work.result != nil)),
                .init("error", work.failure.map { .string($0.description) } ?? .null),
            ]).pretty
        }
    }

    /// Runs `body`; after a failure nothing is left, and every call says so.
    private func locked<R>(_ body: (inout Work) throws(VexFSError) -> R) throws(VexFSError) -> R {
        try work.withLock { work throws(VexFSError) in
            if let failure = work.failure { throw failure }
            do throws(VexFSError) { return try body(&work) } catch {
                work.failure = error
                work.target?.drop()
                (work.target, work.buffer) = (nil, [])
                throw error
            }
        }
    }

    /// Takes the next piece of a block; false where it is not there yet.
    private func take(
        _ bytes: UnsafeRawBufferPointer, _ used: inout Int, _ work: inout Work
    ) throws(VexFSError) -> Bool {
        guard work.hasBegun else {
            guard bytes.count >= 8 else { return false }
            guard UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) == ArchiveBlock.magic else {
                throw VexFSError(.invalidArgument, "this is not the export of a snapshot")
            }
            work.hasBegun = true
            work.counts.bytes = 8
            used += 8
            return true
        }
        guard !work.isAtEnd else {
            guard bytes.isEmpty else { throw .damagedExport("bytes follow its end") }
            return false
        }
        guard let block = work.block else {
            guard bytes.count >= ArchiveBlock.headBytes else { return false }
            work.block = try ArchiveBlock(
                head: UnsafeRawBufferPointer(rebasing: bytes[..<ArchiveBlock.headBytes]), number: work.nextBlock)
            used += ArchiveBlock.headBytes
            return true
        }
        let size = block.length + ArchiveBlock.tailBytes
        guard bytes.count >= size else { return false }
        let content = UnsafeRawBufferPointer(rebasing: bytes[..<size])
        try ArchiveBlock.check(content, number: work.nextBlock)
        try take(block, UnsafeRawBufferPointer(rebasing: content[..<block.length]), &work)
        if block.kind != .end { work.counts.bytes += UInt64(ArchiveBlock.headBytes + size) }
        work.nextBlock += 1
        work.block = nil
        used += size
        return true
    }

    private func take(
        _ block: ArchiveBlock, _ content: UnsafeRawBufferPointer, _ work: inout Work
    ) throws(VexFSError) {
        guard (block.kind == .head) == (work.nextBlock == 0) else {
            throw .damagedExport("its blocks are out of order")
        }
        switch block.kind {
        case .head:
            let head = try ArchiveHead(content)
            work.head = head
            work.target = try RestoreTarget(head, as: name, in: store)
        case .files:
            var reader = ByteReader(content)
            var files: [ArchiveFile] = []
            do throws(VexFSError) {
                while !reader.rest.isEmpty { files.append(try ArchiveFile(&reader)) }
            } catch {
                throw error.code == .newerFormat ? error : .damagedExport(error.message)
            }
            try work.target?.write(files)
            work.counts.files += UInt64(files.count)
            work.counts.documents += UInt64(files.count { $0.record.attributes.row != nil })
        case .property:
            var reader = ByteReader(content)
            let key: String
            do throws(VexFSError) { key = try reader.readCounted() } catch { throw .damagedExport(error.message) }
            try work.target?.write(property: key, Array(reader.rest))
        case .end:
            guard work.counts.encoded == Array(content), work.head?.documents == Int(work.counts.documents) else {
                throw .damagedExport("it has not as many files as its end says")
            }
            work.isAtEnd = true
        }
    }
}

extension Store {
    /// Begins to take an exported snapshot in, as a new collection.
    /// - Throws: `alreadyExists`, `nameTooLong`, `invalidName`, `notPermitted` for a reserved name.
    public func restoreSnapshot(as name: ByteString) throws(VexFSError) -> SnapshotRestore {
        try requireFree(name)
        return SnapshotRestore(into: self, as: name)
    }

    /// Refuses a name that a collection has or cannot have.
    func requireFree(_ name: ByteString) throws(VexFSError) {
        try checkName(name)
        guard collection(named: name) == nil else {
            throw VexFSError(.alreadyExists, "there is a collection \(name) already: restore under another name")
        }
    }
}
