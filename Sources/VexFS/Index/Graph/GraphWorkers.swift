import Glibc
import Synchronization

/// Splits the work of a build over a few threads.
struct GraphWorkers: Sendable {
    /// How many threads, the caller's included.
    let threads: Int
    /// Asked between pieces of work; a build that is told to stop throws.
    let isCancelled: @Sendable () -> Bool

    private final class Job: Sendable {
        let count: Int
        let chunk: Int
        let next = Atomic<Int>(0)
        let isStopped = Atomic<Bool>(false)
        let isCancelled: @Sendable () -> Bool
        let body: @Sendable (_ range: Range<Int>, _ worker: Int) -> Void

        init(
            count: Int, chunk: Int, isCancelled: @escaping @Sendable () -> Bool,
            body: @escaping @Sendable (Range<Int>, Int) -> Void
        ) {
            self.count = count
            self.chunk = chunk
            self.isCancelled = isCancelled
            self.body = body
        }

        func run(worker: Int) {
            while !isStopped.load(ordering: .relaxed) {
                let start = next.wrappingAdd(chunk, ordering: .relaxed).oldValue
                guard start < count else { return }
                if isCancelled() { return isStopped.store(true, ordering: .relaxed) }
                body(start..<min(count, start + chunk), worker)
            }
        }
    }

    private final class Task: Sendable {
        let job: Job
        let worker: Int
        init(job: Job, worker: Int) {
            self.job = job
            self.worker = worker
        }
    }

    /// Calls `body` for pieces of at most `chunk` of `0..<count`, several at a time, each worker with its own number.
    /// - Throws: `interrupted` where `isCancelled` said so; not all pieces are done then.
    func run(
        _ count: Int, chunk: Int, _ body: @escaping @Sendable (_ range: Range<Int>, _ worker: Int) -> Void
    ) throws(VexFSError) {
        let job = Job(count: count, chunk: chunk, isCancelled: isCancelled, body: body)
        var others: [pthread_t] = []
        for worker in 1..<max(2, threads) where worker < threads && worker * chunk < count {
            let task = Unmanaged.passRetained(Task(job: job, worker: worker))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    // `pthread_create` hands back exactly what it was given.
                    if let argument {
                        let task = Unmanaged<Task>.fromOpaque(argument).takeRetainedValue()
                        task.job.run(worker: task.worker)
                    }
                    return nil
                }, task.toOpaque())
            // Without the thread the others do its share.
            if status == 0 { others.append(thread) } else { task.release() }
        }
        job.run(worker: 0)
        for thread in others { pthread_join(thread, nil) }
        guard !job.isStopped.load(ordering: .relaxed) else {
            throw VexFSError(.interrupted, "the build of an index segment was stopped")
        }
    }
}
