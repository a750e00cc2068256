import Glibc

/// Lets a fixed number of threads work at once; others wait until one of them is done.
///
/// Contract of `@unchecked Sendable`: everything is read and written under `lock`, which lies at a fixed address.
final class WorkGate: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var free: Int
    private let limit: Int
    private var waiting = 0
    private var isClosed = false

    /// So many may wait: each of them is a thread with a request in memory.
    private static let mostWaiting = 1024

    /// Lets so many in.
    init(limit: Int) {
        self.limit = limit
        free = limit
        pthread_mutex_init(lock, nil)
        pthread_cond_init(change, nil)
    }

    deinit {
        pthread_cond_destroy(change)
        pthread_mutex_destroy(lock)
        change.deallocate()
        lock.deallocate()
    }

    /// Does some work on this thread, when its turn has come; nil where ``close()`` was called before, or too
    /// many wait.
    func run<Result>(_ body: () -> Result) -> Result? {
        pthread_mutex_lock(lock)
        let isFull = free == 0 && waiting == Self.mostWaiting
        waiting += 1
        while free == 0, !isClosed, !isFull { pthread_cond_wait(change, lock) }
        waiting -= 1
        guard !isClosed, !isFull else {
            pthread_mutex_unlock(lock)
            return nil
        }
        free -= 1
        pthread_mutex_unlock(lock)
        defer {
            pthread_mutex_lock(lock)
            free += 1
            // All of them while it closes: who waits for the end is one of many.
            if isClosed { pthread_cond_broadcast(change) } else { pthread_cond_signal(change) }
            pthread_mutex_unlock(lock)
        }
        return body()
    }

    /// Lets nobody in any more, and waits until those who are inside have left.
    func close() {
        pthread_mutex_lock(lock)
        isClosed = true
        pthread_cond_broadcast(change)
        while free < limit { pthread_cond_wait(change, lock) }
        pthread_mutex_unlock(lock)
    }
}
