import Glibc
import Synchronization
import VexFS

/// An open event file. Reading at the end returns nothing; poll waits for more.
final class EventHandle: OpenHandle {
    let path: String
    private let log: EventLog
    private let onRelease: @Sendable () -> Void

    private struct State {
        /// How far the file offset is behind the place in the log: what was lost before it was read.
        var skipped: Int64 = 0
        /// The place in the log behind what was read last.
        var place: Int64 = 0
    }
    private let state = Mutex(State())

    init(_ log: EventLog, path: String, onRelease: @escaping @Sendable () -> Void) {
        self.log = log
        self.path = path
        self.onRelease = onRelease
    }

    func read(_ request: Request, size: Int, offset: Int64) {
        let bytes = state.withLock { state in
            let wanted = offset + state.skipped
            let found = log.read(from: wanted, size: size)
            state.skipped += found.start - wanted
            state.place = found.start + Int64(found.bytes.count)
            return found.bytes
        }
        request.reply(slice: bytes, offset: 0, size: size)
    }

    func poll(_ request: Request, _ waker: PollWaker?) {
        let place = state.withLock { $0.place }
        request.reply(events: log.hasMore(behind: place, waker) ? POLLIN : 0)
    }

    func release() { onRelease() }
    func abandon() { onRelease() }
}
