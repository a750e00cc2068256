import Glibc
import VexFS

/// `vexfs-fuse search STORE|MOUNTPOINT COLLECTION TEXT`.
enum SearchVerb: Verb {
    static let name = "search"
    static let operands = "STORE|MOUNTPOINT COLLECTION TEXT"
    static let summary = "search a collection, mounted or not"
    static let details = """
        Prints what reading COLLECTION/query/TEXT would: the same options, filters and formats. COLLECTION
        may name a folder (notes/2026), or be "/" for all collections. A store that is mounted is
        asked through its mount; one that is not mounted is opened for as long as the search takes.
        """
    static let options = [
        Option(long: "limit", short: "k", argument: "N", help: "how many results (10)"),
        Option(
            long: "format", short: "F", argument: "FORMAT",
            help: "jsonl (the default), json, tsv, ids, paths, grep, md, ctx, explain"),
        Option(long: "where", short: "w", argument: "FILTER", help: "only matching documents: lang:en,year>=2020"),
        Option(long: "min", argument: "SCORE", help: "the worst score that is still a result"),
        Option(long: "precision", argument: "auto|f32|bf16", help: "how exactly the text is embedded (auto)"),
        Option(long: "model", argument: "DIR", help: "the embedding model's directory"),
    ]

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(3, in: arguments)
        let place = arguments.operands[0]
        let scope = arguments.operands[1].split(separator: "/").map(String.init)
        let segments = try segments(arguments)
        if let mountpoint = mountpoint(of: place) {
            try Terminal.write(read(mountpoint, scope: scope, segments: segments))
            return .success
        }
        let path = try StoreFiles.resolve(place)
        let precision: Precision? =
            if let word = arguments.value("precision") { try Precision.parse(word) } else { nil }
        let embedder = try Engine.embedder(model: arguments.value("model"), precision: precision)
        let store = try Engine.open(path, embedder: embedder)
        defer { store.close() }
        let folder = scope.dropFirst().joined(separator: "/")
        try Terminal.write(Engine.answer(store, collection: scope.first, folder: folder, segments: segments))
        return .success
    }

    /// What follows `query/`: one segment of options and the text with its format, all of it `%XX`-encoded.
    static func segments(_ arguments: ParsedArguments) throws(Failure) -> [String] {
        var items: [String] = []
        if let limit = try arguments.number("limit", in: 1...10_000) { items.append("k=\(limit)") }
        if let score = arguments.value("min") {
            guard Double(score) != nil else { throw Failure(.usage, "--min takes a number, not \"\(score)\"") }
            items.append("min=\(score)")
        }
        var segments: [String] = []
        if !items.isEmpty { segments.append(items.joined(separator: ",")) }
        // A segment of its own: the commas of a filter are not those between options.
        if let filter = arguments.value("where") { segments.append("where=" + percentEncoded(filter)) }
        let format = arguments.value("format") ?? "jsonl"
        guard QueryRequest.Format(rawValue: format) != nil else {
            let known = QueryRequest.Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(.usage, "\"\(format)\" is not a format (\(known))")
        }
        let text = arguments.operands[2]
        guard !text.isEmpty else { throw Failure(.usage, "the text to search for is empty") }
        // text= is said, or a text that holds "=" would be taken for options.
        segments.append("text=" + percentEncoded(text) + "." + format)
        return segments
    }

    /// Encodes what has a meaning in a query path; commas, colons and comparisons of a filter keep theirs.
    static func percentEncoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "/") {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            } else {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return result
    }

    /// The mount to ask: the path itself, or where the store of that path is mounted.
    private static func mountpoint(of place: String) -> String? {
        guard let path = FilePath.resolved(place) else { return nil }
        let entries = MountTable.current()
        return (MountTable.entry(at: path, in: entries) ?? MountTable.entry(ofStore: path, in: entries))?.mountpoint
    }

    private static func read(_ mountpoint: String, scope: [String], segments: [String]) throws(Failure) -> [UInt8] {
        let directory = ([mountpoint] + scope).joined(separator: "/")
        guard access(directory, F_OK) == 0 else {
            throw Failure(.failure, "there is no collection \(scope.joined(separator: "/")) in \(mountpoint)")
        }
        let path = ([directory, "query"] + segments).joined(separator: "/")
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refused(mountpoint, errno) }
        defer { close(descriptor) }
        guard let answer = Terminal.readAll(from: descriptor) else { throw refused(mountpoint, errno) }
        return answer
    }

    /// The sentence behind an errno stands in the mount's `lasterr`.
    private static func refused(_ mountpoint: String, _ code: Int32) -> Failure {
        let exitCode: ExitCode = code == EINVAL ? .badInput : .failure
        let descriptor = open("\(mountpoint)/.vexfs/lasterr", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return Failure(exitCode, Terminal.reason(code)) }
        defer { close(descriptor) }
        let text = String(decoding: Terminal.readAll(from: descriptor) ?? [], as: UTF8.self)
        let line = text.split(separator: "\n").first.map(String.init) ?? ""
        return Failure(exitCode, line.isEmpty ? Terminal.reason(code) : line)
    }
}
