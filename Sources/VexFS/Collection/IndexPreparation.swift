/// The thread that, after an open, makes the indexes which searches used before it, so that the next search does not
/// wait for them. It steps back for everyone, works a few rows at a time, and ends at once when it is told to.
final class IndexPreparation: Sendable {
    private static let niceness: Int32 = 10

    private struct Status {
        var isStopping = false
        var isRunning = false
    }

    private let status = Monitor(Status())

    func start(_ context: StoreContext) {
        status.withLock { $0.isRunning = true }
        for collection in context.present { collection.announcePreparation() }
        let isStarted = BackgroundThread.start(niceness: Self.niceness) { [self] in
            for collection in context.present {
                collection.prepareIndexes { [self] in status.withLock { $0.isStopping } }
            }
            status.update { $0.isRunning = false }
        }
        guard isStarted else {
            status.withLock { $0.isRunning = false }
            for collection in context.present { collection.preparation.withLock { $0 = PreparationFigures() } }
            Log.shared.error("no thread to prepare indexes: the first searches make them")
            return
        }
    }

    /// Returns when the thread has ended.
    func stop() {
        status.update { $0.isStopping = true }
        status.wait { $0.isRunning ? nil : () }
    }
}
