import Glibc
import VexFS

/// The program: finds the verb and ends with its exit code.
@main
enum Command {
    static func main() {
        restoreCrashSignals()
        let arguments = CommandLine.arguments
        do {
            let program = arguments.first.map { lastComponent(of: $0) } ?? "vexfs-fuse"
            let code = try run(program: program, Array(arguments.dropFirst()))
            exit(code.rawValue)
        } catch {
            Terminal.complain(error.message)
            exit(error.code.rawValue)
        }
    }

    /// A crash must end the process at once: a runtime that first draws a backtrace keeps a dead mount hanging.
    private static func restoreCrashSignals() {
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
    }

    private static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    static func run(program: String, _ arguments: [String]) throws(Failure) -> ExitCode {
        if program == "mount.vexfs" { return try MountVerb.runAsMountHelper(arguments) }
        let version = Option(long: "version", short: "V", help: "print the version and end")
        guard let first = arguments.first else { return try StatusVerb.run(ParsedArguments()) }
        if first.hasPrefix("-") {
            // Only options can start here: everything of a verb stands behind the verb.
            let parsed = try OptionParser.parse(arguments, options: [.help, version], permute: false)
            if parsed.has("help") {
                try Terminal.write(HelpText.overview)
            } else if parsed.has("version") {
                try Terminal.write("vexfs-fuse \(Version.text)\n")
            } else {
                return try run(program: program, parsed.operands)
            }
            return .success
        }
        if let verb = HelpText.verbs.first(where: { $0.name == first }) {
            return try run(verb, Array(arguments.dropFirst()))
        }
        if first == "help" { return try help(arguments.dropFirst().first) }
        if looksLikeMountCall(arguments) { return try run(MountVerb.self, arguments) }
        throw Failure(.usage, "\"\(first)\" is not a verb (see vexfs-fuse --help)")
    }

    private static func run(_ verb: any Verb.Type, _ arguments: [String]) throws(Failure) -> ExitCode {
        let parsed = try OptionParser.parse(arguments, options: verb.options + [.help], permute: true)
        if parsed.has("help") {
            try Terminal.write(verb.helpText)
            return .success
        }
        return try verb.run(parsed)
    }

    private static func help(_ name: String?) throws(Failure) -> ExitCode {
        guard let name else {
            try Terminal.write(HelpText.overview)
            return .success
        }
        guard let verb = HelpText.verbs.first(where: { $0.name == name }) else {
            throw Failure(.usage, "\"\(name)\" is not a verb (see vexfs-fuse --help)")
        }
        try Terminal.write(verb.helpText)
        return .success
    }

    /// `mount -t fuse.vexfs-fuse STORE DIR` calls the program with two paths and `-o`. A mistyped verb must not be
    /// taken for a store, so the first word has to be a path or name something that exists.
    private static func looksLikeMountCall(_ arguments: [String]) -> Bool {
        guard arguments.count >= 2, let first = arguments.first else { return false }
        return first.contains("/") || access(first, F_OK) == 0
    }
}
