/// The operations; numbers and names never change their meaning.
public enum WireOperation: UInt16, Sendable, CaseIterable {
    case hello = 1
    case collectionCreate = 0x10
    case collectionGet = 0x11
    case collectionList = 0x12
    case collectionUpdate = 0x13
    case collectionDelete = 0x14
    case collectionRename = 0x15
    case collectionFork = 0x16
    case collectionForks = 0x17
    case aliasUpdate = 0x18
    case aliasList = 0x19
    case upsert = 0x20
    case add = 0x21
    case update = 0x22
    case delete = 0x23
    case get = 0x24
    case count = 0x25
    case query = 0x26
    case scroll = 0x27
    case facet = 0x28
    case embed = 0x29
    case matrix = 0x2A
    case payloadSet = 0x30
    case payloadOverwrite = 0x31
    case payloadDelete = 0x32
    case payloadClear = 0x33
    case vectorsUpdate = 0x38
    case vectorsDelete = 0x39
    case indexCreate = 0x40
    case indexDrop = 0x41
    case snapshotCreate = 0x48
    case snapshotList = 0x49
    case snapshotDelete = 0x4A
    case stats = 0x50
    case wait = 0x51
    case batch = 0x52
    case tenantCreate = 0x60
    case tenantGet = 0x61
    case tenantList = 0x62
    case tenantUpdate = 0x63
    case tenantDelete = 0x64
    case databaseCreate = 0x68
    case databaseGet = 0x69
    case databaseList = 0x6A
    case databaseDelete = 0x6B

    /// The name that JSON uses: `collection.create`.
    public var name: String {
        let words = String(describing: self)
        for group in Self.groups where words.hasPrefix(group) && words.utf8.count > group.utf8.count {
            return group + "." + words.dropFirst(group.count).lowercased()
        }
        return words
    }

    private static let groups = [
        "collection", "alias", "payload", "vectors", "index", "snapshot", "tenant", "database",
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// The operation of a name.
    public init?(name: String) {
        guard let operation = Self.byName[name] else { return nil }
        self = operation
    }
}
