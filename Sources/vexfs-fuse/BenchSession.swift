import Glibc
import Synchronization
import VexFS

/// One collection under measurement: made once, asked in rounds.
final class BenchSession {
    let request: BenchRequest
    let data: BenchData
    private let index: any BenchIndex
    private(set) var report = BenchReport()
    private var filter: BenchFilter?
    private var truth: BenchTruth
    /// What was found of recall at a breadth, for the filter of the moment.
    private var recalls: [Int: Double] = [:]

    /// Rows that are inserted by one call.
    private static let batchRows = 1000
    /// A breadth beyond which nobody would search.
    private static let largestBreadth = 8192
    /// A round lasts at least this long, and then to the end of the queries, but never longer than the second.
    private static let roundSeconds = (least: 0.25, most: 2.0)

    /// Finds the truth, makes the collection in an empty directory, opens it again, and finds the breadths.
    init(_ request: BenchRequest, data: BenchData, directory: String) throws(Failure) {
        self.request = request
        self.data = data
        let rows = data.rowCount
        Self.say("\(rows) vectors of \(data.dimension), \(data.queries.count) queries: finding the truth")
        if let share = request.selectivity {
            filter = try BenchFilter(data, kind: request.filterKind, share: share)
        }
        truth = try BenchTruth(data, limit: request.limit, filter: filter)
        let before = BenchMemory.anonymousBytes()
        index = try Engine.benchIndex(request, dimension: data.dimension, directory: directory)
        let inserting = try Self.insert(data, into: index)
        report.insertedPerSecond = Double(rows) / inserting
        Self.say("inserted \(Int(report.insertedPerSecond)) a second; building")
        let building = try index.build()
        report.builtPerSecond = Double(rows) / max(building, 1e-9)
        _ = try recall(at: max(request.limit, 64))
        index.rest()
        report.residentBytes = Double(BenchMemory.anonymousBytes() - before) / Double(rows)
        try index.close()
        let start = BenchClock.seconds
        try index.open()
        try Self.checked { () throws(VexFSError) in _ = try find(0, ef: request.limit) }
        report.openMilliseconds = (BenchClock.seconds - start) * 1000
        recalls = [:]
        try tune()
        report.reopenedBytes = Double(BenchMemory.anonymousBytes() - before) / Double(rows)
        report.indexBytes = Double(index.indexBytes.allocated + index.indexBytes.mapped) / Double(rows)
        report.diskBytes = Double(BenchDirectory.bytes(directory)) / Double(rows)
    }

    private static func say(_ text: String) { Terminal.complain(text) }

    private static func insert(_ data: BenchData, into index: any BenchIndex) throws(Failure) -> Double {
        var seconds = 0.0
        for start in stride(from: 0, to: data.rowCount, by: batchRows) {
            let rows = start..<min(data.rowCount, start + batchRows)
            let vectors = data.rows(rows)
            let began = BenchClock.seconds
            try index.insert(vectors, count: rows.count)
            seconds += BenchClock.seconds - began
        }
        return seconds
    }

    /// Searches with another filter, or none, from now on; finds its truth and breadths.
    func use(_ filter: BenchFilter?) throws(Failure) {
        self.filter = filter
        truth = try BenchTruth(data, limit: request.limit, filter: filter)
        recalls = [:]
        try tune()
    }

    /// All rounds of all targets, in turn.
    func measureAll() throws(Failure) {
        for number in 1...request.rounds {
            for target in report.points.indices {
                for threads in [1, 2] { _ = try round(target, threads: threads) }
            }
            let figures = report.points.map { "\(Int($0.bestQPS1)) and \(Int($0.bestQPS2))" }.joined(separator: ", ")
            Self.say("round \(number) of \(request.rounds): best so far \(figures) queries a second")
        }
    }

    /// One round of a target, which the report keeps too.
    func round(_ target: Int, threads: Int) throws(Failure) -> BenchRound {
        let result = try round(ef: report.points[target].ef, threads: threads)
        report.points[target].add(result)
        return result
    }

    // MARK: - Breadths

    /// Finds the smallest breadth for every target, to about 6 %.
    private func tune() throws(Failure) {
        report.selectivity = filter?.selectivity
        report.plan = nil
        report.points = []
        for target in request.recallTargets {
            let ef = try smallestBreadth(for: target)
            let reached = try recall(at: ef)
            report.points.append(BenchPoint(target: target, recall: reached, ef: ef))
            let missed = reached < target ? ", short of \(target)" : ""
            Self.say("recall \((reached * 10_000).rounded() / 10_000) at ef \(ef)\(missed)")
        }
        guard filter != nil else { return }
        let breadth = report.points.first?.ef ?? request.limit
        try Self.checked { () throws(VexFSError) in
            report.plan = try index.plan(
                data.queries[0], limit: request.limit, ef: breadth, filter: filter?.rows(for: 0))
        }
    }

