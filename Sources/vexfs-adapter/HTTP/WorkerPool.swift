import Glibc

/// Threads that do work in the order in which it comes.
///
/// Contract of `@unchecked Sendable`: everything is read and written under `lock`, which lies at a fixed address.
final class WorkerPool: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var work: [@Sendable () -> Void] = []
    private var first = 0
    private var isStopped = false
    private var threads: [pthread_t] = []

    /// Starts so many threads.
    init(threads count: Int) {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(change, nil)
        for _ in 0..<count {
            var thread = pthread_t()
            let own = Unmanaged.passRetained(self)
            let status = pthread_create(
                &thread, nil,
                { pointer in
                    // Contract: the pointer is the pool that was retained for this thread.
                    if let pointer { Unmanaged<WorkerPool>.fromOpaque(pointer).takeRetainedValue().run() }
                    return nil
                }, own.toOpaque())
            if status == 0 { threads.append(thread) } else { own.release() }
        }
    }

    /// Has `body` done by one of the threads.
    /// - Returns: false where it will not be done, since ``stop()`` was called.
    func add(_ body: @escaping @Sendable () -> Void) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard !isStopped else { return false }
        work.append(body)
        pthread_cond_signal(change)
        return true
    }

    /// Waits until everything that was added is done, and ends the threads.
    func stop() {
        pthread_mutex_lock(lock)
        isStopped = true
        pthread_cond_broadcast(change)
        pthread_mutex_unlock(lock)
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private func run() {
        pthread_mutex_lock(lock)
        while true {
            if first < work.count {
                let body = work[first]
                first += 1
                if first == work.count {
                    work.removeAll(keepingCapacity: true)
                    first = 0
                }
                pthread_mutex_unlock(lock)
                body()
                pthread_mutex_lock(lock)
            } else if isStopped {
                pthread_mutex_unlock(lock)
                return
            } else {
                pthread_cond_wait(change, lock)
            }
        }
    }
}
