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
        var isClosed = false
        var threads: [pthread_t] = []
        var waitingJobs = 0
    }

    private let state = Monitor(State())
    private let jobs = JobQueue()

    /// Starts the threads.
    /// - Throws: `inputOutput` when the system gives no thread.
    init(threads count: Int) throws(VexFSError) {
        for _ in 0..<max(1, count) {
            let thread = try Thread.start { [jobs] in
                vexfs_prepare_worker_thread()
                while let job = jobs.next() { job() }
            }
            state.withLock { $0.threads.append(thread) }
        }
    }

    deinit { jobs.close() }

    /// Requests that wait for a thread.
    var queueDepth: Int { jobs.count }

    /// Hands a job to the next free thread.
    func submit(_ job: @escaping Job) { jobs.append(job) }

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
        jobs.close()
        let threads = state.update { state in
            state.isClosed = true
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { pthread_join(thread, nil) }
        state.wait { $0.waitingJobs == 0 ? () : nil }
    }
}

/// A queue on which threads wait. Unlike a `Monitor`, it wakes one thread a job.
final class JobQueue: @unchecked Sendable {
    // @unchecked: what is mutable is touched only between lock and unlock of `mutex`. Contract of the pointers:
    // allocated and initialised in `init`, never moved, destroyed in `deinit`, when no thread can wait any more.
    private var jobs: [WorkerPool.Job] = []
    private var head = 0
    private var isClosed = false
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(arrived, nil)
    }

    deinit {
        pthread_cond_destroy(arrived)
        pthread_mutex_destroy(mutex)
        arrived.deallocate()
        mutex.deallocate()
    }

    /// Jobs that no thread has taken.
    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return jobs.count - head
    }

    /// Adds a job and wakes a thread for it.
    func append(_ job: @escaping WorkerPool.Job) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        // Signalled after the unlock: the woken thread would only wait for the lock.
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(arrived)
    }

    /// Waits for a job; nil when the queue is closed and empty.
    func next() -> WorkerPool.Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while head == jobs.count {
            if isClosed { return nil }
            pthread_cond_wait(arrived, mutex)
        }
        let job = jobs[head]
        head += 1
        if head == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            head = 0
        } else if head == 1024 {
            // Jobs that were taken keep their captures alive while others queue behind them.
            jobs.removeFirst(head)
            head = 0
        }
        return job
    }

    /// Lets threads end when nothing is left to do.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_mutex_unlock(mutex)
        pthread_cond_broadcast(arrived)
    }
}
