import CMicrohttpd

/// A request, step by step as the library hands it over.
extension HTTPThread {
    func handle(
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

    /// A request is over, however it ended.
    func end(_ exchange: HTTPExchange) {
        deadline.idle()
        letGo(exchange)
        if exchange.isCounted { server.underWay.subtract(1, ordering: .relaxed) }
    }

    private static var tooLarge: HTTPResponse { .text("length limit exceeded", status: 413) }

    /// Counts more bytes of a body as held; the refusal where there is no room for them.
    private func hold(_ size: Int, _ exchange: HTTPExchange) -> HTTPResponse? {
        guard exchange.body.count + size <= server.settings.bodyLimitBytes else {
            letGo(exchange)
            return Self.tooLarge
        }
        exchange.heldBytes += size
        guard server.heldBytes.add(size, ordering: .relaxed).newValue <= server.settings.heldBytesMax else {
            letGo(exchange)
            return .text("too much is being sent at once; try again\n", status: 503)
        }
        return nil
    }

    private func letGo(_ exchange: HTTPExchange) {
        guard exchange.heldBytes > 0 else { return }
        server.heldBytes.subtract(exchange.heldBytes, ordering: .relaxed)
        exchange.heldBytes = 0
    }

    /// A body that is not wanted is still read up to this size, so that the client reads the answer.
    private static var bytesToDiscard: Int { 1 << 20 }

    private func begin(
        _ connection: OpaquePointer, _ method: String, _ version: String, _ exchange: HTTPExchange
    ) -> MHD_Result {
        deadline.receive()
        guard !exchange.target.utf8.contains(0x20) else {
            return refuse(.text("a target has no spaces\n", status: 400), connection, exchange)
        }
        let head = HTTPHead(connection, version: version)
        if let problem = head.problem { return refuse(.text(problem + "\n", status: 400), connection, exchange) }
        guard head.contentLength ?? 0 <= server.settings.bodyLimitBytes else {
            return refuse(Self.tooLarge, connection, exchange)
        }
        let request = HTTPRequest(method: method, target: exchange.target, headers: head.headers)
        let finding = server.router.find(request)
        let refusal =
            server.settings.admission.refusal(of: request)
            ?? (head.hasBody ? server.router.refusal(of: request, finding) : nil)
        if let refusal {
            guard head.contentLength ?? 0 <= Self.bytesToDiscard else { return refuse(refusal, connection, exchange) }
            exchange.phase = .refused(refusal)
            return .YES
        }
        exchange.request = (request, finding)
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
        guard let (head, finding) = exchange.request else { return .NO }
        var request = head
        request.body = exchange.body
        exchange.body = []
        exchange.request = nil
        deadline.work()
        server.underWay.add(1, ordering: .relaxed)
        exchange.isCounted = true
        let answer = server.router.respond(to: request, finding)
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
        server.metrics.count(status: response.status)
        deadline.send()
        return MHD_queue_response(connection, UInt32(response.status), made)
    }
}
