import Glibc
import VexFS
import VexService

/// `.vexfs/db/`, `.vexfs/db/TENANT/` and `.vexfs/db/TENANT/DATABASE/`: collections by the tenant and database that they
/// belong to, as links to their directories. The word for a default tenant or database is `default`.
final class DatabaseDirectory: VirtualDirectory {
    let key: String
    private let words: [String]
    private let tree: VirtualTree

    /// The directory below which the words lead.
    init(_ words: [String] = [], in tree: VirtualTree) {
        self.words = words
        self.tree = tree
        key = (["s/.vexfs/db"] + words).joined(separator: "/")
    }

    private static let standard = "default"

    /// The name of a tenant or database here: escaped as in the directories' names, so that each has one and every one
    /// can be listed. One that is called `default` is not the default one.
    private static func shown(_ word: String) -> String {
        switch word {
        case "": standard
        case standard: "%64efault"
        default: CollectionAddress(name: word).directory.string
        }
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner, modified: tree.mounted,
            isStable: true)
    }

    /// The collections below this directory.
    private var addresses: [CollectionAddress] {
        tree.store.collections.map { CollectionAddress(directory: $0.name) }.filter { address in
            zip(words, [address.tenant, address.database]).allSatisfy { $0 == Self.shown($1) }
        }
    }

    func child(_ name: ByteString, for caller: Caller) -> (any VirtualNode)? {
        guard name.string.utf8.first != UInt8(ascii: ".") else { return nil }
        guard words.count == 2 else { return DatabaseDirectory(words + [name.string], in: tree) }
        guard let address = addresses.first(where: { Self.fileName(of: $0) == name }) else { return nil }
        return VirtualLink(
            key: "\(key)/\(name)", target: "../../../../\(address.directory)", owner: tree.owner,
            modified: tree.mounted, isStable: false)
    }

    /// The link's name: that of a plain collection's directory, which is always a name.
    private static func fileName(of address: CollectionAddress) -> ByteString {
        address.isDefault ? address.directory : CollectionAddress(name: address.name).directory
    }

    func entries() -> [VirtualEntry] {
        let names: Set<ByteString>
        switch words.count {
        case 0: names = Set(addresses.map { ByteString(Self.shown($0.tenant)) })
        case 1: names = Set(addresses.map { ByteString(Self.shown($0.database)) })
        default: names = Set(addresses.map { Self.fileName(of: $0) })
        }
        return names.sorted().map { name in
            VirtualEntry(name: name, type: words.count == 2 ? S_IFLNK : S_IFDIR, key: "\(key)/\(name)")
        }
    }
}
