#if VEXFS_TSAN
    /// The lock that ThreadSanitizer understands, under the name of the one it does not (see ``SanitizerMutex``).
    typealias Mutex<Value> = SanitizerMutex<Value>
#endif
