import Glibc

/// The threads that build segments: one turns new rows into lists, so that searches never scan much; one makes larger
/// lists of these; one builds graphs. All step back for searches and writes.
final class IndexBuilder: Sendable {
    /// Threads that one build may use.
    static let threadCount = max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    /// The works, each with how far its thread steps back for others, 0 to 19. Taking in new rows hardly does: where it
    /// gets no processor, every search scans the rows that it has not come to, which takes more of the processor than
    /// it does.
    private static let works: [(work: Collection.IndexWork, niceness: Int32)] = [
        (.fresh, 5), (.gathering, 5), (.merge, 19),
    ]
    /// How often a thread looks for work that nobody told it of.
    private static let intervalMilliseconds = 250
    /// A collection that is written to fast is merged only from so many segments on: building graphs takes time from
    /// who writes, and until then lists answer.
    private static let segmentsWhileHurried = 12
    /// How long a collection whose build failed is left alone.
    private static let retryMicroseconds = 30e6

    private struct Status {
        var isStopping = false
        var running = 0
    }

    private let status = Monitor(Status())

    func start(_ context: StoreContext) {
        for (work, niceness) in Self.works {
            status.withLock { $0.running += 1 }
            let isStarted = BackgroundThread.start(niceness: niceness) { [self] in
                run(context, work)
                status.update { $0.running -= 1 }
            }
            if !isStarted {
                status.withLock { $0.running -= 1 }
                Log.shared.error("no thread to build the index: searches scan")
            }
        }
    }

    /// Returns when the threads have ended; a build in progress is given up.
    func stop() {
        status.update { $0.isStopping = true }
        status.wait { $0.running > 0 ? nil : () }
    }

    private func run(_ context: StoreContext, _ work: Collection.IndexWork) {
        let isStopping: @Sendable () -> Bool = { [self] in status.withLock { $0.isStopping } }
        var failed: [UInt32: Double] = [:]
        var paces: [UInt32: WritingPace] = [:]
        while !isStopping() {
            var isBusy = false
            for collection in context.present where !isStopping() {
                let now = SystemCall.monotonicMicroseconds()
                if let time = failed[collection.number], now - time < Self.retryMicroseconds { continue }
                failed[collection.number] = nil
                let (rows, segments) = collection.state.withLock { state in
                    (state.rows.next, state.spaces.map(\.segments.entries.count).max() ?? 0)
                }
                paces[collection.number, default: WritingPace()].note(rows, now: now)
                let isHurried = paces[collection.number]?.isHurried ?? false
                guard let wanted = Self.work(work, isHurried: isHurried, segments: segments) else { continue }
                do throws(VexFSError) {
                    let isBuilt = try collection.buildNext(
                        wanted, policy: context.indexPolicy, threads: Self.threadCount, isCancelled: isStopping)
                    isBusy = isBusy || isBuilt
                } catch {
                    failed[collection.number] = now
                    guard error.code != .notFound else { continue }
                    Log.shared.warn(
                        "a part of the index was not built: \(error)", [("collection", collection.name.string)])
                }
            }
            if !isBusy {
                _ = status.wait(milliseconds: Self.intervalMilliseconds) { $0.isStopping ? true : nil }
            }
        }
    }

    /// What a thread has to do for a collection; nil for nothing.
    private static func work(
        _ work: Collection.IndexWork, isHurried: Bool, segments: Int
    ) -> Collection.IndexWork? {
        switch work {
        case .gathering: isHurried ? work : nil
        case .merge: isHurried ? (segments >= segmentsWhileHurried ? work : nil) : .calm
        default: work
        }
    }
}

/// How fast rows come into a collection.
struct WritingPace {
    /// From so many rows a second on building graphs would fall behind, or take the processor from who writes.
    static let hurriedRowsPerSecond = 4000.0
    /// The least time that says something.
    private static let leastMicroseconds = 200e3

    private var seen: (rows: Row, time: Double)?
    /// Whether many rows came lately; also before it is known.
    private(set) var isHurried = true

    /// Takes note of how many rows there are at a time, in microseconds.
    mutating func note(_ rows: Row, now: Double) {
        guard let (before, time) = seen, rows >= before else {
            seen = (rows, now)
            return
        }
        guard now - time >= Self.leastMicroseconds else { return }
        isHurried = Double(rows - before) * 1e6 > Self.hurriedRowsPerSecond * (now - time)
        seen = (rows, now)
    }
}
