import Glibc

/// The system calls of the storage layer: EINTR is retried and errno becomes our error, here and nowhere else.
enum SystemCall {
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(VexFSError) -> Int32 {
        try retry("open \(path)") { Glibc.open(path, flags | O_CLOEXEC, mode) }
    }

    static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(VexFSError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            done += try retryCount("write") { pwrite(descriptor, rest.baseAddress, rest.count, offset + done) }
        }
    }

    static func readAll(_ path: String) throws(VexFSError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { Glibc.close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try retryCount("read \(path)") { Glibc.read(descriptor, &chunk, 65536) }
            if count == 0 { return result }
            result.append(contentsOf: chunk[0..<count])
        }
    }

    static func size(_ descriptor: Int32) throws(VexFSError) -> Int {
        var status = stat()
        _ = try retry("stat") { fstat(descriptor, &status) }
        return Int(status.st_size)
    }

    static func truncate(_ descriptor: Int32, to size: Int) throws(VexFSError) {
        _ = try retry("truncate") { ftruncate(descriptor, size) }
    }

    static func syncData(_ descriptor: Int32) throws(VexFSError) {
        _ = try retry("sync") { fdatasync(descriptor) }
    }

    /// Makes the directory's entries durable.
    static func syncDirectory(_ path: String) throws(VexFSError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { Glibc.close(descriptor) }
        _ = try retry("sync \(path)") { fsync(descriptor) }
    }

    static func makeDirectory(_ path: String) throws(VexFSError) {
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw error("make the directory \(path)", errno) }
    }

    static func map(_ descriptor: Int32, offset: Int, count: Int) throws(VexFSError) -> UnsafeRawPointer {
        let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, offset)
        guard let address, address != MAP_FAILED else { throw error("map", errno) }
        return UnsafeRawPointer(address)
    }

    /// Maps memory of zeros.
    static func mapZeros(count: Int) throws(VexFSError) -> UnsafeRawPointer {
        let address = mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { throw error("map", errno) }
        return UnsafeRawPointer(address)
    }

    /// Memory of this process, in large pages where the system has them.
    static func mapMemory(count: Int) throws(VexFSError) -> UnsafeMutableRawPointer {
        let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { throw error("map", errno) }
        madvise(address, count, MADV_HUGEPAGE)
        return address
    }

    /// Nanoseconds since 1970.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Microseconds of a clock that only moves forward.
    static func monotonicMicroseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) * 1e-3
    }

    static func error(_ action: String, _ number: Int32) -> VexFSError {
        let reason = String(cString: strerror(number))
        let code: VexFSError.Code =
            switch number {
            case ENOSPC, EDQUOT: .storeFull
            case EACCES, EPERM: .accessDenied
            case EROFS: .readOnly
            default: .inputOutput
            }
        return VexFSError(code, "cannot \(action): \(reason)")
    }

    private static func retry(_ action: String, _ call: () -> Int32) throws(VexFSError) -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw error(action, errno) }
        }
    }

    private static func retryCount(_ action: String, _ call: () -> Int) throws(VexFSError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw error(action, errno) }
        }
    }
}
