/// Finds what answers a path.
struct HTTPRouter: Sendable {
    /// What answers: the request, and what stands in its path where the pattern has `*`.
    typealias Action = @Sendable (HTTPRequest, [String]) -> HTTPResponse

    /// What keeps a request out, told by its head alone; nil for nothing.
    typealias Admission = @Sendable (HTTPRequest) -> HTTPResponse?

    private struct Route: Sendable {
        var method: HTTPRequest.Method
        var pattern: [String]
        var name: String
        var isImmediate: Bool
        var admission: Admission?
        var action: Action
    }

    private let metrics: AdapterMetrics
    private let gate: WorkGate
    /// By the number of segments.
    private var routes: [Int: [Route]] = [:]

    init(metrics: AdapterMetrics, gate: WorkGate) {
        self.metrics = metrics
        self.gate = gate
    }

    /// Adds a route. Segments of the pattern are literal or `*`; what was added first wins. `name` is what metrics call
    /// it. What is immediate asks nothing of the mount, and waits for nobody who does.
    mutating func add(
        _ method: HTTPRequest.Method, _ pattern: String, as name: String, isImmediate: Bool = false,
        admission: Admission? = nil, _ action: @escaping Action
    ) {
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        routes[segments.count, default: []].append(
            Route(
                method: method, pattern: segments, name: name, isImmediate: isImmediate, admission: admission,
                action: action))
    }

    /// What can be said without the body of a request: that no route fits, or that its route does not let it in; nil
    /// where the body has to be read.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        switch find(request) {
        case .found(let route, _): route.admission?(request)
        case .none(let response): response
        }
    }

    /// The answer: 404 or 405, both without a body, where no route fits.
    func respond(to request: HTTPRequest) -> HTTPResponse {
        switch find(request) {
        case .none(let response): return response
        case .found(let route, let values):
            if route.isImmediate { return answer(route, request, values) }
            return gate.run { answer(route, request, values) }
                ?? .text("the server is stopping, or too many requests are waiting\n", status: 503)
        }
    }

    private enum Finding {
        case found(Route, [String])
        case none(HTTPResponse)
    }

    private func find(_ request: HTTPRequest) -> Finding {
        var allowed: [String] = []
        for route in routes[request.segments.count] ?? [] {
            guard let values = Self.match(route.pattern, request.segments) else { continue }
            let isHead = request.method == .head && route.method == .get
            if route.method == request.method || isHead { return .found(route, values) }
            if !allowed.contains(route.method.rawValue) { allowed.append(route.method.rawValue) }
        }
        guard !allowed.isEmpty else { return .none(HTTPResponse(status: 404)) }
        return .none(HTTPResponse(status: 405, headers: [("Allow", allowed.joined(separator: ", "))]))
    }

    private func answer(_ route: Route, _ request: HTTPRequest, _ values: [String]) -> HTTPResponse {
        let start = HTTPDeadlines.now
        metrics.begin(bodyBytes: request.body.count)
        defer { metrics.end(operation: route.name, nanoseconds: HTTPDeadlines.now - start) }
        return route.action(request, values)
    }

    private static func match(_ pattern: [String], _ segments: [String]) -> [String]? {
        var values: [String] = []
        for (part, segment) in zip(pattern, segments) {
            if part == "*" {
                guard !segment.isEmpty else { return nil }
                values.append(segment)
            } else if part != segment {
                return nil
            }
        }
        return values
    }
}
