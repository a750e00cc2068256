import Glibc
import Synchronization

/// Writes what happens as lines of text or JSON, one `write(2)` a line, so that lines of several threads never mix.
///
/// The level may change while the daemon runs. Document text, queries and metadata belong to ``Level/debug`` only: a
/// log at any other level can be given away.
public final class Log: Sendable {
    /// How much a line matters.
    public enum Level: UInt8, Sendable, CaseIterable, Comparable {
        case error = 0, warn, info, debug

        /// The word that options and lines use.
        public var word: String {
            switch self {
            case .error: "error"
            case .warn: "warn"
            case .info: "info"
            case .debug: "debug"
            }
        }

        /// The level that a word names, or nil.
        public init?(word: String) {
            guard let level = Level.allCases.first(where: { $0.word == word }) else { return nil }
            self = level
        }

        /// Whether the left level is the more severe one.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How a line is written.
    public enum Format: UInt8, Sendable { case text = 0, json }

    /// One named value of a line.
    public typealias Field = (name: String, value: String)

    /// The process's log: standard error until told otherwise.
    public static let shared = Log()

    private let levelStorage: Atomic<UInt8>
    private let formatStorage: Atomic<UInt8>
    private let descriptor: Atomic<Int32>

    /// Creates a log that writes to an open descriptor, which stays the caller's.
    public init(descriptor: Int32 = STDERR_FILENO, level: Level = .info, format: Format = .text) {
        self.descriptor = Atomic(descriptor)
        levelStorage = Atomic(level.rawValue)
        formatStorage = Atomic(format.rawValue)
    }

    /// The least severe level that is written; may be set at any time.
    public var level: Level {
        get { Level(rawValue: levelStorage.load(ordering: .relaxed)) ?? .info }
        set { levelStorage.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// How lines are written; may be set at any time.
    public var format: Format {
        get { Format(rawValue: formatStorage.load(ordering: .relaxed)) ?? .text }
        set { formatStorage.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Appends to a file from now on; the file is created with mode 0640 where it is missing.
    /// - Throws: `inputOutput` when the file cannot be opened.
    public func open(file path: String) throws(VexFSError) {
        let opened = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard opened >= 0 else {
            let cause = String(cString: strerror(errno))
            throw VexFSError(.inputOutput, "the log file cannot be opened", at: path, cause: cause)
        }
        // The old descriptor stays open: another thread may be about to write to it, and this happens once a life.
        descriptor.store(opened, ordering: .relaxed)
    }

    /// Whether a line of this level would be written, for callers that would have to compute its fields.
    public func writes(_ level: Level) -> Bool { level.rawValue <= levelStorage.load(ordering: .relaxed) }

    /// Something failed that someone must look at.
    public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [Field] = []) {
        write(.error, message, fields)
    }

    /// Something is not as it should be, and the daemon goes on.
    public func warn(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [Field] = []) {
        write(.warn, message, fields)
    }

    /// Something an operator wants to know happened.
    public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [Field] = []) {
        write(.info, message, fields)
    }

    /// Something that only helps to find a fault; may hold document text.
    public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [Field] = []) {
        write(.debug, message, fields)
    }

    private func write(_ level: Level, _ message: () -> String, _ fields: () -> [Field]) {
        guard writes(level) else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var line: [UInt8] = []
        line.reserveCapacity(160)
        switch format {
        case .text: LogLine.appendText(&line, time: now, level: level, message: message(), fields: fields())
        case .json: LogLine.appendJSON(&line, time: now, level: level, message: message(), fields: fields())
        }
        emit(line)
    }

    private func emit(_ line: [UInt8]) {
        let target = descriptor.load(ordering: .relaxed)
        line.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(target, base + written, bytes.count - written)
                if count > 0 {
                    written += count
                } else if errno != EINTR {
                    // A log that cannot be written must not stop the daemon; there is no other place to say it.
                    return
                }
            }
        }
    }
}
