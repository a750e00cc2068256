import CFuseShim
import Glibc
import VexFS

/// A fixed number of threads that do what the reader thread must not wait for, first come, first served.
///
/// The queue needs no limit of its own: every job is a request that some caller waits for, so it is never longer than
/// the number of callers.
final class WorkerPool: Sendable {
    typealias Job = @Sendable () -> Void

    /// How many jobs that wait for something else may have a thread of their own at once.
    static let waitingJobsMax = 64

    private struct State {
        var queue: [Job] = []
        var head = 0
        var isClosed = false
        var threads: [pthread_t] = []
        var waitingJobs = 0

        mutating func next() -> Job? {
            guard head < queue.count else { return nil }
            let job = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            }
            return job
        }
    }

    private let state = Monitor(State())

    /// Starts the threads.
    /// - Throws: `inputOutput` when the system gives no thread.
    init(threads count: Int) throws(VexFSError) {
        for _ in 0..<max(1, count) {
            let thread = try Thread.start { [weak self] in
                vexfs_prepare_worker_thread()
                self?.work()
            }
            state.withLock { $0.threads.append(thread) }
        }
    }

    /// Requests that wait for a thread.
    var queueDepth: Int { state.withLock { $0.queue.count - $0.head } }

    /// Hands a job to the next free thread.
    func submit(_ job: @escaping Job) { state.update { $0.queue.append(job) } }

    /// Gives a job that waits for something else a thread of its own, so that it cannot starve those that work.
    /// - Throws: `busy` when ``waitingJobsMax`` such jobs are already waiting.
    func submitWaiting(_ job: @escaping Job) throws(VexFSError) {
        let admitted = state.withLock { state in
            guard state.waitingJobs < Self.waitingJobsMax, !state.isClosed else { return false }
            state.waitingJobs += 1
            return true
        }
        guard admitted else {
            throw VexFSError(.busy, "\(Self.waitingJobsMax) callers wait already: try again when one of them is done")
        }
        do throws(VexFSError) {
            let thread = try Thread.start { [state] in
                vexfs_prepare_worker_thread()
                job()
                state.update { $0.waitingJobs -= 1 }
            }
            pthread_detach(thread)
        } catch {
            state.update { $0.waitingJobs -= 1 }
            throw error
        }
    }

    /// Whether ``close()`` was called: jobs that wait must come to an end.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Does what is still queued, then ends the threads; returns when they and all waiting jobs have ended.
    func close() {
        let threads = state.update { state in
            state.isClosed = true
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { pthread_join(thread, nil) }
        state.wait { $0.waitingJobs == 0 ? () : nil }
    }

    private func work() {
        while true {
            let job: Job?? = state.wait { state in
                if let job = state.next() { return .some(job) }
                return state.isClosed ? .some(nil) : nil
            }
            guard case .some(.some(let run)) = job else { return }
            run()
        }
    }
}
