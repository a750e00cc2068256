import Glibc
import VexFS

/// The worker threads of an embedded model, and what waits for them.
///
/// Texts of all callers are taken in micro-batches of one role, queries before documents. At its rests a micro-batch
/// of documents lets the queries pass that have come meanwhile, on the same thread, with no lock held: a query waits
/// for half a layer of documents and for queries before it. Threads sleep on a condition: nothing spins.
final class EmbeddingQueue: Sendable {
    /// What happens at a rest.
    typealias Pause = @Sendable () -> Void
    /// What a worker does with a micro-batch of token lists: one vector, or the failure, for each. It calls the second
    /// argument, if there is one, at its rests.
    typealias Work = @Sendable ([[Int32]], Pause?) -> [Result<[Float], VexFSError>]

    private let core: Core
    private let threads: [pthread_t]

    /// Starts the threads.
    /// - Parameters:
    ///   - threadCount: how many, at least one.
    ///   - batchTokens: the most tokens of a micro-batch; no text is longer.
    ///   - makeWork: called on each thread as it starts, for documents and for queries: a query may be computed in the
    ///     midst of documents.
    init(threadCount: Int, batchTokens: Int, makeWork: @escaping @Sendable () -> Work) {
        let core = Core(threadCount: threadCount, batchTokens: batchTokens, makeWork: makeWork)
        self.core = core
        threads = (0..<threadCount).compactMap { _ in
            var thread = pthread_t()
            let context = Unmanaged.passRetained(core)
            let status = pthread_create(&thread, nil, runWorker, context.toOpaque())
            if status != 0 { context.release() }
            return status == 0 ? thread : nil
        }
    }

    deinit {
        core.stop()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Embeds token lists in order; blocks until all are done.
    func embed(_ texts: [[Int32]], role: EmbeddingRole) -> [Result<[Float], VexFSError>] {
        guard !threads.isEmpty else {
            let failure = VexFSError(.embedderUnavailable, "No thread could be started for the embedding model.")
            return texts.map { _ in .failure(failure) }
        }
        let call = Call(count: texts.count)
        core.add(texts.enumerated().map { Job(tokens: $1, call: call, index: $0) }, role: role)
        return call.wait()
    }

    /// How many texts wait, not counting those being worked on.
    var waitingCount: Int { core.waitingCount }
}

private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // Signals belong to the threads that wait for them.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    guard let context else { return nil }
    Unmanaged<EmbeddingQueue.Core>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

extension EmbeddingQueue {
    /// One text and where its vector goes.
    struct Job: Sendable {
        var tokens: [Int32]
        var call: Call
        var index: Int
    }

    /// A caller's texts.
    final class Call: Sendable {
        private let state: Waitable<(results: [Result<[Float], VexFSError>?], missing: Int)>

        init(count: Int) { state = Waitable((Array(repeating: nil, count: count), count)) }

        func finish(_ index: Int, _ result: Result<[Float], VexFSError>) {
            let isLast = state.withLock { state in
                state.results[index] = result
                state.missing -= 1
                return state.missing == 0
            }
            if isLast { state.wakeAll() }
        }

        func wait() -> [Result<[Float], VexFSError>] {
            state.wait(until: { $0.missing == 0 }) { $0.results.compactMap { $0 } }
        }
    }

    /// What the threads share; it outlives the queue until the last thread has left.
    final class Core: Sendable {
        private struct State {
            var queries = Waiting()
            var documents = Waiting()
            var isStopping = false
        }

        private let state = Waitable(State())
        private let threadCount: Int
        private let batchTokens: Int
        private let makeWork: @Sendable () -> Work

        init(threadCount: Int, batchTokens: Int, makeWork: @escaping @Sendable () -> Work) {
            self.threadCount = threadCount
            self.batchTokens = batchTokens
            self.makeWork = makeWork
        }

        var waitingCount: Int { state.withLock { $0.queries.count + $0.documents.count } }

        func add(_ jobs: [Job], role: EmbeddingRole) {
            state.withLock { state in
                if role == .query { state.queries.append(jobs) } else { state.documents.append(jobs) }
            }
            if jobs.count == 1 { state.wakeOne() } else { state.wakeAll() }
        }

        func stop() {
            state.withLock { $0.isStopping = true }
            state.wakeAll()
        }

        func run() {
            let (queryWork, documentWork) = (makeWork(), makeWork())
            let letQueriesPass: Pause = { [self] in
                while let queries = waitingQueries() { finish(queries, queryWork(queries.map(\.tokens), nil)) }
            }
            while let (role, batch) = nextBatch() {
                let texts = batch.map(\.tokens)
                finish(batch, role == .query ? queryWork(texts, nil) : documentWork(texts, letQueriesPass))
            }
        }

        private func finish(_ batch: [Job], _ results: [Result<[Float], VexFSError>]) {
            for (job, result) in zip(batch, results) { job.call.finish(job.index, result) }
        }

        /// A micro-batch of queries; nil when none wait.
        private func waitingQueries() -> [Job]? {
            state.withLock { $0.queries.count > 0 ? $0.queries.take(batchTokens, sharedBy: threadCount) : nil }
        }

        /// Blocks for work; nil when the queue stops, which it only does when no caller waits any more.
        private func nextBatch() -> (role: EmbeddingRole, jobs: [Job])? {
            let (threadCount, batchTokens) = (threadCount, batchTokens)
            return state.wait(until: { $0.isStopping || $0.queries.count + $0.documents.count > 0 }) { state in
                if state.queries.count > 0 { return (.query, state.queries.take(batchTokens, sharedBy: threadCount)) }
                if state.documents.count > 0 {
                    return (.document, state.documents.take(batchTokens, sharedBy: threadCount))
                }
                return nil
            }
        }
    }

    /// Texts of one role, first come, first served.
    struct Waiting {
        private var jobs: [Job] = []
        private var head = 0
        private var tokenCount = 0

        var count: Int { jobs.count - head }

        mutating func append(_ more: [Job]) {
            jobs += more
            for job in more { tokenCount += job.tokens.count }
        }

        /// The next micro-batch: at most `limit` tokens, or less where the threads together have less to do, and always
        /// one text. O(texts taken), amortised.
        mutating func take(_ limit: Int, sharedBy threads: Int) -> [Job] {
            let share = min(limit, (tokenCount + threads - 1) / threads)
            var batch: [Job] = []
            var taken = 0
            while head < jobs.count, batch.isEmpty || taken + jobs[head].tokens.count <= share {
                taken += jobs[head].tokens.count
                batch.append(jobs[head])
                head += 1
            }
            tokenCount -= taken
            if head == jobs.count || head > 4096 {
                jobs.removeFirst(head)
                head = 0
            }
            return batch
        }
    }
}
