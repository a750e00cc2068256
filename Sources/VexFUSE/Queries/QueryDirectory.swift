import Glibc
import VexFS

/// `query/` and every `OPTIONS/` below it: a name is options (a directory) or a search (a file), unless it was pinned.
final class QueryDirectory: VirtualDirectory {
    let key: String
    private let scope: SearchScope
    private let segments: [ByteString]
    private let tree: VirtualTree

    init(_ scope: SearchScope, segments: [ByteString], in tree: VirtualTree) {
        self.scope = scope
        self.segments = segments
        self.tree = tree
        key = ([scope.key, "query"] + segments.map(\.string)).joined(separator: "/")
    }

    private var pins: PinnedQueries { PinnedQueries(scope, in: tree) }

    func attributes() -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o755, owner: scope.owner(of: tree), modified: tree.mounted,
            isStable: segments.isEmpty)
    }

    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        if segments.isEmpty {
            if name == SavedQueries.directoryName { return SavedQueryDirectory(scope, in: tree) }
            // "../query/k=5/x.md" in query/saved/ begins at query/: this makes it lead back here.
            if name == VirtualTree.query {
                return VirtualLink(
                    key: key + "/query", target: ".", owner: scope.owner(of: tree), modified: tree.mounted,
                    isStable: false)
            }
        }
        guard name.string.utf8.first != UInt8(ascii: ".") else { return nil }
        switch try QueryPath.classify(name) {
        case .options:
            try QueryParsing.checkOptions(segments + [name])
            return QueryDirectory(scope, segments: segments + [name], in: tree)
        case .text:
            if let pin = try pins.find(segments, name) { return pin }
            if CallerSystemCall.isCreating(caller.process) { return nil }
            if let standing = EventFile.standingQuery(name) {
                let request = try QueryParsing.request(segments + [standing], in: scope)
                return EventFile(of: request, in: scope, key: "\(key)/\(name)", tree)
            }
            let request = try QueryParsing.request(segments + [name], in: scope)
            return QueryFile(scope, request: request, key: "\(key)/\(name)", in: tree)
        }
    }

    func entries() throws(VexFSError) -> [VirtualEntry] {
        var entries: [VirtualEntry] = []
        for name in try pins.names(below: segments) {
            entries.append(VirtualEntry(name: name, type: S_IFDIR, key: "\(key)/\(name)"))
        }
        if segments.isEmpty, try !SavedQueries(scope, in: tree).all().isEmpty {
            let name = SavedQueries.directoryName
            entries.append(VirtualEntry(name: name, type: S_IFDIR, key: "\(key)/\(name)"))
        }
        return entries
    }

    func makeDirectory(_ name: ByteString) throws(VexFSError) -> any VirtualNode {
        guard name.count <= 255 else {
            throw VexFSError(.nameTooLong, "a pinned query's name has at the most 255 bytes")
        }
        guard name.string.utf8.first != UInt8(ascii: "."), try QueryPath.classify(name) == .text else {
            throw VexFSError(.invalidQuery, "options need no mkdir: pin a text, as in \"k=5/refunds\"", at: name.string)
        }
        return try pins.pin(segments, name)
    }

    func removeDirectory(_ name: ByteString) throws(VexFSError) {
        guard try pins.find(segments, name) != nil else {
            throw VexFSError(.notFound, "no such pinned query", at: name.string)
        }
        try pins.unpin(segments, name)
    }

    func remove(_ name: ByteString) throws(VexFSError) {
        throw VexFSError(.notPermitted, "a search is no file that could be removed", at: name.string)
    }

    func makeSymlink(_ name: ByteString, target: [UInt8]) throws(VexFSError) -> any VirtualNode {
        throw VexFSError(.notPermitted, "named queries go into query/saved/", at: name.string)
    }

    func rename(_ name: ByteString, to newName: ByteString, mode: RenameMode) throws(VexFSError) {
        throw VexFSError(.notPermitted, "a pinned query's name is its text: pin another one", at: name.string)
    }
}
