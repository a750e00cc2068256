import VexFS

/// What a query directory searches: the whole store, or a folder of a collection.
enum SearchScope: Sendable {
    case store
    case folder(CollectionFile)

    /// The owner of persisted properties: the collection's number, or 0 for the store.
    var propertyOwner: UInt32 {
        switch self {
        case .store: 0
        case .folder(let file): file.collection.number
        }
    }

    /// A prefix for keys that is the same in every mount, also after the folder was renamed.
    var key: String {
        switch self {
        case .store: "s"
        case .folder(let file): "c\(file.collection.number)/\(file.number)"
        }
    }

    /// The number of the folder within its collection, for property keys.
    var folderNumber: FileNumber {
        switch self {
        case .store: 0
        case .folder(let file): file.number
        }
    }

    /// The folder's path within its collection.
    /// - Throws: `notFound` when the folder is gone.
    func folderPath() throws(VexFSError) -> String {
        switch self {
        case .store: return ""
        case .folder(let file):
            guard let path = file.collection.path(of: file.number) else { throw Operations.gone }
            return path
        }
    }

    /// The scope's own directory below the mount, "" for the root.
    func mountPath() throws(VexFSError) -> String {
        switch self {
        case .store: return ""
        case .folder(let file):
            let below = try folderPath()
            return below.isEmpty ? file.collection.name.string : "\(file.collection.name)/\(below)"
        }
    }

    /// Whose the virtual nodes of this scope are.
    func owner(of tree: VirtualTree) -> VirtualOwner {
        switch self {
        case .store: tree.owner
        case .folder(let file):
            file.collection.attributes(of: file.number)
                .map { VirtualOwner(user: $0.owner, group: $0.group) } ?? tree.owner
        }
    }

    /// - Throws: `readOnly` in a snapshot.
    func requireWritable() throws(VexFSError) {
        if case .folder(let file) = self { try file.collection.requireWritable() }
    }

    /// Runs a search.
    func search(_ request: QueryRequest, in store: Store) throws(VexFSError) -> SearchAnswer {
        switch self {
        case .store: try store.search(request)
        case .folder(let file): try file.collection.search(request)
        }
    }
}
