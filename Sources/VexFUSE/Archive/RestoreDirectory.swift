import Glibc
import Synchronization
import VexFS

/// The last restore under each name, for whoever reads how far it is.
final class Restores: Sendable {
    /// Names that are remembered.
    private static let limit = 64
    private let restores = Mutex<[(name: ByteString, restore: SnapshotRestore)]>([])

    func set(_ restore: SnapshotRestore, as name: ByteString) {
        restores.withLock { restores in
            restores.removeAll { $0.name == name }
            if restores.count >= Self.limit { restores.removeFirst() }
            restores.append((name, restore))
        }
    }

    func report(of name: ByteString) -> [UInt8] {
        restores.withLock { $0.first { $0.name == name }?.restore.report } ?? []
    }
}

/// The mount's `.vexfs/restore/`: an exported snapshot that is written to a name there becomes the collection of that
/// name. Nothing is listed.
final class RestoreDirectory: VirtualDirectory {
    static let name: ByteString = "restore"

    let key = "s/.vexfs/restore"
    private let tree: VirtualTree

    init(in tree: VirtualTree) { self.tree = tree }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o755, owner: tree.owner, modified: tree.mounted,
            isStable: true)
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        RestoreFile(name, key: "\(key)/\(name)", in: tree)
    }

    func entries() -> [VirtualEntry] { [] }
}

/// A name under `.vexfs/restore/`.
final class RestoreFile: VirtualFile {
    let key: String
    private let name: ByteString
    private let tree: VirtualTree

    init(_ name: ByteString, key: String, in tree: VirtualTree) { (self.name, self.key, self.tree) = (name, key, tree) }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFREG | 0o644, owner: tree.owner, modified: tree.mounted,
            isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        let (name, tree) = (name, tree)
        guard flags & O_ACCMODE != O_RDONLY else {
            return LiveFileHandle(path: key, in: operations) { tree.restores.report(of: name) }
        }
        let restore = try tree.store.restoreSnapshot(as: name)
        tree.restores.set(restore, as: name)
        return RestoreHandle(restore, path: key, in: operations)
    }
}

/// An exported snapshot being written. Data is taken in order; offsets mean nothing.
final class RestoreHandle: OpenHandle {
    let path: String
    private let restore: SnapshotRestore
    private let operations: Operations

    init(_ restore: SnapshotRestore, path: String, in operations: Operations) {
        (self.restore, self.path, self.operations) = (restore, path, operations)
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        request.reply(slice: restore.report, offset: offset, size: size)
    }

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        let copy = [UInt8](bytes)
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            var failure: VexFSError?
            copy.withUnsafeBytes { bytes in
                do throws(VexFSError) { try self.restore.append(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            request.reply(written: copy.count)
        }
    }

    func resize(to count: Int64) {}

    func flush(_ request: Request) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.restore.finish()
            request.reply(errno: 0)
        }
    }

    func sync(_ request: Request) throws(VexFSError) { try flush(request) }

    func release() {
        let restore = restore
        operations.pool.submit { restore.abandon() }
    }

    func abandon() { restore.abandon() }
}
