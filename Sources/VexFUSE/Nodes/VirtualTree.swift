import Glibc
import VexFS

/// The names that VexFS adds to a store. All but the root's `AGENTS.md` are found by name only and never listed, so
/// that a recursive walker meets documents and nothing else.
final class VirtualTree: Sendable {
    let store: Store
    let errors: LastErrors
    /// When the mount was made: the time of nodes that have none of their own.
    let mounted = Clock.now()
    /// Who owns what belongs to the store as a whole.
    let owner = VirtualOwner(user: getuid(), group: getgid())
    let bulkReports = BulkReports()
    let events = EventLogs()
    let restores = Restores()

    init(store: Store, errors: LastErrors) {
        self.store = store
        self.errors = errors
    }

    /// Whose the virtual nodes of a collection are: its directory's owner; without one the owner of the store.
    func owner(of collection: Collection?) -> VirtualOwner {
        guard let root = collection?.attributes(of: Collection.rootNumber) else { return owner }
        return VirtualOwner(user: root.owner, group: root.group)
    }

    static let query: ByteString = "query"
    static let facets: ByteString = ".by"
    static let control: ByteString = ".vexfs"
    static let overview: ByteString = ".overview.md"
    static let instructions: ByteString = "AGENTS.md"
    private static let aliases: Set<ByteString> = ["documents", "points"]

    /// A virtual name of the root, or nil.
    func rootChild(_ name: ByteString) throws(VexFSError) -> (any VirtualNode)? {
        switch name {
        case Self.query: QueryDirectory(.store, segments: [], in: self)
        case Self.control: StoreControlDirectory(in: self)
        case Self.instructions: ControlFile(.instructions, key: "s/AGENTS.md", in: self)
        default: snapshotLink(name)
        }
    }

    /// A name that no file of a collection can have, or nil.
    func reservedChild(_ name: ByteString, of directory: CollectionFile) -> (any VirtualNode)? {
        // Every lookup comes through here: all reserved names begin with "q" or ".".
        guard let first = name.string.utf8.first, first == 0x71 || first == 0x2E else { return nil }
        let scope = SearchScope.folder(directory)
        switch name {
        case Self.query: return QueryDirectory(scope, segments: [], in: self)
        case Self.facets where directory.isCollection: return FacetDirectory(directory.collection, in: self)
        case Self.control where directory.isCollection:
            return CollectionControlDirectory(directory.collection, in: self)
        case Self.overview where directory.isCollection:
            return ControlFile(.overview(directory.collection), key: "\(scope.key)/.overview.md", in: self)
        default: return nil
        }
    }

    /// `documents`, `points` and `vectors` of a collection, for paths of the original layout; a real file of that name
    /// goes first.
    func aliasChild(_ name: ByteString, of directory: CollectionFile, for caller: Caller) -> (any VirtualNode)? {
        guard directory.isCollection, name == VectorsDirectory.name || Self.aliases.contains(name),
            !CallerSystemCall.isCreating(caller.process)
        else { return nil }
        if name == VectorsDirectory.name { return VectorsDirectory(directory.collection, in: self) }
        let key = "c\(directory.collection.number)/alias/\(name)"
        return VirtualLink(key: key, target: ".", owner: owner, modified: mounted, isStable: false)
    }

    /// What the root lists beyond the collections.
    var rootEntries: [VirtualEntry] {
        [VirtualEntry(name: Self.instructions, type: S_IFREG, key: "s/AGENTS.md")]
    }
}