    private func smallestBreadth(for target: Double) throws(Failure) -> Int {
        var low = request.limit
        if try recall(at: low) >= target { return low }
        let most = max(low, min(Self.largestBreadth, data.rowCount))
        var high = low
        repeat {
            low = high
            high = min(most, high * 2)
            if try recall(at: high) >= target { break }
        } while high < most
        guard try recall(at: high) >= target else { return high }
        while high - low > max(1, low / 16) {
            let middle = (low + high) / 2
            if try recall(at: middle) >= target { high = middle } else { low = middle }
        }
        return high
    }

    /// The mean recall of all queries at a breadth.
    func recall(at ef: Int) throws(Failure) -> Double {
        if let known = recalls[ef] { return known }
        let run = BenchRun(self, ef: ef)
        let truth = truth
        let parts = try BenchThreads.map(2) { part -> Result<Double, VexFSError> in
            var sum = 0.0
            do throws(VexFSError) {
                for query in stride(from: part, to: run.queries.count, by: 2) {
                    sum += truth.recall(try run.find(query), query: query)
                }
                return .success(sum)
            } catch {
                return .failure(error)
            }
        }
        var total = 0.0
        for part in parts { try Self.checked { () throws(VexFSError) in total += try part.get() } }
        let mean = total / Double(data.queries.count)
        recalls[ef] = mean
        return mean
    }

    // MARK: - Rounds

    /// One round at a breadth: each thread takes its share of the queries, one after the other, again and again.
    func round(ef: Int, threads: Int) throws(Failure) -> BenchRound {
        let run = BenchRun(self, ef: ef)
        let parts = try BenchThreads.map(threads) { part -> Result<(Double, [Double]), VexFSError> in
            do throws(VexFSError) {
                return .success(try run.loop(part, of: threads, Self.roundSeconds))
            } catch {
                return .failure(error)
            }
        }
        var result = BenchRound(ef: ef, threads: threads, recall: try recall(at: ef))
        for part in parts {
            try Self.checked { () throws(VexFSError) in
                let (seconds, latencies) = try part.get()
                result.queriesPerSecond += Double(latencies.count) / seconds
                result.latencies += latencies
            }
        }
        return result
    }

    private func find(_ query: Int, ef: Int) throws(VexFSError) -> [Neighbor] {
        try BenchRun(self, ef: ef).find(query)
    }

    private static func checked(_ body: () throws(VexFSError) -> Void) throws(Failure) {
        do throws(VexFSError) { try body() } catch { throw Failure(error) }
    }

    /// What a thread needs for its searches, apart from the session, which only one thread touches.
    private struct BenchRun: Sendable {
        let index: any BenchIndex
        let queries: [[Float]]
        let filters: [RowBitmap?]
        let setOfQuery: [Int]
        let limit: Int
        let ef: Int

        init(_ session: BenchSession, ef: Int) {
            index = session.index
            queries = session.data.queries
            filters = session.filter?.sets ?? [nil]
            setOfQuery = session.filter?.setOfQuery ?? [Int](repeating: 0, count: queries.count)
            limit = session.request.limit
            self.ef = ef
        }

        func find(_ query: Int) throws(VexFSError) -> [Neighbor] {
            try index.search(queries[query], limit: limit, ef: ef, filter: filters[setOfQuery[query]])
        }

        /// The seconds a thread took and how long each of its queries did.
        func loop(_ part: Int, of threads: Int, _ bounds: (least: Double, most: Double)) throws(VexFSError)
            -> (Double, [Double])
        {
            var latencies: [Double] = []
            latencies.reserveCapacity(1 << 16)
            var query = part % queries.count
            let start = BenchClock.seconds
            var last = start
            while true {
                let found = try find(query)
                // The answer is used, so that no compiler may leave the search out.
                precondition(found.count <= limit)
                let now = BenchClock.seconds
                latencies.append(now - last)
                last = now
                query += threads
                if query >= queries.count {
                    if now - start >= bounds.least { break }
                    query = part % queries.count
                }
                if now - start >= bounds.most { break }
            }
            return (last - start, latencies)
        }
    }
}
