import Glibc

/// The store's background thread: syncs what nobody asked to be synced, and embeds documents that wait for a vector.
final class Maintenance: Sendable {
    /// Writes that nobody fsynced are on the disk after this long.
    static let syncIntervalMilliseconds = 5000

    private struct Status {
        var isStopping = false
        var isRunning = false
    }

    private let status = Monitor(Status())

    func start(_ context: StoreContext) {
        status.withLock { $0.isRunning = true }
        let work = Unmanaged.passRetained(Work(maintenance: self, context: context))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                work.maintenance.run(work.context)
                return nil
            }, work.toOpaque())
        guard result == 0 else {
            work.release()
            status.withLock { $0.isRunning = false }
            Log.shared.error("no background thread: unsynced writes stay unsynced until fsync or unmount")
            return
        }
        pthread_detach(thread)
    }

    /// Returns when the thread has ended.
    func stop() {
        status.update { $0.isStopping = true }
        _ = status.wait { $0.isRunning ? nil : true }
    }

    private final class Work: Sendable {
        let maintenance: Maintenance
        let context: StoreContext
        init(maintenance: Maintenance, context: StoreContext) {
            self.maintenance = maintenance
            self.context = context
        }
    }

    private func run(_ context: StoreContext) {
        context.buildRequestedIndexes()
        while true {
            context.embedPending { !status.withLock { $0.isStopping } }
            let isStopping = status.wait(milliseconds: Self.syncIntervalMilliseconds) { $0.isStopping ? true : nil }
            if isStopping == true { break }
            context.giveBackSpace { !status.withLock { $0.isStopping } }
            guard context.hasUnsynced else { continue }
            do throws(VexFSError) { try context.sync() } catch {
                Log.shared.error("the periodic sync failed: \(error)")
            }
        }
        status.update { $0.isRunning = false }
    }
}
