import Glibc
import VexFS

/// `.vexfs/events`, or `query/….events`: a log that grows while it is open.
final class EventFile: VirtualFile {
    let key: String
    private let tree: VirtualTree
    private let owner: VirtualOwner
    private let subject: Subject

    private enum Subject {
        case changes(Collection)
        case query(QueryRequest, SearchScope)
    }

    /// How many lines are made at once, so that a change of a million documents takes no more memory than the log.
    private static let step = 4096

    /// Every change of a collection's documents.
    init(changesOf collection: Collection, key: String, in tree: VirtualTree) {
        subject = .changes(collection)
        owner = tree.owner(of: collection)
        self.key = key
        self.tree = tree
    }

    /// What a search would answer of that which comes.
    init(of request: QueryRequest, in scope: SearchScope, key: String, _ tree: VirtualTree) {
        subject = .query(request, scope)
        owner = scope.owner(of: tree)
        self.key = key
        self.tree = tree
    }

    /// The search that the name of a standing query asks for; nil for every other name.
    static func standingQuery(_ name: ByteString) -> ByteString? {
        let suffix = ".events"
        guard name.string.hasSuffix(suffix), name.count > suffix.utf8.count else { return nil }
        return ByteString(String(name.string.dropLast(suffix.count)))
    }

    func attributes() -> VirtualAttributes {
        let size = tree.events.log(key)?.size
        return VirtualAttributes(
            mode: S_IFREG | 0o444, size: size?.end ?? 0, owner: owner,
            modified: size?.modified ?? tree.mounted, isStable: false)
    }

    func open(flags: Int32, caller: Caller, in operations: Operations) throws(VexFSError) -> any OpenHandle {
        guard flags & O_ACCMODE == O_RDONLY else {
            throw VexFSError(.accessDenied, "events can only be read", at: key)
        }
        let log: EventLog
        switch subject {
        case .changes(let collection):
            log = tree.events.open(key, operations.kernel) { log in
                let number = collection.changes.subscribe { [weak collection] changes in
                    // Its name as it is now: the directory may have been renamed since the file was opened.
                    guard let directory = collection?.name.string else { return }
                    for start in stride(from: 0, to: changes.count, by: Self.step) {
                        let part = changes[start..<min(changes.count, start + Self.step)]
                        log.append(part.flatMap { $0.line(in: directory) })
                    }
                }
                return { collection.changes.unsubscribe(number) }
            }
        case .query(let request, let scope):
            log = tree.events.open(key, operations.kernel) { log in
                let query = StandingQuery(request, in: scope, log, operations)
                query.begin()
                return { query.end() }
            }
        }
        let (events, key) = (tree.events, key)
        return EventHandle(log, path: key) { events.close(key) }
    }
}

extension CollectionChange {
    /// The line that tells of it.
    fileprivate func line(in directory: String) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("event", .string(kind.rawValue)), .init("id", .string(id.string)),
            .init("file", .string("\(directory)/\(path)")),
        ]
        if let former { members.append(.init("from", .string("\(directory)/\(former)"))) }
        members.append(.init("version", .integer(Int64(clamping: version))))
        members.append(.init("time", .string(Timestamp.text(time))))
        return JSON.object(members).compact + [0x0A]
    }
}
