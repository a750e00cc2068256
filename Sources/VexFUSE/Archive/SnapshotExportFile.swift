import Glibc
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
            mode: S_IFREG | 0o444, owner: owner, modified: modified, isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        guard flags & O_ACCMODE == O_RDONLY else {
            throw VexFSError(
                .accessDenied, "an export can only be read: .vexfs/restore/NAME in the root takes one back", at: key)
        }
        return StreamHandle(try SnapshotExport(of: snapshot), path: key, in: operations)
    }
}

extension SnapshotExport: StreamSource {}
