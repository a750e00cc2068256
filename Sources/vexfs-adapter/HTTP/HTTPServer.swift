import CMicrohttpd
import Glibc
import Synchronization

/// An HTTP/1.1 server: threads that each serve one connection after the other, and stay when it is closed.
///
/// No request is handed from one thread to another, and no connection waits for a thread to be made: a wake-up costs
/// more than most answers, and a new thread on a busy machine more than all of them.
final class HTTPServer: Sendable {
    struct Settings: Sendable {
        var address = "127.0.0.1"
        var port: UInt16 = 8000
        var bodyLimitBytes = 40 << 20
        var requestSeconds = 120
        var connectionsPerAddress = 4096
        var connectionLimit = 8192
        /// Bytes of bodies that may be held at once, of all connections.
        var heldBytesMax = 512 << 20
        var admission = HTTPAdmission(asksForTokens: false)
    }

    let settings: Settings
    let router: HTTPRouter
    let metrics: AdapterMetrics
    /// Requests that are here and whose answers are not sent.
    let underWay = Atomic<Int>(0)
    /// Bytes of bodies that are here and not yet worked on.
    let heldBytes = Atomic<Int>(0)

    private struct Crew {
        var threads: [ObjectIdentifier: HTTPThread] = [:]
        /// How many of them have no connection.
        var waiting = 0
        /// Connections by the address at their other end.
        var addresses: [HTTPThread.Address: Int] = [:]
        var isLeaving = false
    }

    private let crew = Mutex(Crew())
    private let listener = Atomic<Int32>(-1)

    /// With fewer threads waiting, one more is made; with more, one that has nothing to do ends.
    private static let waitingThreads = 2...8

    init(_ settings: Settings, router: HTTPRouter, metrics: AdapterMetrics) {
        self.settings = settings
        self.router = router
        self.metrics = metrics
    }

    /// Begins to listen; to be ended by ``stop()``.
    /// - Returns: the port, or nil with `errno` where it cannot listen.
    func start() -> UInt16? {
        let socket = vexfs_http_listen(settings.address, settings.port)
        guard socket >= 0 else { return nil }
        listener.store(socket, ordering: .relaxed)
        for _ in 0..<Self.waitingThreads.lowerBound { addThread() }
        return vexfs_http_port(socket)
    }

    /// Cuts the connections that are too slow; to be called every second or so.
    func enforceDeadlines() {
        let threads = crew.withLock { Array($0.threads.values) }
        let now = MonotonicClock.now
        for thread in threads { thread.deadline.enforce(at: now) }
    }

    /// Takes no more connections. What is under way goes on.
    func quiesce() {
        crew.withLock { $0.isLeaving = true }
        shutdown(listener.load(ordering: .relaxed), Int32(SHUT_RDWR))
    }

    /// Ends; the gate must be closed. Answers that are still being sent have some seconds to be.
    func stop() {
        wait(seconds: 5) { underWay.load(ordering: .relaxed) == 0 }
        for thread in crew.withLock({ Array($0.threads.values) }) { thread.deadline.shut() }
        wait(seconds: 5) { crew.withLock { $0.threads.isEmpty } }
        close(listener.exchange(-1, ordering: .relaxed))
    }

    /// Waits for what nobody tells when it comes.
    private func wait(seconds: Int, _ isThere: () -> Bool) {
        var patience = seconds * 200
        while !isThere(), patience > 0 {
            usleep(5000)
            patience -= 1
        }
    }
}

// MARK: - Threads and their connections

extension HTTPServer {
    private func addThread() {
        let thread = HTTPThread(self)
        let isWanted = crew.withLock { crew in
            guard !crew.isLeaving, crew.threads.count < settings.connectionLimit else { return false }
            crew.threads[ObjectIdentifier(thread)] = thread
            crew.waiting += 1
            return true
        }
        guard isWanted, !thread.start() else { return }
        remove(thread)
    }

    /// Waits for the next connection of a thread.
    /// - Returns: its socket; -1 where there will be none.
    func nextConnection(_ peer: inout vexfs_http_peer) -> Int32 {
        while true {
            let socket = vexfs_http_accept(listener.load(ordering: .relaxed), &peer)
            if socket >= 0 {
                if take(HTTPThread.Address(peer)) { return socket }
                close(socket)
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED, EAGAIN, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // What is missing comes back when others end, and nothing says when.
                usleep(50_000)
            default: return -1
            }
        }
    }

    /// Counts a connection, and has somebody wait for the one after it.
    /// - Returns: whether its address may have one more.
    private func take(_ address: HTTPThread.Address) -> Bool {
        let isScarce = crew.withLock { crew -> Bool? in
            guard crew.addresses[address, default: 0] < settings.connectionsPerAddress else { return nil }
            crew.addresses[address, default: 0] += 1
            crew.waiting -= 1
            return crew.waiting < Self.waitingThreads.lowerBound
        }
        if isScarce == true { addThread() }
        return isScarce != nil
    }

    /// A connection is closed.
    /// - Returns: whether its thread is to wait for another one.
    func release(_ address: HTTPThread.Address) -> Bool {
        crew.withLock { crew in
            if let count = crew.addresses[address] { crew.addresses[address] = count > 1 ? count - 1 : nil }
            guard !crew.isLeaving else { return false }
            crew.waiting += 1
            return crew.waiting <= Self.waitingThreads.upperBound
        }
    }

    /// A thread has ended.
    func remove(_ thread: HTTPThread) {
        crew.withLock { crew in
            crew.threads[ObjectIdentifier(thread)] = nil
            if !crew.isLeaving { crew.waiting -= 1 }
        }
    }
}
