import CMicrohttpd
import Glibc
import Synchronization

/// How long a connection may take: for a whole request, and for taking its answer. The library itself only limits
/// silence.
///
/// What the kernel counts tells what the library does not: that the first bytes of a request are here, how much of an
/// answer has arrived, and that a client has left while its request is worked on. It is asked when time is looked at,
/// and not with every request.
final class HTTPDeadline: Sendable {
    /// What a connection is at.
    private enum Phase {
        /// There is none.
        case closed
        /// Between two requests, with so many bytes received when it was first looked at.
        case idle(received: UInt64?)
        case receiving(until: UInt64)
        /// This thread works on the request.
        case working(pthread_t, hasLeft: Bool)
        /// The client had so many bytes of the answer when it was first looked at.
        case sending(Progress?)
        case cut
    }

    private struct Progress {
        var acknowledged: UInt64
        var since: UInt64
    }

    private struct State {
        var socket: Int32 = -1
        var phase = Phase.closed
    }

    /// Fewer bytes of an answer in a second than that are too few.
    private static let leastBytesPerSecond: UInt64 = 4096

    private let limitNanoseconds: UInt64
    private let state = Mutex(State())

    init(limitSeconds: Int) { limitNanoseconds = UInt64(limitSeconds) * 1_000_000_000 }

    /// A connection is open.
    func open(_ socket: Int32) { state.withLock { $0 = State(socket: socket, phase: .idle(received: 0)) } }

    /// A request on it is over: the time until the next begins is not limited here.
    func idle() { set(.idle(received: nil)) }

    /// The head of a request is here.
    func receive() {
        let until = MonotonicClock.now + limitNanoseconds
        state.withLock { state in
            if case .receiving = state.phase { return }
            state.phase = .receiving(until: until)
        }
    }

    /// The calling thread works on the request: the time that this takes is not the client's. A client that leaves has
    /// the thread's calls interrupted.
    func work() {
        vexfs_interruption_forget()
        set(.working(pthread_self(), hasLeft: false))
    }

    /// The answer is being sent.
    func send() { set(.sending(nil)) }

    /// The connection is about to be closed; nothing touches its descriptor any more once this returns.
    func close() { state.withLock { $0 = State() } }

    /// Has the connection end.
    func shut() { state.withLock { if $0.socket >= 0 { shutdown($0.socket, Int32(SHUT_RDWR)) } } }

    private func set(_ phase: Phase) { state.withLock { $0.phase = phase } }

    /// Cuts the connection if it is too slow, and interrupts the work for a client that has left.
    func enforce(at now: UInt64) {
        state.withLock { state in
            if let next = next(state.phase, of: state.socket, at: now) { state.phase = next }
        }
    }

    /// What a connection comes to; nil for what it is at.
    private func next(_ phase: Phase, of socket: Int32, at now: UInt64) -> Phase? {
        switch phase {
        case .closed, .cut: return nil
        case .idle(nil): return .idle(received: vexfs_http_look(socket).received_bytes)
        case .idle(let received?):
            return vexfs_http_look(socket).received_bytes > received ? .receiving(until: now + limitNanoseconds) : nil
        case .receiving(let until): return now > until ? cut(socket) : nil
        case .working(let thread, let hasLeft):
            guard vexfs_http_look(socket).is_left != 0 else { return nil }
            // The first time the answer may be about to be sent.
            if hasLeft { vexfs_interruption_send(thread) }
            return .working(thread, hasLeft: true)
        case .sending(nil):
            return .sending(Progress(acknowledged: vexfs_http_look(socket).acknowledged_bytes, since: now))
        case .sending(let before?):
            guard now > before.since + limitNanoseconds else { return nil }
            let arrived = vexfs_http_look(socket).acknowledged_bytes
            let least = Self.leastBytesPerSecond * (limitNanoseconds / 1_000_000_000)
            guard arrived >= before.acknowledged + least else { return cut(socket) }
            return .sending(Progress(acknowledged: arrived, since: now))
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
