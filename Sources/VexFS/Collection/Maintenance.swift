import CVexKernels
import Glibc

/// The store's background thread: syncs what nobody asked to be synced, embeds documents that
/// wait for a vector, and measures recall.
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
        let isStarted = BackgroundThread.start { [self] in run(context) }
        guard isStarted else {
            status.withLock { $0.isRunning = false }
            Log.shared.error("no background thread: unsynced writes stay unsynced until fsync or unmount")
            return
        }
    }

    /// Returns when the thread has ended.
    func stop() {
        status.update { $0.isStopping = true }
        _ = status.wait { $0.isRunning ? nil : true }
    }

    private func run(_ context: StoreContext) {
        var synced = SystemCall.monotonicMicroseconds()
        var seen: UInt64 = 0
        var rested: UInt64 = 0
        while true {
            context.embedPending { goesOn(context, &synced) }
            let isStopping = status.wait(milliseconds: Self.syncIntervalMilliseconds) { $0.isStopping ? true : nil }
            if isStopping == true { break }
            for collection in context.present {
                collection.measureRecall()
                collection.forgetViews()
                collection.saveIndexUse()
            }
            context.expireTrash()
            context.giveBackSpace { goesOn(context, &synced) }
            let change = context.database.latestChange
            if change == seen, change != rested {
                context.rest()
                rested = context.database.latestChange
            } else {
                context.saveTreeImages(isWritten: change != seen)
            }
            seen = context.database.latestChange
            sync(context, &synced)
        }
        status.update { $0.isRunning = false }
    }

    /// Whether long work may go on; what is written meanwhile does not wait for its end to be synced.
    private func goesOn(_ context: StoreContext, _ synced: inout Double) -> Bool {
        if SystemCall.monotonicMicroseconds() - synced >= Double(Self.syncIntervalMilliseconds) * 1000 {
            sync(context, &synced)
        }
        return !status.withLock { $0.isStopping }
    }

    private func sync(_ context: StoreContext, _ synced: inout Double) {
        if context.hasUnsynced {
            do throws(VexFSError) { try context.sync() } catch {
                Log.shared.error("the periodic sync failed: \(error)")
            }
        }
        synced = SystemCall.monotonicMicroseconds()
    }
}

extension StoreContext {
    /// Gives back the memory that only changes need, when nobody writes: the changes go to the disk, the trees of files
    /// are read from their images from now on.
    func rest() {
        saveTreeImages(isWritten: false)
        do throws(VexFSError) {
            try database.giveBackMemory()
        } catch {
            Log.shared.warn("changes stay in memory: \(error)")
        }
        vexfs_return_memory()
    }
}
