import Glibc

/// The memory of this process.
enum BenchMemory {
    /// Bytes that belong to no file and are in memory, after what was freed was given back to the system.
    static func anonymousBytes() -> Int {
        giveBackFreed()
        let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        let text = String(decoding: Terminal.readAll(from: descriptor) ?? [], as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix("RssAnon:") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
                .map { $0 * 1024 } ?? 0
        }
        return 0
    }

    /// glibc's `malloc_trim(3)`, found by its name: its header is not among those that Swift imports. Without it, as in
    /// another C library, freed memory may be counted.
    private static func giveBackFreed() {
        typealias Trim = @convention(c) (Int) -> Int32
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: Trim.self)(0)
    }
}
