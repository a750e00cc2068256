/// Finds what answers a path.
struct HTTPRouter: Sendable {
    /// What answers: the request, and what stands in its path where the pattern has `*`.
    typealias Action = @Sendable (HTTPRequest, [String]) -> HTTPResponse

    /// What keeps a request out, told by its head alone; nil for nothing.
    typealias Admission = @Sendable (HTTPRequest) -> HTTPResponse?

    /// What answers one method of one kind of path.
    final class Route: Sendable {
        fileprivate let method: HTTPRequest.Method
        /// Literal segments, the last first: what tells routes apart stands at their ends.
        fileprivate let literals: [(place: Int, text: String)]
        /// Where `*` stands.
        fileprivate let places: [Int]
        fileprivate let name: String
        fileprivate let isImmediate: Bool
        fileprivate let admission: Admission?
        fileprivate let action: Action

        fileprivate init(
            method: HTTPRequest.Method, pattern: [String], name: String, isImmediate: Bool, admission: Admission?,
            action: @escaping Action
        ) {
            self.method = method
            literals = pattern.indices.reversed().filter { pattern[$0] != "*" }.map { ($0, pattern[$0]) }
            places = pattern.indices.filter { pattern[$0] == "*" }
            self.name = name
            self.isImmediate = isImmediate
            self.admission = admission
            self.action = action
        }

        fileprivate func matches(_ segments: [String]) -> Bool {
            for literal in literals where segments[literal.place] != literal.text { return false }
            for place in places where segments[place].isEmpty { return false }
            return true
        }
    }

    /// What is to be done with a request.
    enum Finding {
        case found(Route)
        case none(HTTPResponse)
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
    func refusal(of request: HTTPRequest, _ finding: Finding) -> HTTPResponse? {
        switch finding {
        case .found(let route): route.admission?(request)
        case .none(let response): response
        }
    }

    /// The answer to a request of which ``find(_:)`` said this.
    func respond(to request: HTTPRequest, _ finding: Finding) -> HTTPResponse {
        switch finding {
        case .none(let response): return response
        case .found(let route):
            if route.isImmediate { return answer(route, request) }
            return gate.run { answer(route, request) }
                ?? .text("the server is stopping, or too many requests are waiting\n", status: 503)
        }
    }

    /// Finds the route: 404 or 405, both without a body, where there is none.
    func find(_ request: HTTPRequest) -> Finding {
        var allowed: [String] = []
        for route in routes[request.segments.count] ?? [] where route.matches(request.segments) {
            let isHead = request.method == .head && route.method == .get
            if route.method == request.method || isHead { return .found(route) }
            if !allowed.contains(route.method.rawValue) { allowed.append(route.method.rawValue) }
        }
        guard !allowed.isEmpty else { return .none(HTTPResponse(status: 404)) }
        return .none(HTTPResponse(status: 405, headers: [("Allow", allowed.joined(separator: ", "))]))
    }

    private func answer(_ route: Route, _ request: HTTPRequest) -> HTTPResponse {
        let start = MonotonicClock.now
        metrics.begin(bodyBytes: request.body.count)
        defer { metrics.end(operation: route.name, nanoseconds: MonotonicClock.now - start) }
        return route.action(request, route.places.map { request.segments[$0] })
    }
}
