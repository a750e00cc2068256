import Glibc
import VexValues

/// What the adapter says on its standard error: a line for each event.
struct AdapterLog: Sendable {
    /// How lines look.
    enum Format: String, Sendable {
        case text
        case json
    }

    var format = Format.text

    /// Something worth knowing.
    func info(_ message: String) { write("info", message) }

    /// Something that went wrong.
    func error(_ message: String) { write("error", message) }

    private func write(_ level: String, _ message: String) {
        var line: [UInt8]
        switch format {
        case .text: line = Array("vexfs-adapter: \(level == "error" ? "error: " : "")\(message)\n".utf8)
        case .json:
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            line =
                JSON.object([
                    .init("time", .number(Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)),
                    .init("level", .string(level)), .init("message", .string(message)),
                ]).compact + [0x0A]
        }
        // One call a line, so that lines of several threads do not mix; there is nobody to tell that it failed.
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
