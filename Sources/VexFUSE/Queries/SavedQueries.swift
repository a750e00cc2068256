import Glibc
import VexFS

/// The queries that people gave names: symbolic links in `query/saved/`, kept as properties.
struct SavedQueries: Sendable {
    static let directoryName: ByteString = "saved"
    static let targetBytesMax = 4095

    let scope: SearchScope
    let tree: VirtualTree

    init(_ scope: SearchScope, in tree: VirtualTree) {
        self.scope = scope
        self.tree = tree
    }

    private var prefix: String { "saved/\(scope.folderNumber)/" }

    /// The target of a name, or nil.
    func target(_ name: ByteString) throws(VexFSError) -> String? {
        try tree.store.property(prefix + name.string, of: scope.propertyOwner).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Sets or removes a target.
    func set(_ name: ByteString, to target: [UInt8]?) throws(VexFSError) {
        try tree.store.setProperty(prefix + name.string, of: scope.propertyOwner, to: target)
    }

    /// All names.
    func all() throws(VexFSError) -> [ByteString] {
        try tree.store.properties(withPrefix: prefix, of: scope.propertyOwner)
            .map { ByteString(String(decoding: $0.key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)) }
    }
}

/// `query/saved/`.
final class SavedQueryDirectory: VirtualDirectory {
    let key: String
    private let saved: SavedQueries

    init(_ scope: SearchScope, in tree: VirtualTree) {
        saved = SavedQueries(scope, in: tree)
        key = "\(scope.key)/query/saved"
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o755, owner: saved.scope.owner(of: saved.tree), modified: saved.tree.mounted,
            isStable: true)
    }

    private func link(_ name: ByteString, _ target: String) -> VirtualLink {
        VirtualLink(
            key: "\(key)/\(name)", target: target, owner: saved.scope.owner(of: saved.tree),
            modified: saved.tree.mounted, isStable: false)
    }

    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        try saved.target(name).map { link(name, $0) }
    }

    func entries() throws(VexFSError) -> [VirtualEntry] {
        try saved.all().map { VirtualEntry(name: $0, type: S_IFLNK, key: "\(key)/\($0)") }
    }

    func makeSymlink(_ name: ByteString, target: [UInt8]) throws(VexFSError) -> any VirtualNode {
        guard target.count <= SavedQueries.targetBytesMax, let text = String(validating: target, as: UTF8.self) else {
            throw VexFSError(.invalidArgument, "a link's target is UTF-8 of at the most 4095 bytes", at: name.string)
        }
        guard try saved.target(name) == nil else {
            throw VexFSError(.alreadyExists, "a query of this name is saved already", at: name.string)
        }
        try saved.set(name, to: target)
        return link(name, text)
    }

    func remove(_ name: ByteString) throws(VexFSError) {
        guard try saved.target(name) != nil else {
            throw VexFSError(.notFound, "no query of this name is saved", at: name.string)
        }
        try saved.set(name, to: nil)
    }

    func rename(_ name: ByteString, to newName: ByteString, mode: RenameMode) throws(VexFSError) {
        guard mode != .exchange else { throw VexFSError(.invalidArgument, "saved queries cannot be exchanged") }
        guard let target = try saved.target(name) else {
            throw VexFSError(.notFound, "no query of this name is saved", at: name.string)
        }
        if mode == .noReplace, try saved.target(newName) != nil {
            throw VexFSError(.alreadyExists, "a query of this name is saved already", at: newName.string)
        }
        try saved.set(newName, to: Array(target.utf8))
        if name != newName { try saved.set(name, to: nil) }
    }
}
