import VexFS

/// What the program can do, one type a verb.
protocol Verb {
    /// The word on the command line.
    static var name: String { get }
    /// The operands, as usage lines show them.
    static var operands: String { get }
    /// One line for the list of verbs.
    static var summary: String { get }
    /// More for `VERB --help`: paragraphs, already broken into lines.
    static var details: String { get }
    /// The options, without `--help`.
    static var options: [Option] { get }
    /// Does it.
    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode
}

extension Verb {
    /// What `VERB --help` prints.
    static var helpText: String {
        var text = "Usage: vexfs-fuse \(name)\(operands.isEmpty ? "" : " " + operands)\n\n\(details)\n\nOptions:\n"
        let all = options + [Option.help]
        let heads = all.map(HelpText.head)
        let width = (heads.map(\.count).max() ?? 0) + 2
        for (option, head) in zip(all, heads) {
            text += "  \(head)\(String(repeating: " ", count: width - head.count))\(option.help)\n"
        }
        return text
    }

    /// Exactly this many operands, or a usage error that shows them.
    static func expect(_ count: Int, in arguments: ParsedArguments) throws(Failure) {
        guard arguments.operands.count == count else {
            throw Failure(.usage, "usage: vexfs-fuse \(name) \(operands) (see vexfs-fuse \(name) --help)")
        }
    }
}

/// Help that is not about one verb.
enum HelpText {
    /// All verbs in the order in which a person meets them.
    static var verbs: [any Verb.Type] {
        [
            FormatVerb.self, MountVerb.self, UnmountVerb.self, StatusVerb.self, SearchVerb.self, EmbedVerb.self,
            FsckVerb.self, BenchVerb.self,
        ]
    }

    /// `-k, --limit=N`.
    static func head(_ option: Option) -> String {
        let short = option.short.map { "-\($0), " } ?? "    "
        return short + "--\(option.long)" + (option.argument.map { "=\($0)" } ?? "")
    }

    /// What `--help` prints.
    static var overview: String {
        var text = """
            VexFS \(Version.text): a vector database whose interface is a directory.

            Usage: vexfs-fuse VERB …
                   vexfs-fuse STORE MOUNTPOINT [-o OPTIONS]     (as mount(8) calls it)

            Verbs:

            """
        for verb in verbs {
            text += "  \(verb.name)\(String(repeating: " ", count: 9 - verb.name.count))\(verb.summary)\n"
        }
        text += """

            "vexfs-fuse VERB --help" says more; without a verb, "vexfs-fuse" shows what is mounted.

            Exit codes:

            """
        for code in ExitCode.allCases {
            let number = String(code.rawValue)
            text += "  \(String(repeating: " ", count: 2 - number.count))\(number)  \(code.meaning)\n"
        }
        return text
    }
}

/// The version of the program.
enum Version {
    static let text = VexFSVersion.current
}
