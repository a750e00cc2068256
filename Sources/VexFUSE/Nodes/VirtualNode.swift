import Glibc
import VexFS

/// What `stat` shows of a virtual node.
struct VirtualAttributes: Sendable {
    /// `S_IFDIR`, `S_IFREG` or `S_IFLNK` with the permission bits.
    var mode: UInt32
    var size: Int64 = 0
    var owner: VirtualOwner
    /// Nanoseconds since 1970.
    var modified: Int64
    /// Whether name and attributes may be cached; live nodes may not.
    var isStable: Bool
}

/// A node that is not in a collection's namespace: searches, facets, control files.
protocol VirtualNode: AnyObject, Sendable {
    /// A path-like name that no other node has and that is the same in every mount.
    var key: String { get }
    /// What `stat` shows. Cheap: never a search, never an embedding.
    func attributes() throws(VexFSError) -> VirtualAttributes
}

/// A virtual node with extended attributes.
protocol AttributedNode: VirtualNode {
    /// The names with their values.
    func extendedAttributes() throws(VexFSError) -> [(name: String, value: [UInt8])]
}

/// One line of a virtual directory's listing.
struct VirtualEntry: Sendable {
    var name: ByteString
    /// `S_IFDIR`, `S_IFREG` or `S_IFLNK`.
    var type: UInt32
    /// The key of the node that the name leads to, for its inode number.
    var key: String
}

/// A virtual node that holds others.
protocol VirtualDirectory: VirtualNode {
    /// Whether ``child(_:for:)`` may take longer than a request on the reader thread should.
    var looksUpSlowly: Bool { get }
    /// The node under a name, or nil.
    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)?
    /// What a listing shows.
    func entries() throws(VexFSError) -> [VirtualEntry]
    /// mkdir.
    func makeDirectory(_ name: ByteString) throws(VexFSError) -> any VirtualNode
    /// symlink.
    func makeSymlink(_ name: ByteString, target: [UInt8]) throws(VexFSError) -> any VirtualNode
    /// unlink.
    func remove(_ name: ByteString) throws(VexFSError)
    /// rmdir.
    func removeDirectory(_ name: ByteString) throws(VexFSError)
    /// rename within this directory.
    func rename(_ name: ByteString, to newName: ByteString, mode: RenameMode) throws(VexFSError)
    /// utimens: what can be refreshed is.
    func touch() throws(VexFSError)
}

extension VirtualDirectory {
    var looksUpSlowly: Bool { false }
    func makeDirectory(_ name: ByteString) throws(VexFSError) -> any VirtualNode { throw refusal(name) }
    func makeSymlink(_ name: ByteString, target: [UInt8]) throws(VexFSError) -> any VirtualNode { throw refusal(name) }
    func remove(_ name: ByteString) throws(VexFSError) { throw refusal(name) }
    func removeDirectory(_ name: ByteString) throws(VexFSError) { throw refusal(name) }
    func rename(_ name: ByteString, to newName: ByteString, mode: RenameMode) throws(VexFSError) { throw refusal(name) }
    func touch() throws(VexFSError) {}

    private func refusal(_ name: ByteString) -> VexFSError {
        VexFSError(
            .notPermitted, "the files here are made by VexFS and cannot be made, moved or removed", at: name.string)
    }
}

/// A virtual node with content.
protocol VirtualFile: VirtualNode {
    /// Whether a truncation means something, and what: nothing is written afterwards.
    func truncate() throws(VexFSError)
    /// Opens the file.
    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle
}

extension VirtualFile {
    func truncate() throws(VexFSError) {}
}

/// A symbolic link that is not in a collection's namespace.
final class VirtualLink: VirtualNode {
    let key: String
    /// The bytes of the link.
    let target: [UInt8]
    private let modified: Int64
    private let owner: VirtualOwner
    private let isStable: Bool

    init(key: String, target: String, owner: VirtualOwner, modified: Int64, isStable: Bool) {
        self.key = key
        self.target = Array(target.utf8)
        self.owner = owner
        self.modified = modified
        self.isStable = isStable
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFLNK | 0o777, size: Int64(target.count), owner: owner,
            modified: modified, isStable: isStable)
    }
}

/// Whose a virtual node is: the owner of the directory that it belongs to.
struct VirtualOwner: Sendable {
    var user: UInt32 = 0
    var group: UInt32 = 0
}
