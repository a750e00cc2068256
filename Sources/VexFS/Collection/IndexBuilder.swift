import Glibc

/// The threads that build segments: one turns new rows into lists, so that searches never scan much; one merges. Both
/// step back for searches and writes.
final class IndexBuilder: Sendable {
    /// Threads that one build may use.
    static let threadCount = max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    /// How far the threads step back for others, 0 to 19. Taking in new rows hardly does: where it gets no processor,
    /// every search scans the rows that it has not come to, which takes more of the processor than it does.
    private static let niceness: (fresh: Int32, merge: Int32) = (5, 19)
    /// How often a thread looks for work that nobody told it of.
    private static let intervalMilliseconds = 250
    /// A collection that is written to all the while is merged only from so many segments on: building graphs takes
    /// time from who writes, and until then lists answer.
    private static let segmentsWhileWritten = 12
    /// How long a collection whose build failed is left alone.
    private static let retryMicroseconds = 30e6

    private struct Status {
        var isStopping = false
        var running = 0
    }

    private let status = Monitor(Status())

    func start(_ context: StoreContext) {
        for isMerge in [false, true] {
            status.withLock { $0.running += 1 }
            let isStarted = BackgroundThread.start(niceness: isMerge ? Self.niceness.merge : Self.niceness.fresh) {
                [self] in
                run(context, isMerge: isMerge)
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

    private func run(_ context: StoreContext, isMerge: Bool) {
        let isStopping: @Sendable () -> Bool = { [self] in status.withLock { $0.isStopping } }
        var failed: [UInt32: Double] = [:]
        var seen: [UInt32: Row] = [:]
        while !isStopping() {
            var isBusy = false
            for collection in context.present where !isStopping() {
                let now = SystemCall.monotonicMicroseconds()
                if let time = failed[collection.number], now - time < Self.retryMicroseconds { continue }
                failed[collection.number] = nil
                if isMerge {
                    let (rows, segments) = collection.state.withLock { state in
                        (state.rows.next, state.spaces.map(\.segments.entries.count).max() ?? 0)
                    }
                    let isWritten = seen.updateValue(rows, forKey: collection.number) != rows
                    if isWritten, segments < Self.segmentsWhileWritten { continue }
                }
                do throws(VexFSError) {
                    let isBuilt = try collection.buildNext(
                        isMerge ? .merge : .fresh, policy: context.indexPolicy, threads: Self.threadCount,
                        isCancelled: isStopping)
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
}
