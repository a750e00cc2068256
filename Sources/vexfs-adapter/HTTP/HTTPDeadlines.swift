import CMicrohttpd
import Glibc
import Synchronization

/// How long the connections of a server may take: for a whole request, and for taking its answer. The library itself
/// only limits silence.
///
/// What the kernel counts tells what the library does not: that the first bytes of a request are here, how much of an
/// answer has arrived, and that a client has left while its request is worked on.
final class HTTPDeadlines: Sendable {
    /// What a connection is at.
    private enum Phase {
        /// Between two requests, with so many bytes received.
        case idle(received: UInt64)
        case receiving(until: UInt64)
        /// This thread works on the request.
        case working(pthread_t, hasLeft: Bool)
        /// The client had so many bytes at that time.
        case sending(acknowledged: UInt64, since: UInt64)
        case cut
    }

    /// Fewer bytes of an answer in a second than that are too few.
    private static let leastBytesPerSecond: UInt64 = 4096

    private let limitNanoseconds: UInt64
    private let phases = Mutex<[Int32: Phase]>([:])

    init(limitSeconds: Int) { limitNanoseconds = UInt64(limitSeconds) * 1_000_000_000 }

    /// The monotonic clock, in nanoseconds.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// A connection is open, or a request on it is over: the time until the next begins is not limited here.
    func idle(_ socket: Int32) { set(socket, .idle(received: vexfs_http_look(socket).received_bytes)) }

    /// The head of a request is here.
    func receive(_ socket: Int32) {
        let until = Self.now + limitNanoseconds
        phases.withLock { phases in
            if case .receiving? = phases[socket] { return }
            phases[socket] = .receiving(until: until)
        }
    }

    /// The calling thread works on the request: the time that this takes is not the client's. A client that leaves has
    /// the thread's calls interrupted.
    func work(_ socket: Int32) {
        vexfs_interruption_forget()
        set(socket, .working(pthread_self(), hasLeft: false))
    }

    /// The answer is being sent.
    func send(_ socket: Int32) {
        set(socket, .sending(acknowledged: vexfs_http_look(socket).acknowledged_bytes, since: Self.now))
    }

    /// The connection is closed; nothing touches its descriptor any more once this returns.
    func remove(_ socket: Int32) { phases.withLock { _ = $0.removeValue(forKey: socket) } }

    private func set(_ socket: Int32, _ phase: Phase) { phases.withLock { $0[socket] = phase } }

    /// Cuts the connections that are too slow, and interrupts the work for clients that have left.
    func enforce() {
        let now = Self.now
        phases.withLock { phases in
            for (socket, phase) in phases {
                if let next = next(phase, of: socket, at: now) { phases[socket] = next }
            }
        }
    }

    /// What a connection comes to; nil for what it is at.
    private func next(_ phase: Phase, of socket: Int32, at now: UInt64) -> Phase? {
        switch phase {
        case .idle(let received):
            return vexfs_http_look(socket).received_bytes > received ? .receiving(until: now + limitNanoseconds) : nil
        case .receiving(let until): return now > until ? cut(socket) : nil
        case .working(let thread, let hasLeft):
            guard vexfs_http_look(socket).is_left != 0 else { return nil }
            // The first time the answer may be about to be sent.
            if hasLeft { vexfs_interruption_send(thread) }
            return .working(thread, hasLeft: true)
        case .sending(let acknowledged, let since):
            guard now > since + limitNanoseconds else { return nil }
            let arrived = vexfs_http_look(socket).acknowledged_bytes
            let least = Self.leastBytesPerSecond * (limitNanoseconds / 1_000_000_000)
            return arrived < acknowledged + least ? cut(socket) : .sending(acknowledged: arrived, since: now)
        case .cut: return nil
        }
    }

    private func cut(_ socket: Int32) -> Phase {
        // Else the kernel would go on sending what it holds.
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        shutdown(socket, Int32(SHUT_RDWR))
        return .cut
    }
}
