import Glibc
import VexFS

/// `vexfs-fuse embed`.
enum EmbedVerb: Verb {
    static let name = "embed"
    static let operands = ""
    static let summary = "turn JSON strings into vectors, line by line"
    static let details = """
        Reads one JSON string a line from standard input and writes its vector, one JSON array of 384
        numbers a line, to standard output, in order. Lines that are there are embedded together; an answer
        never waits for input that has not come yet. A line that is not a JSON string ends the program with
        exit code 10 and a sentence naming the line, after the lines before it were answered.
        """
    static let options = [
        Option(
            long: "precision", argument: "auto|f32|bf16", help: "16-bit or 32-bit arithmetic; auto takes the faster one"
        ),
        Option(long: "model", argument: "DIR", help: "the embedding model's directory"),
        Option(long: "role", argument: "query|document", help: "what the texts are (document)"),
    ]

    /// Texts embedded by one call: enough for several micro-batches on every CPU, so that few wait at the call's end.
    private static let batchSize = 64 * max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(0, in: arguments)
        let precision: Precision? =
            if let word = arguments.value("precision") { try Precision.parse(word) } else { nil }
        let role = try role(arguments.value("role"))
        let embedder = try Engine.embedder(model: arguments.value("model"), precision: precision)
        var lines = LineReader(descriptor: STDIN_FILENO)
        var number = 0
        while true {
            let batch = lines.nextBatch(limit: batchSize)
            if let code = lines.failure { throw Failure(.failure, "standard input: \(Terminal.reason(code))") }
            if batch.isEmpty { return .success }
            var texts: [String] = []
            var problem: Failure?
            for line in batch where problem == nil {
                number += 1
                if let text = JSONText.string(line) {
                    texts.append(text)
                } else {
                    problem = Failure(.badInput, "line \(number) is not a JSON string")
                }
            }
            try answer(texts, role: role, embedder: embedder)
            if let problem { throw problem }
        }
    }

    private static func answer(_ texts: [String], role: EmbeddingRole, embedder: any Embedder) throws(Failure) {
        guard !texts.isEmpty else { return }
        do {
            let lines = try embedder.embed(texts, role: role).map { JSONText.array($0.vector) + "\n" }
            try Terminal.write(lines.joined())
        } catch let error as VexFSError {
            throw Failure(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.failure, "\(error)")
        }
    }

    private static func role(_ word: String?) throws(Failure) -> EmbeddingRole {
        switch word {
        case nil, "document": return .document
        case "query": return .query
        default: throw Failure(.usage, "--role takes query or document")
        }
    }
}

/// Reads lines in batches without waiting for more than is there.
struct LineReader {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isAtEnd = false
    /// The errno that ended reading early.
    private(set) var failure: Int32?

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Up to `limit` lines; empty at the end of the input. Waits only for the first.
    mutating func nextBatch(limit: Int) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        while lines.count < limit {
            if let line = takeLine() {
                lines.append(line)
            } else if isAtEnd || (!lines.isEmpty && !hasMore) {
                break
            } else {
                fill()
            }
        }
        return lines
    }

    private var hasMore: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) == 1
    }

    private mutating func takeLine() -> [UInt8]? {
        if let end = buffer.firstIndex(of: 0x0A) {
            defer { buffer.removeSubrange(...end) }
            return Array(buffer[..<end])
        }
        guard isAtEnd, !buffer.isEmpty else { return nil }
        defer { buffer = [] }
        return buffer
    }

    private mutating func fill() {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &chunk, chunk.count)
        if count > 0 {
            buffer.append(contentsOf: chunk[..<count])
        } else if count == 0 {
            isAtEnd = true
        } else if errno != EINTR {
            failure = errno
            isAtEnd = true
        }
    }
}
