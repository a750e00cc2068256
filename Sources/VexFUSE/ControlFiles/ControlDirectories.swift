import Glibc
import VexFS

/// A collection's `.vexfs/`.
final class CollectionControlDirectory: VirtualDirectory {
    let key: String
    private let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, in tree: VirtualTree) {
        self.collection = collection
        self.tree = tree
        key = "c\(collection.number)/.vexfs"
    }

    private static let names: [ByteString] = [
        "bulk", "config.json", "count", "errors.jsonl", "events", "export.jsonl", "fork", "ids.txt", "index",
        "info.json", "lasterr", "pending", "schema.json", "settle", "stats", "vectors.f32", "wait",
    ]

    private static let sessions: ByteString = "rpc"

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner(of: collection), modified: tree.mounted, isStable: true)
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        let key = "\(key)/\(name)"
        let content: ControlFileContent
        switch name {
        case "bulk":
            return StreamFile(collection, key: key, in: tree, isWritable: true) {
                [collection, tree] isWriter, operations in
                if isWriter { return BulkHandle(collection, path: key, tree: tree, in: operations) }
                let number = collection.number
                return LiveFileHandle(path: key, in: operations) { tree.bulkReports.report(of: number) }
            }
        case "export.jsonl":
            return StreamFile(collection, key: key, in: tree) { [collection] _, operations in
                StreamHandle(ExportLines(of: collection), path: key, in: operations)
            }
        case "trash": return TrashDirectory(collection, in: tree)
        case "wait", "settle":
            return StreamFile(collection, key: key, in: tree) { [collection] _, operations in
                WaitHandle(collection, path: key, includesIndex: name == "settle", in: operations)
            }
        case "events": return EventFile(changesOf: collection, key: key, in: tree)
        case "index": return IndexFile(collection, key: key, in: tree)
        case Self.sessions: return SessionDirectory(collection, key: key, in: tree)
        case "snapshots": return SnapshotDirectory(collection, in: tree)
        case "fork": content = .fork(collection, tree.store)
        case "config.json": content = .configuration(collection)
        case "count": content = .count(collection)
        case "errors.jsonl": content = .errors(collection)
        case "ids.txt": content = .identifiers(collection)
        case "info.json": content = .information(collection)
        case "lasterr": content = .lastErrors
        case "pending": content = .pending(collection)
        case "schema.json": content = .schema(collection)
        case "stats": content = .statistics(collection)
        case "vectors.f32": content = .vectors(collection)
        default: return nil
        }
        return ControlFile(content, key: key, in: tree)
    }

    func entries() -> [VirtualEntry] {
        Self.names.map { VirtualEntry(name: $0, type: S_IFREG, key: "\(key)/\($0)") }
            + [Self.sessions, "snapshots", "trash"].map { VirtualEntry(name: $0, type: S_IFDIR, key: "\(key)/\($0)") }
    }
}

/// The mount's `.vexfs/`.
final class StoreControlDirectory: VirtualDirectory {
    let key = "s/.vexfs"
    private let tree: VirtualTree

    init(in tree: VirtualTree) { self.tree = tree }

    private static let files: [(name: ByteString, content: ControlFileContent)] = [
        ("aliases.json", .aliases), ("config.json", .storeConfiguration), ("errors.jsonl", .allErrors),
        ("health", .health),
        ("lasterr", .lastErrors), ("metrics", .metrics), ("stats", .storeStatistics), ("version", .version),
    ]

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner, modified: tree.mounted,
            isStable: true)
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        switch name {
        case "rpc": SessionDirectory(nil, key: "\(key)/rpc", in: tree)
        case "db": DatabaseDirectory(in: tree)
        case RestoreDirectory.name: RestoreDirectory(in: tree)
        default:
            Self.files.first { $0.name == name }
                .map { ControlFile($0.content, key: "\(key)/\(name)", in: tree) }
        }
    }

    func entries() -> [VirtualEntry] {
        Self.files.map { VirtualEntry(name: $0.name, type: S_IFREG, key: "\(key)/\($0.name)") }
            + ["db", "rpc"].map { VirtualEntry(name: $0, type: S_IFDIR, key: "\(key)/\($0)") }
            + [VirtualEntry(name: RestoreDirectory.name, type: S_IFDIR, key: RestoreDirectory(in: tree).key)]
    }
}
