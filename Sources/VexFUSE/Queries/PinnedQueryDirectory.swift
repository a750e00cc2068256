import Glibc
import VexFS

/// A pinned query: a real, finite directory of links to the documents found when it was made or last touched.
final class PinnedQueryDirectory: VirtualDirectory {
    let key: String
    private let pins: PinnedQueries
    private let segments: [ByteString]
    private let name: ByteString
    private let result: PinnedResult

    init(_ pins: PinnedQueries, _ segments: [ByteString], _ name: ByteString, _ result: PinnedResult) {
        self.pins = pins
        self.segments = segments
        self.name = name
        self.result = result
        key = ([pins.scope.key, "query"] + (segments + [name]).map(\.string)).joined(separator: "/")
    }

    /// What is kept now: this object may be older than the last refresh.
    private func current() throws(VexFSError) -> PinnedQueryDirectory {
        guard let current = try pins.find(segments, name) else { throw Operations.gone }
        return current
    }

    private func link(_ link: PinnedResult.Link) -> VirtualLink {
        VirtualLink(
            key: "\(key)/\(link.name)", target: link.target, owner: pins.scope.owner(of: pins.tree),
            modified: result.refreshed, isStable: false)
    }

    func attributes() throws(VexFSError) -> VirtualAttributes {
        VirtualAttributes(
            mode: S_IFDIR | 0o755, owner: pins.scope.owner(of: pins.tree), modified: try current().result.refreshed,
            isStable: false)
    }

    func child(_ name: ByteString, for caller: Caller) throws(VexFSError) -> (any VirtualNode)? {
        let current = try current()
        return current.result.links.first { $0.name == name }.map(current.link)
    }

    func entries() throws(VexFSError) -> [VirtualEntry] {
        try current().result.links.map { VirtualEntry(name: $0.name, type: S_IFLNK, key: "\(key)/\($0.name)") }
    }

    func remove(_ name: ByteString) throws(VexFSError) {
        var kept = try current().result
        guard let index = kept.links.firstIndex(where: { $0.name == name }) else {
            throw VexFSError(.notFound, "no such result", at: name.string)
        }
        kept.links.remove(at: index)
        try pins.store(kept, segments, self.name)
    }

    func touch() throws(VexFSError) { _ = try pins.pin(segments, name) }
}
