import CFuseShim
import Glibc
import VexFS

/// `vexfs-fuse status`, and `vexfs-fuse` without a verb.
enum StatusVerb: Verb {
    static let name = "status"
    static let operands = ""
    static let summary = "show what is mounted and how it is"
    static let details = """
        Shows every mounted store: where, whether it answers, and what its health file says. A mount that
        hangs is reported after 2 seconds and does not hang the report. Exit code 0 unless a mount is dead
        or does not answer (6).
        """
    static let options = [Option(long: "json", help: "one JSON object a line")]

    /// What a mount says of itself.
    enum Health: Equatable {
        case answers(String)
        case dead
        case hangs
        case unreadable(String)

        var word: String {
            switch self {
            case .answers: "ok"
            case .dead: "dead"
            case .hangs: "hangs"
            case .unreadable: "unreadable"
            }
        }

        var detail: String {
            switch self {
            case .answers(let text): text
            case .dead: "its daemon is gone"
            case .hangs: "no answer within 2 s"
            case .unreadable(let reason): reason
            }
        }
    }

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(0, in: arguments)
        let mounts = MountTable.current().map { ($0, probe($0.mountpoint)) }
        let isWell = mounts.allSatisfy { if case .answers = $0.1 { true } else { false } }
        if arguments.has("json") {
            for (entry, health) in mounts { try Terminal.write(jsonLine(entry, health)) }
        } else {
            try Terminal.write(text(mounts))
        }
        return isWell ? .success : .mountFailed
    }

    /// The report for people.
    static func text(_ mounts: [(MountEntry, Health)]) -> String {
        var text = mounts.isEmpty ? "No store is mounted.\n" : ""
        for (entry, health) in mounts {
            text += "\(entry.mountpoint)\n  store   \(entry.store)\(entry.isReadOnly ? " (read-only)" : "")\n"
            let isPlain = health.detail.isEmpty || health.detail == health.word
            text += "  health  \(health.word)\(isPlain ? "" : ": " + health.detail)\n"
            if health == .dead {
                text += "  clear   vexfs-fuse umount \(FilePath.quoted(entry.mountpoint))\n"
            }
        }
        let place = mounts.first.map { FilePath.quoted($0.0.mountpoint) } ?? "MOUNTPOINT"
        text += """

            Useful:
              vexfs-fuse mount --create STORE MOUNTPOINT     mount a store, made if there is none
              cat "\(place)/COLLECTION/query/what you look for"
              vexfs-fuse umount \(place)

            """
        return text
    }

    private static func jsonLine(_ entry: MountEntry, _ health: Health) -> String {
        var line = "{\"mountpoint\":\(JSONText.quoted(entry.mountpoint)),\"store\":\(JSONText.quoted(entry.store)),"
        line += "\"read_only\":\(entry.isReadOnly),\"health\":\"\(health.word)\","
        line += "\"detail\":\(JSONText.quoted(health.detail))}\n"
        return line
    }

    /// Asks a mount in a process of its own, which may hang in the kernel without hanging us.
    private static func probe(_ mountpoint: String) -> Health {
        guard let pipe = try? Pipe() else { return .unreadable(Terminal.reason()) }
        let child = vexfs_fork()
        guard child >= 0 else { return .unreadable(Terminal.reason()) }
        if child == 0 {
            let message = health(of: mountpoint)
            _ = Terminal.writeAll(message, to: pipe.writing)
            _exit(0)
        }
        close(pipe.writing)
        defer { close(pipe.reading) }
        var waiting = pollfd(fd: pipe.reading, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 2000) == 1, let answer = Terminal.readAll(from: pipe.reading) else {
            kill(child, SIGKILL)
            return .hangs
        }
        waitpid(child, nil, 0)
        let text = String(decoding: answer.dropFirst(), as: UTF8.self)
        switch answer.first {
        case 0: return .answers(text)
        case UInt8(ENOTCONN): return .dead
        default: return .unreadable(text)
        }
    }

    /// The errno of reading the health file as one byte, and its first line or the errno's sentence.
    private static func health(of mountpoint: String) -> [UInt8] {
        let descriptor = open("\(mountpoint)/.vexfs/health", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return failure(errno) }
        guard let content = Terminal.readAll(from: descriptor) else { return failure(errno) }
        return [0] + content.prefix { $0 != UInt8(ascii: "\n") }
    }

    private static func failure(_ code: Int32) -> [UInt8] {
        [UInt8(truncatingIfNeeded: code)] + Array(Terminal.reason(code).utf8)
    }
}
