import Synchronization

/// One change of a collection's documents.
public struct CollectionChange: Sendable, Equatable {
    /// What happened.
    public enum Kind: String, Sendable {
        /// The document is new, or has a new version.
        case put
        /// It is gone.
        case remove
        /// It, or a folder, has another path.
        case rename
    }

    /// What happened.
    public var kind: Kind
    /// The document's id; of a folder its path.
    public var id: ByteString
    /// The path below the collection.
    public var path: String
    /// The path before a rename.
    public var former: String?
    /// Counts the document's commits.
    public var version: UInt64
    /// Nanoseconds since 1970.
    public var time: Int64
}

/// Tells whoever wants to know what happens to a collection's documents. Costs nothing while nobody does.
public final class ChangeFeed: Sendable {
    /// Hears of changes in their order. It is called while the change is being made: it must be short, and must not
    /// call the collection, but for its name.
    public typealias Subscriber = @Sendable ([CollectionChange]) -> Void

    private struct State {
        var subscribers: [UInt64: Subscriber] = [:]
        var next: UInt64 = 1
    }
    private let state = Mutex(State())
    private let isHeard = Atomic<Bool>(false)

    /// Whether anybody listens.
    var hasSubscribers: Bool { isHeard.load(ordering: .acquiring) }

    /// Begins to tell of changes; the number ends it.
    public func subscribe(_ subscriber: @escaping Subscriber) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.subscribers[state.next] = subscriber
            isHeard.store(true, ordering: .releasing)
            return state.next
        }
    }

    /// Ends it.
    public func unsubscribe(_ number: UInt64) {
        state.withLock { state in
            state.subscribers[number] = nil
            isHeard.store(!state.subscribers.isEmpty, ordering: .releasing)
        }
    }

    func publish(_ changes: @autoclosure () -> [CollectionChange]) {
        guard hasSubscribers else { return }
        let changes = changes()
        guard !changes.isEmpty else { return }
        let subscribers = state.withLock { Array($0.subscribers.values) }
        for subscriber in subscribers { subscriber(changes) }
    }
}

extension Collection {
    /// What is told of new versions.
    func puts(_ versions: [FileRecord]) -> [CollectionChange] {
        versions.compactMap { version in
            let file = version.attributes
            guard file.kind == .document, file.row != nil, let path = path(of: file.number) else { return nil }
            return CollectionChange(
                kind: .put, id: identifier(of: file.number), path: path, version: file.version, time: file.changed)
        }
    }

    /// What is told of documents that go; to be asked before they are gone, and nothing where nobody listens.
    func removals(_ files: [FileAttributes]) -> [CollectionChange] {
        guard changes.hasSubscribers else { return [] }
        let now = SystemCall.now()
        return files.compactMap { file in
            guard file.row != nil, let path = path(of: file.number) else { return nil }
            return CollectionChange(
                kind: .remove, id: identifier(of: file.number), path: path, version: file.version, time: now)
        }
    }
}
