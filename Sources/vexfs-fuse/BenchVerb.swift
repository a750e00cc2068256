import Glibc
import VexFS

/// `vexfs-fuse bench`.
enum BenchVerb: Verb {
    static let name = "bench"
    static let operands = "ann|insert|queries"
    static let summary = "measure how fast vectors are found, and how many of the right ones"
    static let details = """
        insert: puts the vectors of an .npy file into a throw-away collection, first one by one, then in
        batches, each on the disk when its call returns, while another thread searches. Prints rates, p50 and
        p99 of the searches and their recall against the exact answer, as JSON.

        ann: makes a throw-away collection of the vectors in an .npy file, compares every query with every vector
        to know the right answers, and looks for the smallest search breadth (ef) that finds the wanted
        share of them. There it measures queries a second on one and on two threads (the best round), p50 and
        p99 of one query, and besides: build rate, memory and disk per vector, time to open. Every query is
        a call of its own, in this process. Progress goes to standard error.

        queries: makes an empty throw-away collection and answers commands on standard input, one JSON object a
        line: {"config": {…}}, {"schema": {…}}, {"load": FILE} of JSON Lines, and {"ask": "query"|"count"|"facet",
        "requests": […]} with bodies of Qdrant's API, which are answered with microseconds and answers.

        --serve builds once and then answers commands on standard input, one JSON object a line, so that
        rounds can alternate with those of other programs:
          round TARGET THREADS     one round at a recall target, or at a breadth: round ef=64 2
          filter KIND SHARE        from now on with a filter; "filter none" ends it
          report                   what --json prints
        """
    static let options = BenchRequest.options

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        if arguments.operands == ["queries"] {
            let directory = try BenchDirectory.make(in: arguments.value("directory") ?? temporary)
            defer { BenchDirectory.remove(directory) }
            try BenchQueries(directory: directory).run()
            return .success
        }
        let request = try BenchRequest(arguments, temporaryDirectory: temporary)
        let data = try BenchData(request)
        let directory = try BenchDirectory.make(in: request.directory)
        defer { BenchDirectory.remove(directory) }
        if request.workload == .insert {
            let bench = try BenchInsertion(request, data: data, directory: directory)
            try Terminal.write(try bench.run().pretty)
            return .success
        }
        let session = try BenchSession(request, data: data, directory: directory)
        if request.serves {
            try BenchServer(session).run()
        } else {
            try session.measureAll()
            try Terminal.write(request.isJSON ? session.report.json + "\n" : session.report.table)
        }
        return .success
    }
}

/// The directory of a throw-away collection.
enum BenchDirectory {
    /// Makes one.
    static func make(in parent: String) throws(Failure) -> String {
        var template = Array("\(parent)/vexfs-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(.failure, "\(parent): \(Terminal.reason())") }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Bytes that the files below a directory take on the disk.
    static func bytes(_ path: String) -> Int {
        var total = 0
        for name in FilePath.names(in: path) ?? [] {
            var facts = stat()
            guard lstat("\(path)/\(name)", &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFDIR {
                total += bytes("\(path)/\(name)")
            } else {
                total += Int(facts.st_blocks) * 512
            }
        }
        return total
    }

    /// Removes a directory with everything in it.
    static func remove(_ path: String) {
        for name in FilePath.names(in: path) ?? [] {
            let inner = "\(path)/\(name)"
            // A directory can't be unlinked; its entries go first.
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }
}
