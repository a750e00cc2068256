import Synchronization
import VexFS

/// A search that is run again when documents came, and tells of those among them that it finds.
final class StandingQuery: Sendable {
    private struct State {
        /// The paths below the mount of documents that came since the last search.
        var news: Set<String> = []
        var isRunning = false
        var subscriptions: [(collection: Collection, number: UInt64)] = []
    }
    private let state = Mutex(State())
    private let request: QueryRequest
    private let scope: SearchScope
    private let log: EventLog
    private let operations: Operations

    init(_ request: QueryRequest, in scope: SearchScope, _ log: EventLog, _ operations: Operations) {
        self.request = request
        self.scope = scope
        self.log = log
        self.operations = operations
    }

    /// Begins to listen to the collections that the search looks at.
    func begin() {
        let collections: [Collection]
        switch scope {
        case .store: collections = operations.store.collections
        case .folder(let file): collections = [file.collection]
        }
        for collection in collections {
            let number = collection.changes.subscribe { [weak self, weak collection] changes in
                guard let directory = collection?.name.string else { return }
                self?.came(changes.filter { $0.kind == .put }.map { "\(directory)/\($0.path)" })
            }
            state.withLock { $0.subscriptions.append((collection, number)) }
        }
    }

    /// Listens no more.
    func end() {
        let subscriptions = state.withLock { state in
            defer { state.subscriptions = [] }
            return state.subscriptions
        }
        for subscription in subscriptions { subscription.collection.changes.unsubscribe(subscription.number) }
    }

    private func came(_ paths: [String]) {
        let begins = state.withLock { state in
            state.news.formUnion(paths)
            guard !state.news.isEmpty, !state.isRunning else { return false }
            state.isRunning = true
            return true
        }
        // The collection is being written to: a worker searches when that is done.
        if begins { operations.pool.submit { self.run() } }
    }

    /// Searches until nothing came meanwhile: one search for all that came during the last.
    private func run() {
        while true {
            let news = state.withLock { state in
                defer { state.news = [] }
                state.isRunning = !state.news.isEmpty
                return state.news
            }
            guard !news.isEmpty else { return }
            do throws(VexFSError) {
                var answer = try scope.search(request, in: operations.store)
                answer.hits = answer.hits.filter { news.contains($0.path) }
                guard !answer.hits.isEmpty else { continue }
                var acrossCollections = false
                if case .store = scope { acrossCollections = true }
                log.append(
                    AnswerRenderer(
                        answer: answer, request: request, mountRoot: operations.mountRoot,
                        acrossCollections: acrossCollections
                    ).render())
            } catch {
                log.append(JSON.object([.init("error", .string(error.description))]).compact + [0x0A])
            }
        }
    }
}
