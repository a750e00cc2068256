import Glibc
import Synchronization
import VexFS

/// A snapshot as one file: `.vexfs/snapshots/NAME.vexsnap`. Found by name, and live: its size is known at its end.
final class SnapshotExportFile: VirtualFile {
    /// What the names of exports end with.
    static let ending = ".vexsnap"

    let key: String
    private let snapshot: Collection
    private let owner: VirtualOwner
    private let modified: Int64

    init(_ snapshot: Collection, key: String, owner: VirtualOwner, modified: Int64) {
        (self.snapshot, self.key, self.owner, self.modified) = (snapshot, key, owner, modified)
    }

    /// The snapshot whose export has that name; nil where it is no such name.
    static func snapshotName(_ name: ByteString) -> ByteString? {
        guard name.string.hasSuffix(ending), name.count > ending.utf8.count else { return nil }
        return ByteString(String(name.string.dropLast(ending.count)))
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFREG | 0o444, owner: owner.user, group: owner.group, modified: modified, isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        guard flags & O_ACCMODE == O_RDONLY else {
            throw VexFSError(
                .accessDenied, "an export can only be read: .vexfs/restore/NAME in the root takes one back", at: key)
        }
        return SnapshotExportHandle(try SnapshotExport(of: snapshot), path: key, in: operations)
    }
}

/// An open export: made as it is read, once over for every step back.
final class SnapshotExportHandle: OpenHandle {
    private struct Window {
        var export: SnapshotExport
        var start: Int64 = 0
        var bytes: [UInt8] = []
        var isAtEnd = false
    }

    let path: String
    private let beginning: SnapshotExport
    private let operations: Operations
    /// Held by workers only.
    private let window: Mutex<Window>

    init(_ export: SnapshotExport, path: String, in operations: Operations) {
        (beginning, self.path, self.operations) = (export, path, operations)
        window = Mutex(Window(export: export))
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            let part = try self.window.withLock { (window) throws(VexFSError) in
                try self.part(&window, offset: offset, size: size, request)
            }
            request.reply(slice: part, offset: 0, size: size)
        }
    }

    private func part(
        _ window: inout Window, offset: Int64, size: Int, _ request: Request
    ) throws(VexFSError) -> [UInt8] {
        if offset < window.start { window = Window(export: beginning) }
        while !window.isAtEnd, window.start + Int64(window.bytes.count) < offset + Int64(size) {
            guard !request.isInterrupted else { throw VexFSError(.interrupted, "the reader was interrupted", at: path) }
            // What lies before the reader is done with.
            let passed = Int(min(Int64(window.bytes.count), max(0, offset - window.start)))
            window.bytes.removeFirst(passed)
            window.start += Int64(passed)
            let next = try window.export.next()
            window.bytes += next
            window.isAtEnd = next.isEmpty
        }
        let start = min(window.bytes.count, Int(max(0, offset - window.start)))
        return Array(window.bytes[start..<min(window.bytes.count, start + size)])
    }
}
