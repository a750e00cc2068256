import Glibc
import Synchronization

/// The clock of the measurements.
enum BenchClock {
    /// Seconds since an arbitrary moment, never stepped.
    static var seconds: Double { now(CLOCK_MONOTONIC) }
    /// Seconds that the calling thread had a processor.
    static var threadSeconds: Double { now(CLOCK_THREAD_CPUTIME_ID) }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// Runs the same work on several threads.
enum BenchThreads {
    /// Calls `body` with 0, 1, … on as many threads, and returns the results in that order. The first is the caller's.
    static func map<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) throws(Failure)
        -> [Result]
    {
        let results = Mutex([Int: Result]())
        let work = Work { number in
            let result = body(number)
            results.withLock { $0[number] = result }
        }
        var threads: [pthread_t] = []
        var problem: Int32 = 0
        for number in 1..<max(1, count) where problem == 0 {
            let start = Unmanaged.passRetained(Start(work: work, number: number))
            var thread = pthread_t()
            problem = pthread_create(&thread, nil, Self.entry, start.toOpaque())
            if problem == 0 { threads.append(thread) } else { start.release() }
        }
        work.body(0)
        for thread in threads { pthread_join(thread, nil) }
        if problem != 0 { throw Failure(.failure, "a thread could not be started: \(Terminal.reason(problem))") }
        return results.withLock { found in (0..<max(1, count)).compactMap { found[$0] } }
    }

    private struct Work: Sendable { let body: @Sendable (Int) -> Void }

    /// What a new thread is given.
    private final class Start: Sendable {
        let work: Work
        let number: Int

        init(work: Work, number: Int) {
            self.work = work
            self.number = number
        }
    }

    /// Contract: the argument is a retained ``Start``, handed over to the thread.
    private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.work.body(start.number)
        return nil
    }
}
