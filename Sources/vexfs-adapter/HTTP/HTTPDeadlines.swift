import Glibc
import Synchronization

/// How long the connections of a server may take for a whole request; the library itself only limits silence.
final class HTTPDeadlines: Sendable {
    private let limitNanoseconds: UInt64
    private let deadlines = Mutex<[Int32: UInt64]>([:])

    init(limitSeconds: Int) { limitNanoseconds = UInt64(limitSeconds) * 1_000_000_000 }

    /// The monotonic clock, in nanoseconds.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// A request may begin now.
    func start(_ socket: Int32) {
        let deadline = Self.now + limitNanoseconds
        deadlines.withLock { $0[socket] = deadline }
    }

    /// The request is here: the time that its answer takes is not the client's.
    func pause(_ socket: Int32) { deadlines.withLock { $0[socket] = .max } }

    /// The connection is closed; nothing touches its descriptor any more once this returns.
    func remove(_ socket: Int32) { deadlines.withLock { _ = $0.removeValue(forKey: socket) } }

    /// Cuts the connections that are too slow.
    func enforce() {
        let now = Self.now
        deadlines.withLock { deadlines in
            for (socket, deadline) in deadlines where deadline < now {
                shutdown(socket, Int32(SHUT_RDWR))
                deadlines[socket] = .max
            }
        }
    }
}
