import VexFS

/// What `-o` asks for: options of mount(8), of FUSE, and our own.
struct MountOptionList: Equatable, Sendable {
    var readOnly = false
    var allowOther = false
    var allowRoot = false
    var autoUnmount = false
    var debug = false
    var create = false
    var entryTimeoutSeconds: Double?
    var attributeTimeoutSeconds: Double?
    var workerThreads: Int?
    var model: String?
    var precision: Precision?
    var logLevel: Log.Level?
    var logFormat: Log.Format?
    var logFile: String?
    /// Passed on to the kernel's mount as they are.
    var kernelOptions: [String] = []

    /// What mount(8) hands over and what changes nothing here. The kernel checks permissions whether asked to or not; a
    /// store has neither devices nor programs, so the mount stays `nodev,nosuid` even where `dev,suid` was passed.
    private static let ignored = Set(
        """
        rw dev nodev suid nosuid exec atime relatime norelatime strictatime nostrictatime diratime nodiratime lazytime
        nolazytime async auto noauto user nouser users owner group defaults default_permissions _netdev nofail silent
        loud mand nomand iversion noiversion intr nointr big_writes
        """.split { $0 == " " || $0 == "\n" }.map(String.init))

    /// Adds one `-o` argument.
    /// - Throws: `usage` naming the option that is unknown or has a bad value.
    mutating func add(_ list: String) throws(Failure) {
        for item in Self.split(list) where !item.isEmpty {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // libfuse writes entry_timeout, our verbs --log-level: both spellings are the same option.
            let name = parts[0].split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-")
            if parts.count == 2 {
                try set(name, to: String(parts[1]), as: item)
            } else {
                try set(name, as: item)
            }
        }
    }

    private mutating func set(_ name: String, as item: String) throws(Failure) {
        switch name {
        case "ro": readOnly = true
        case "allow-other": allowOther = true
        case "allow-root": allowRoot = true
        case "auto-unmount": autoUnmount = true
        case "debug": debug = true
        case "create": create = true
        case "noatime", "noexec", "sync", "dirsync": kernelOptions.append(item)
        default:
            if item == "rw" { readOnly = false }
            if !Self.ignored.contains(item), !item.hasPrefix("x-") { throw Self.unknown(item) }
        }
    }

    private mutating func set(_ name: String, to value: String, as item: String) throws(Failure) {
        switch name {
        case "model": model = try Self.filled(value, item)
        case "precision": precision = try Precision.parse(value)
        case "log-level": logLevel = try Self.level(value)
        case "log-format": logFormat = try Self.format(value)
        case "log-file": logFile = try Self.filled(value, item)
        case "entry-timeout": entryTimeoutSeconds = try Self.seconds(value, item)
        case "attr-timeout", "attribute-timeout": attributeTimeoutSeconds = try Self.seconds(value, item)
        case "threads":
            guard let count = Int(value), (1...1024).contains(count) else {
                throw Failure(.usage, "-o \(item): threads is a number from 1 to 1024")
            }
            workerThreads = count
        case "max-read":
            guard Int(value) != nil else { throw Failure(.usage, "-o \(item): not a number") }
            kernelOptions.append(item)
        case "comment", "uid", "gid", "user": break
        default:
            if !item.hasPrefix("x-") { throw Self.unknown(item) }
        }
    }

    /// The level that a word names.
    static func level(_ word: String) throws(Failure) -> Log.Level {
        guard let level = Log.Level(word: word) else {
            throw Failure(.usage, "\"\(word)\" is not a log level (error, warn, info, debug)")
        }
        return level
    }

    /// The line format that a word names.
    static func format(_ word: String) throws(Failure) -> Log.Format {
        switch word {
        case "text": return .text
        case "json": return .json
        default: throw Failure(.usage, "\"\(word)\" is not a log format (text, json)")
        }
    }

    private static func seconds(_ value: String, _ item: String) throws(Failure) -> Double {
        guard let seconds = Double(value), seconds.isFinite, seconds >= 0, seconds <= 86_400 else {
            throw Failure(.usage, "-o \(item): a timeout is a number of seconds from 0 to 86400")
        }
        return seconds
    }

    private static func filled(_ value: String, _ item: String) throws(Failure) -> String {
        guard !value.isEmpty else { throw Failure(.usage, "-o \(item) needs a value") }
        return value
    }

    private static func unknown(_ item: String) -> Failure {
        Failure(.usage, "-o \(item): there is no such option (see vexfs-fuse mount --help)")
    }

    /// Splits at commas; a backslash keeps the next character, as libfuse has it.
    private static func split(_ list: String) -> [String] {
        var items = [""]
        var isEscaped = false
        for character in list {
            if isEscaped {
                items[items.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                items.append("")
            } else {
                items[items.count - 1].append(character)
            }
        }
        return items
    }
}

/// How exactly texts are embedded; `auto` is the faster way on this CPU.
enum Precision: String, Sendable, CaseIterable {
    case auto, f32, bf16

    /// The precision that a word names.
    static func parse(_ word: String) throws(Failure) -> Precision {
        guard let precision = Precision(rawValue: word) else {
            throw Failure(.usage, "\"\(word)\" is not a precision (auto, f32, bf16)")
        }
        return precision
    }
}
