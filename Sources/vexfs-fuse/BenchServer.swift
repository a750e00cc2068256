import Glibc
import VexFS

/// `vexfs-fuse bench ann --serve`: rounds on command, so that programs can be compared in turn.
struct BenchServer {
    private let session: BenchSession

    init(_ session: BenchSession) { self.session = session }

    /// Says what was built, then answers line by line until the input ends. A line that makes no sense is answered too.
    func run() throws(Failure) {
        try write(session.report.extendedJSON)
        var lines = LineReader(descriptor: STDIN_FILENO)
        while let line = lines.nextBatch(limit: 1).first {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            do throws(Failure) {
                try write(try answer(words))
            } catch {
                guard error.code == .usage else { throw error }
                try write(.object([.init("error", .string(error.message))]))
            }
        }
    }

    private func write(_ json: JSON) throws(Failure) { try Terminal.write(json.compact + [UInt8(ascii: "\n")]) }

    private func answer(_ words: [String]) throws(Failure) -> JSON {
        switch (words.first, words.count) {
        case ("round", 3): return try round(words[1], threads: words[2])
        case ("filter", 2) where words[1] == "none":
            try session.use(nil)
            return session.report.extendedJSON
        case ("filter", 3):
            guard let kind = BenchRequest.FilterKind(rawValue: words[1]) else {
                throw Failure(.usage, "\"\(words[1])\" is not a kind of filter")
            }
            let share = try BenchRequest.share(words[2], "filter-selectivity")
            try session.use(try BenchFilter(session.data, kind: kind, share: share))
            return session.report.extendedJSON
        case ("report", 1): return session.report.extendedJSON
        default: throw Failure(.usage, "the commands are: round TARGET|ef=N THREADS, filter KIND SHARE, report")
        }
    }

    private func round(_ place: String, threads text: String) throws(Failure) -> JSON {
        guard let threads = Int(text), (1...64).contains(threads) else {
            throw Failure(.usage, "\"\(text)\" is not a number of threads")
        }
        if place.hasPrefix("ef=") {
            guard let ef = Int(place.dropFirst(3)), ef > 0 else { throw Failure(.usage, "ef is a number above 0") }
            return try session.round(ef: ef, threads: threads).json(target: nil)
        }
        guard let target = session.report.points.firstIndex(where: { $0.target == Double(place) }) else {
            throw Failure(.usage, "\"\(place)\" is none of the recall targets")
        }
        return try session.round(target, threads: threads).json(target: session.report.points[target].target)
    }
}
