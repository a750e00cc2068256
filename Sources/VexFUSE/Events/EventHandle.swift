import Glibc
import Synchronization
import VexFS

/// An open event file. Reading at the end returns nothing; poll waits for more.
final class EventHandle: OpenHandle {
    let path: String
    private let log: EventLog
    private let onRelease: @Sendable () -> Void
    private let reader = Mutex(EventReader())

    init(_ log: EventLog, path: String, onRelease: @escaping @Sendable () -> Void) {
        self.log = log
        self.path = path
        self.onRelease = onRelease
    }

    func read(_ request: Request, size: Int, offset: Int64) {
        let bytes = reader.withLock { $0.read(log, at: offset, size: size) }
        request.reply(slice: bytes, offset: 0, size: size)
    }

    func poll(_ request: Request, _ waker: PollWaker?) {
        let place = reader.withLock { $0.place }
        request.reply(events: log.hasMore(behind: place, for: ObjectIdentifier(self), waker) ? POLLIN : 0)
    }

    func release() {
        log.forget(ObjectIdentifier(self))
        onRelease()
    }
    func abandon() { onRelease() }
}
