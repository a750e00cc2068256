import CMicrohttpd
import Glibc
import Synchronization

/// An HTTP/1.1 server: a thread of the library's for each connection, which also answers its requests.
///
/// No request is handed from one thread to another: a wake-up costs more than most answers.
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

    private let settings: Settings
    private let router: HTTPRouter
    private let deadlines: HTTPDeadlines
    private let metrics: AdapterMetrics
    /// Requests that are here and whose answers are not sent.
    private let underWay = Atomic<Int>(0)
    /// Bytes of bodies that are here and not yet worked on.
    private let heldBytes = Atomic<Int>(0)
    /// Contract: the library's daemon is safe to use from any thread.
    private struct Daemon: @unchecked Sendable { var pointer: OpaquePointer }
    private let daemon = Mutex<Daemon?>(nil)

    init(_ settings: Settings, router: HTTPRouter, metrics: AdapterMetrics) {
        self.settings = settings
        self.router = router
        self.metrics = metrics
        deadlines = HTTPDeadlines(limitSeconds: settings.requestSeconds)
    }

    /// Begins to listen; the server lives until ``stop()``.
    /// - Returns: the port, or nil with `errno` where it cannot listen.
    func start() -> UInt16? {
        var callbacks = vexfs_http_callbacks()
        callbacks.context = Unmanaged.passRetained(self).toOpaque()
        callbacks.begin = { _, uri in
            let target = uri.map { String(cString: $0) } ?? ""
            return Unmanaged.passRetained(HTTPExchange(target: target)).toOpaque()
        }
        callbacks.handle = { context, connection, _, method, version, data, size, request in
            guard let context, let connection, let method, let version, let size, let exchange = request?.pointee
            else { return .NO }
            // Contract: both were retained by `start` and `begin`, and live longer than the request.
            return Unmanaged<HTTPServer>.fromOpaque(context)._withUnsafeGuaranteedRef { server in
                Unmanaged<HTTPExchange>.fromOpaque(exchange)._withUnsafeGuaranteedRef {
                    server.handle(connection, (method, version), UnsafeRawPointer(data), &size.pointee, $0)
                }
            }
        }
        callbacks.end = { context, exchange in
            guard let context, let exchange else { return }
            let ended = Unmanaged<HTTPExchange>.fromOpaque(exchange).takeRetainedValue()
            Unmanaged<HTTPServer>.fromOpaque(context)._withUnsafeGuaranteedRef { server in
                if ended.socket >= 0 { server.deadlines.idle(ended.socket) }
                server.letGo(ended)
                if ended.isCounted { server.underWay.subtract(1, ordering: .relaxed) }
            }
        }
        callbacks.connection = { context, socket, isOpen in
            guard let context else { return }
            Unmanaged<HTTPServer>.fromOpaque(context)._withUnsafeGuaranteedRef { server in
                if isOpen != 0 { server.deadlines.idle(socket) } else { server.deadlines.remove(socket) }
            }
        }
        let started = settings.address.withCString { address in
            var own = vexfs_http_settings()
            own.address = address
            own.port = settings.port
            own.connection_limit = UInt32(settings.connectionLimit)
            own.connections_per_address = UInt32(settings.connectionsPerAddress)
            own.idle_timeout_seconds = 75
            own.head_bytes = 65_536
            return vexfs_http_start(&own, &callbacks)
        }
        guard let started else { return nil }
        daemon.withLock { $0 = Daemon(pointer: started) }
        return vexfs_http_port(started)
    }

    /// Cuts the connections that are too slow; to be called every second or so.
    func enforceDeadlines() { deadlines.enforce() }

    /// Takes no more connections. What is under way goes on.
    func quiesce() {
        let listener = daemon.withLock { $0.map { MHD_quiesce_daemon($0.pointer) } }
        if let listener, listener >= 0 { close(listener) }
    }

    /// Ends; the gate must be closed. Answers that are still being sent have some seconds to be.
    func stop() {
        var patience = 1000
        while underWay.load(ordering: .relaxed) > 0, patience > 0 {
            // The library tells nobody when a connection has nothing left to send.
            usleep(5000)
            patience -= 1
        }
        let ended = daemon.withLock { daemon in
            defer { daemon = nil }
            return daemon
        }
        if let ended { vexfs_http_stop(ended.pointer) }
    }

    // MARK: - A request, on the library's threads

    private func handle(
        _ connection: OpaquePointer, _ line: (method: UnsafePointer<CChar>, version: UnsafePointer<CChar>),
        _ data: UnsafeRawPointer?, _ size: inout Int, _ exchange: HTTPExchange
    ) -> MHD_Result {
        switch exchange.phase {
        case .head:
            return begin(connection, String(cString: line.method), String(cString: line.version), exchange)
        case .body where size > 0:
            if let refusal = hold(size, exchange) {
                exchange.body = []
                exchange.phase = .refused(refusal)
            } else {
                exchange.append(data, size)
            }
            size = 0
            return .YES
        case .body: return work(connection, exchange)
        case .refused where size > 0:
            size = 0
            return .YES
        case .refused(let response): return queue(response, connection, exchange)
        case .sent: return .YES
        }
    }

    private static var tooLarge: HTTPResponse { .text("length limit exceeded", status: 413) }

    /// Counts more bytes of a body as held; the refusal where there is no room for them.
    private func hold(_ size: Int, _ exchange: HTTPExchange) -> HTTPResponse? {
        guard exchange.body.count + size <= settings.bodyLimitBytes else {
            letGo(exchange)
            return Self.tooLarge
        }
        exchange.heldBytes += size
        guard heldBytes.add(size, ordering: .relaxed).newValue <= settings.heldBytesMax else {
            letGo(exchange)
            return .text("too much is being sent at once; try again\n", status: 503)
        }
        return nil
    }

    private func letGo(_ exchange: HTTPExchange) {
        heldBytes.subtract(exchange.heldBytes, ordering: .relaxed)
        exchange.heldBytes = 0
    }

    /// A body that is not wanted is still read up to this size, so that the client reads the answer.
    private static let bytesToDiscard = 1 << 20

    private func begin(
        _ connection: OpaquePointer, _ method: String, _ version: String, _ exchange: HTTPExchange
    ) -> MHD_Result {
        exchange.socket = vexfs_http_socket(connection)
        deadlines.receive(exchange.socket)
        let head = HTTPHead(connection, version: version)
        if let problem = head.problem { return refuse(.text(problem + "\n", status: 400), connection, exchange) }
        guard head.contentLength ?? 0 <= settings.bodyLimitBytes else {
            return refuse(Self.tooLarge, connection, exchange)
        }
        let client = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress else { return "" }
            vexfs_http_client(connection, start)
            return String(cString: start)
        }
        let request = HTTPRequest(method: method, target: exchange.target, headers: head.headers, client: client)
        if let refusal = settings.admission.refusal(of: request) ?? (head.hasBody ? router.refusal(of: request) : nil) {
            guard head.contentLength ?? 0 <= Self.bytesToDiscard else { return refuse(refusal, connection, exchange) }
            exchange.phase = .refused(refusal)
            return .YES
        }
        exchange.request = request
        exchange.claimedBytes = head.contentLength ?? 0
        exchange.phase = .body
        return .YES
    }

    private func refuse(
        _ response: HTTPResponse, _ connection: OpaquePointer, _ exchange: HTTPExchange
    ) -> MHD_Result {
        var response = response
        response.headers.append(("Connection", "close"))
        return queue(response, connection, exchange)
    }

    private func work(_ connection: OpaquePointer, _ exchange: HTTPExchange) -> MHD_Result {
        guard var request = exchange.request else { return .NO }
        request.body = exchange.body
        exchange.body = []
        exchange.request = nil
        deadlines.work(exchange.socket)
        underWay.add(1, ordering: .relaxed)
        exchange.isCounted = true
        let answer = router.respond(to: request)
        request.body = []
        letGo(exchange)
        return queue(answer, connection, exchange)
    }

    private func queue(
        _ response: HTTPResponse, _ connection: OpaquePointer, _ exchange: HTTPExchange
    ) -> MHD_Result {
        exchange.phase = .sent
        guard let made = response.made() else { return .NO }
        defer { MHD_destroy_response(made) }
        for header in response.headers { MHD_add_response_header(made, header.name, header.value) }
        metrics.count(status: response.status)
        deadlines.send(exchange.socket)
        return MHD_queue_response(connection, UInt32(response.status), made)
    }
}
