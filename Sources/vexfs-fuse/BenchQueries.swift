import Glibc
import VexFS

/// `vexfs-fuse bench queries`: a throw-away collection that answers queries on command, in this process, so that the
/// engine can be compared with others in turn.
///
/// One JSON object a line on standard input, one answer to each on standard output:
/// - `{"config": {…}}`, `{"schema": {…}}`: what `config.json` and `schema.json` take.
/// - `{"load": FILE}`: JSON Lines as `bulk` takes them; answers with the seconds.
/// - `{"ask": "query" | "count" | "facet", "requests": […]}`: bodies of Qdrant's requests; answers with the
///   microseconds and the answer of each.
struct BenchQueries {
    private let store: Store
    private let collection: Collection

    /// Makes the collection in an empty directory.
    init(directory: String) throws(Failure) {
        (store, collection) = try Engine.translated { () throws(VexFSError) in
            let path = directory + "/store"
            try Store.format(at: path)
            let store = try Store(opening: path, embedder: NoEmbedder(), maintained: false)
            let collection = try store.createCollection(named: "bench")
            try collection.setConfiguration(Array("{\"model\": \"none\"}".utf8))
            return (store, collection)
        }
    }

    /// Answers line by line until the input ends. What makes no sense is answered too.
    func run() throws(Failure) {
        defer { store.close() }
        var lines = LineReader(descriptor: STDIN_FILENO)
        while let line = lines.nextBatch(limit: 1).first {
            var reply: JSON
            do throws(VexFSError) { reply = try answer(line) } catch {
                reply = .object([.init("error", .string(error.description))])
            }
            try Terminal.write(reply.compact + [UInt8(ascii: "\n")])
        }
    }

    private func answer(_ line: [UInt8]) throws(VexFSError) -> JSON {
        let command = try JSON.parse(line, code: .invalidArgument)
        let start = BenchClock.seconds
        if let settings = command["config"] {
            try collection.setConfiguration(settings.compact)
        } else if let schema = command["schema"] {
            try collection.setSchema(schema.compact)
        } else if let path = command["load"]?.stringValue {
            try load(path)
        } else if let kind = command["ask"]?.stringValue, let requests = command["requests"]?.arrayValue {
            var microseconds: [JSON] = []
            var answers: [JSON] = []
            for request in requests {
                let start = BenchClock.seconds
                let found = try ask(kind, request)
                microseconds.append(.number((BenchClock.seconds - start) * 1e6))
                answers.append(found)
            }
            return .object([.init("microseconds", .array(microseconds)), .init("answers", .array(answers))])
        } else {
            throw VexFSError(.invalidArgument, "the commands are config, schema, load, and ask with requests")
        }
        return .object([.init("seconds", .number(BenchClock.seconds - start))])
    }

    private func load(_ path: String) throws(VexFSError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw VexFSError(.notFound, "\(path): \(Terminal.reason())") }
        defer { close(descriptor) }
        let ingest = collection.makeBulkIngest()
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            let part = Array(bytes[..<count])
            let outcome: Result<Void, VexFSError> = part.withUnsafeBytes { part in
                do throws(VexFSError) { return .success(try ingest.append(part)) } catch { return .failure(error) }
            }
            try outcome.get()
        }
        try ingest.finish()
    }

    private func ask(_ kind: String, _ request: JSON) throws(VexFSError) -> JSON {
        let points = store.points(of: collection)
        var executor = QueryExecutor(points)
        switch kind {
        case "query":
            let operation = try QueryOperation(qdrant: request) { (json) throws(VexFSError) in
                try collection.filter(qdrant: json)
            }
            return .array(try executor.run(operation).compactMap { points.identifier(of: $0.row)?.json })
        case "count":
            let filter = try request["filter"].map { (json) throws(VexFSError) in try collection.filter(qdrant: json) }
            return .integer(Int64(try executor.count(matching: filter)))
        case "facet":
            guard let key = request["key"]?.stringValue else {
                throw VexFSError(.invalidArgument, "a facet has a key")
            }
            let filter = try request["filter"].map { (json) throws(VexFSError) in try collection.filter(qdrant: json) }
            let found = try executor.facet(
                try PayloadPath(qdrant: key), matching: filter, limit: Int(request["limit"]?.integerValue ?? 10))
            return .array(found.map { .integer(Int64($0.count)) })
        default: throw VexFSError(.invalidArgument, "query, count and facet can be asked, not \(kind)")
        }
    }
}
