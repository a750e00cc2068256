/// Finds what answers a path.
struct HTTPRouter: Sendable {
    /// What answers: the request, and what stands in its path where the pattern has `*`.
    typealias Action = @Sendable (HTTPRequest, [String]) -> HTTPResponse

    private struct Route: Sendable {
        var method: HTTPRequest.Method
        var pattern: [String]
        var name: String
        var action: Action
    }

    private let metrics: AdapterMetrics
    /// By the number of segments.
    private var routes: [Int: [Route]] = [:]

    init(metrics: AdapterMetrics) { self.metrics = metrics }

    /// Adds a route. Segments of the pattern are literal or `*`; what was added first wins. `name` is what metrics call
    /// it.
    mutating func add(
        _ method: HTTPRequest.Method, _ pattern: String, as name: String, _ action: @escaping Action
    ) {
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        routes[segments.count, default: []].append(Route(method: method, pattern: segments, name: name, action: action))
    }

    /// The answer: 404 or 405, both without a body, where no route fits.
    func respond(to request: HTTPRequest) -> HTTPResponse {
        var allowed: [String] = []
        for route in routes[request.segments.count] ?? [] {
            guard let values = Self.match(route.pattern, request.segments) else { continue }
            let isHead = request.method == .head && route.method == .get
            if route.method == request.method || isHead { return answer(route, request, values) }
            if !allowed.contains(route.method.rawValue) { allowed.append(route.method.rawValue) }
        }
        guard !allowed.isEmpty else { return HTTPResponse(status: 404) }
        return HTTPResponse(status: 405, headers: [("Allow", allowed.joined(separator: ", "))])
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
