import Glibc
import VexFS

/// `.by/`: the fields of a collection's metadata.
final class FacetDirectory: VirtualDirectory {
    let key: String
    private let collection: Collection
    private let tree: VirtualTree

    init(_ collection: Collection, in tree: VirtualTree) {
        self.collection = collection
        self.tree = tree
        key = "c\(collection.number)/.by"
    }

    var looksUpSlowly: Bool { true }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner(of: collection), modified: tree.mounted, isStable: false)
    }

    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        guard let field = VirtualName.decode(name),
            try collection.facetFields().contains(where: { ByteString($0) == field })
        else { return nil }
        return FacetFieldDirectory(collection, field: field.string, in: tree)
    }

    func entries() throws(VexFSError) -> [VirtualEntry] {
        try collection.facetFields().compactMap { field in
            let name = VirtualName.encode(field, escapingPercent: true)
            return name.utf8.count > 255
                ? nil : VirtualEntry(name: ByteString(name), type: S_IFDIR, key: "\(key)/\(field)")
        }
    }
}

/// `.by/FIELD/`: the values that occur.
final class FacetFieldDirectory: VirtualDirectory {
    let key: String
    private let collection: Collection
    private let field: String
    private let tree: VirtualTree

    init(_ collection: Collection, field: String, in tree: VirtualTree) {
        self.collection = collection
        self.field = field
        self.tree = tree
        key = "c\(collection.number)/.by/\(field)"
    }

    var looksUpSlowly: Bool { true }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner(of: collection), modified: tree.mounted, isStable: false)
    }

    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        guard let value = VirtualName.decode(name), try !collection.files(withField: field, value: value).isEmpty else {
            return nil
        }
        return FacetValueDirectory(collection, field: field, value: value, in: tree)
    }

    func entries() throws(VexFSError) -> [VirtualEntry] {
        try collection.facetValues(of: field).compactMap { facet in
            // An empty value and one too long for a name can be searched for, but not listed.
            let name = VirtualName.encode(facet.value.string, escapingPercent: true)
            guard !name.isEmpty, name.utf8.count <= 255 else { return nil }
            return VirtualEntry(name: ByteString(name), type: S_IFDIR, key: "\(key)/\(facet.value)/")
        }
    }
}

/// `.by/FIELD/VALUE/`: links to the documents.
final class FacetValueDirectory: VirtualDirectory {
    let key: String
    private let collection: Collection
    private let field: String
    private let value: ByteString
    private let tree: VirtualTree

    init(_ collection: Collection, field: String, value: ByteString, in tree: VirtualTree) {
        self.collection = collection
        self.field = field
        self.value = value
        self.tree = tree
        key = "c\(collection.number)/.by/\(field)/\(value)/"
    }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o555, owner: tree.owner(of: collection), modified: tree.mounted, isStable: false)
    }

    /// A name leads to its document without asking for all the others: it is the document's path.
    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        guard let path = FacetLinkName.path(name), let target = file(at: path) else { return nil }
        let attributes = collection.attributes(of: target)
        return VirtualLink(
            key: key + path, target: "../../../" + path, owner: tree.owner(of: collection),
            modified: attributes?.modified ?? tree.mounted, isStable: false)
    }

    func entries() throws(VexFSError) -> [VirtualEntry] {
        try collection.files(withField: field, value: value).compactMap { number in
            guard let path = collection.path(of: number), let name = FacetLinkName.name(path) else { return nil }
            return VirtualEntry(name: name, type: S_IFLNK, key: key + path)
        }
    }

    private func file(at path: String) -> FileNumber? {
        var number = Collection.rootNumber
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard let found = collection.lookup(ByteString(String(part)), in: number) else { return nil }
            number = found.number
        }
        return number
    }
}

/// The name of a link to a document: its path, with what a name cannot hold escaped.
enum FacetLinkName {
    /// nil when the name would be longer than 255 bytes.
    static func name(_ path: String) -> ByteString? {
        let name = VirtualName.encode(path, escapingPercent: true)
        return name.utf8.count <= 255 ? ByteString(name) : nil
    }

    static func path(_ name: ByteString) -> String? { VirtualName.decode(name)?.string }
}
