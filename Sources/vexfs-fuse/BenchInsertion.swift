import Synchronization
import VexFS

/// `vexfs-fuse bench insert`: how fast vectors go in, and what searches meet meanwhile.
struct BenchInsertion {
    private let request: BenchRequest
    private let data: BenchData
    private let index: any BenchIndex

    /// Inserts that are measured one by one before the batches.
    private static let singles = 2000
    /// One of so many searches is repeated exactly.
    private static let sampling = 256

    init(_ request: BenchRequest, data: BenchData, directory: String) throws(Failure) {
        self.request = request
        self.data = data
        index = try Engine.benchIndex(request, dimension: data.dimension, directory: directory, inBackground: true)
    }

    /// What the searching thread saw.
    private struct Watch: Sendable {
        var latencies: [Double] = []
        /// What the searches took of the processor: what they waited for is not in it.
        var processing: [Double] = []
        var recalls: [Double] = []
        var failure: VexFSError?
    }

    /// Inserts everything while another thread searches, and reports as one JSON object.
    func run() throws(Failure) -> JSON {
        let singles = min(Self.singles, data.rowCount / 10)
        var clock = BenchClock.seconds
        for row in 0..<singles { try index.insert(data.rows(row..<row + 1), count: 1) }
        let singleRate = Double(singles) / max(1e-9, BenchClock.seconds - clock)
        Terminal.complain("\(Int(singleRate)) a second one by one; now in batches of \(request.batch)")

        let inserted = Atomic<Int>(singles)
        let isDone = Atomic<Bool>(false)
        let problem = Mutex<Failure?>(nil)
        let slowest = Mutex(0.0)
        clock = BenchClock.seconds
        let inserting = Mutex(0.0)
        let job = Job(self, singles: singles)
        let watches = try BenchThreads.map(2) { part -> Watch in
            if part == 1 { return job.watch(inserted, isDone) }
            defer { isDone.store(true, ordering: .releasing) }
            do throws(Failure) {
                let (total, worst) = try job.fill(inserted)
                inserting.withLock { $0 = total }
                slowest.withLock { $0 = worst }
            } catch {
                problem.withLock { $0 = error }
            }
            return Watch()
        }
        if let problem = problem.withLock({ $0 }) { throw problem }
        if let failure = watches[1].failure { throw Failure(failure) }
        let watch = watches[1]
        let seconds = inserting.withLock { $0 }
        let meanRecall = watch.recalls.reduce(0, +) / Double(max(1, watch.recalls.count))
        return .object([
            .init("vectors", .integer(Int64(data.rowCount))),
            .init("dimension", .integer(Int64(data.dimension))),
            .init("singles_per_second", BenchReport.rounded(singleRate, 1)),
            .init("batch", .integer(Int64(request.batch))),
            .init("vectors_per_second", BenchReport.rounded(Double(data.rowCount - singles) / max(1e-9, seconds), 1)),
            .init("slowest_batch_ms", BenchReport.rounded(slowest.withLock { $0 } * 1000, 2)),
            .init("searches", .integer(Int64(watch.latencies.count))),
            .init("search_p50_us", BenchReport.rounded(watch.latencies.quantile(0.5) * 1e6, 1)),
            .init("search_p99_us", BenchReport.rounded(watch.latencies.quantile(0.99) * 1e6, 1)),
            .init("search_cpu_p50_us", BenchReport.rounded(watch.processing.quantile(0.5) * 1e6, 1)),
            .init("search_cpu_p99_us", BenchReport.rounded(watch.processing.quantile(0.99) * 1e6, 1)),
            .init("search_max_us", BenchReport.rounded(watch.latencies.quantile(1) * 1e6, 1)),
            .init("recall_samples", .integer(Int64(watch.recalls.count))),
            .init("recall_mean", BenchReport.rounded(meanRecall, 4)),
            .init("recall_least_window", BenchReport.rounded(Self.leastWindow(watch.recalls), 4)),
        ])
    }

    /// The lowest mean of ten samples in a row: one sample alone knows tenths only.
    private static func leastWindow(_ recalls: [Double]) -> Double {
        guard recalls.count >= 10 else { return recalls.min() ?? 0 }
        return (10...recalls.count).map { recalls[($0 - 10)..<$0].reduce(0, +) / 10 }.min() ?? 0
    }

    /// What the two threads need, apart from the benchmark, which only one thread touches.
    private struct Job: Sendable {
        let index: any BenchIndex
        let data: BenchData
        let request: BenchRequest
        let singles: Int

        init(_ bench: BenchInsertion, singles: Int) {
            index = bench.index
            data = bench.data
            request = bench.request
            self.singles = singles
        }

        /// Inserts the rest; the seconds that the inserts took, and the slowest of them.
        func fill(_ inserted: borrowing Atomic<Int>) throws(Failure) -> (Double, Double) {
            var total = 0.0
            var worst = 0.0
            var nextWord = data.rowCount / 10
            for start in stride(from: singles, to: data.rowCount, by: request.batch) {
                let rows = start..<min(data.rowCount, start + request.batch)
                let vectors = data.rows(rows)
                let began = BenchClock.seconds
                try index.insert(vectors, count: rows.count)
                let took = BenchClock.seconds - began
                total += took
                worst = max(worst, took)
                inserted.store(rows.upperBound, ordering: .releasing)
                if rows.upperBound >= nextWord {
                    let rate = Int(Double(rows.upperBound - singles) / total)
                    Terminal.complain("\(rows.upperBound) inserted, \(rate) a second")
                    nextWord += data.rowCount / 10
                }
            }
            return (total, worst)
        }

        /// Searches all the while; now and then among exactly the rows that were there, to compare with the truth.
        func watch(_ inserted: borrowing Atomic<Int>, _ isDone: borrowing Atomic<Bool>) -> Watch {
            var watch = Watch()
            var number = 0
            do throws(VexFSError) {
                while !isDone.load(ordering: .acquiring) {
                    let query = data.queries[number % data.queries.count]
                    number += 1
                    guard number % BenchInsertion.sampling == 0 else {
                        let start = (BenchClock.seconds, BenchClock.threadSeconds)
                        _ = try index.search(query, limit: request.limit, ef: request.ef, filter: nil)
                        watch.latencies.append(BenchClock.seconds - start.0)
                        watch.processing.append(BenchClock.threadSeconds - start.1)
                        continue
                    }
                    let rows = RowBitmap(rowsBelow: inserted.load(ordering: .acquiring))
                    let found = try index.search(query, limit: request.limit, ef: request.ef, filter: rows)
                    let exact = try index.exact(query, limit: request.limit, among: rows)
                    guard !exact.isEmpty else { continue }
                    let right = Set(exact.map(\.row)).intersection(found.map(\.row)).count
                    watch.recalls.append(Double(right) / Double(exact.count))
                }
            } catch {
                watch.failure = error
            }
            return watch
        }
    }
}
