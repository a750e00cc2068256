import VexValues

/// The command line.
struct AdapterOptions: Equatable, Sendable {
    var mount = ""
    var chromaPort: UInt16 = 8000
    /// The port that was asked for; 0 where none was.
    var qdrantPort: UInt16 = 0
    var host = "127.0.0.1"
    var configuration: String?
    var logFormat = AdapterLog.Format.text

    /// What ends the program before it begins.
    enum Stop: Error, Equatable {
        case help
        case version
        case wrong(String)
    }

    static let help = """
        usage: vexfs-adapter --mount MOUNTPOINT [OPTION]…

        Serves the collections of a mounted store to Chroma clients. Everything it does, it does by files of the mount.

          --mount MOUNTPOINT     where vexfs-fuse has mounted the store
          --host ADDRESS         the address to listen on (127.0.0.1); others than loopback need users with tokens
          --chroma-port PORT     the port for Chroma clients (8000); 0: none
          --qdrant-port PORT     the port for Qdrant clients: nothing listens there yet, any but 0 is a warning
          --config FILE          users, limits: JSON, see docs/adapter.md
          --log-format FORMAT    text (default) or json
          --help, --version

        """

    /// Takes the arguments behind the program's name apart.
    init(_ arguments: [String]) throws(Stop) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" { throw .help }
            if argument == "--version" || argument == "-V" { throw .version }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard Self.names.contains(name) else { throw .wrong("\"\(name)\" is not an option (see --help)") }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw .wrong("\(name) needs an argument")
            }
            try set(name, value)
        }
        guard !mount.isEmpty else { throw .wrong("--mount MOUNTPOINT says which store to serve (see --help)") }
    }

    private static let names = [
        "--mount", "--host", "--chroma-port", "--qdrant-port", "--config", "--log-format",
    ]

    private mutating func set(_ name: String, _ value: String) throws(Stop) {
        switch name {
        case "--mount": mount = value
        case "--host": host = value == "localhost" ? "127.0.0.1" : value
        case "--config": configuration = value
        case "--log-format":
            guard let format = AdapterLog.Format(rawValue: value) else {
                throw .wrong("--log-format is text or json, not \"\(value)\"")
            }
            logFormat = format
        default:
            guard let port = UInt16(value) else { throw .wrong("\(name) takes a number up to 65535, not \"\(value)\"") }
            if name == "--chroma-port" { chromaPort = port } else { qdrantPort = port }
        }
    }

    /// Whether only this machine can reach the address.
    var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }
}
