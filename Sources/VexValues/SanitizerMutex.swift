#if VEXFS_TSAN
    import Glibc

    /// A value behind a POSIX lock, in place of the standard library's `Mutex` under ThreadSanitizer.
    ///
    /// The library's own lock is a futex taken by code that the sanitizer does not see, so that every correct use of
    /// it looks like a race. Each module that locks names this class `Mutex` (`Mutex+Sanitizer.swift`) when it is
    /// built with `-DVEXFS_TSAN`, as `scripts/sanitize` does.
    public final class SanitizerMutex<Value>: @unchecked Sendable {
        // Both are initialised in `init`, destroyed in `deinit`, and `value` is touched only with the lock held. They
        // have memory of their own: a value of no size kept in the object would share its address with the next
        // property.
        private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let value: UnsafeMutablePointer<Value>

        /// Wraps a value.
        public init(_ value: consuming sending Value) {
            pthread_mutex_init(lock, nil)
            self.value = UnsafeMutableRawPointer.allocate(
                byteCount: max(MemoryLayout<Value>.size, 16), alignment: max(MemoryLayout<Value>.alignment, 16)
            ).bindMemory(to: Value.self, capacity: 1)
            self.value.initialize(to: value)
        }

        deinit {
            value.deinitialize(count: 1)
            UnsafeMutableRawPointer(value).deallocate()
            pthread_mutex_destroy(lock)
            lock.deallocate()
        }

        /// Runs `body` with the lock held.
        public func withLock<R, E: Error>(
            _ body: (inout sending Value) throws(E) -> sending R
        ) throws(E) -> sending R {
            pthread_mutex_lock(lock)
            defer { pthread_mutex_unlock(lock) }
            return try body(&value.pointee)
        }

        /// Runs `body` with the lock held, or returns nil when another thread holds it.
        public func withLockIfAvailable<R, E: Error>(
            _ body: (inout sending Value) throws(E) -> sending R
        ) throws(E) -> sending R? {
            guard pthread_mutex_trylock(lock) == 0 else { return nil }
            defer { pthread_mutex_unlock(lock) }
            return try body(&value.pointee)
        }
    }
#endif
