/// What those ask who run the adapter.
struct SystemRoutes: Sendable {
    let mount: Mount
    let authority: Authority
    let metrics: AdapterMetrics

    func add(to router: inout HTTPRouter) {
        router.add(.get, "/livez", as: "system.livez", isImmediate: true) { _, _ in .text("ok\n") }
        for path in ["/healthz", "/readyz"] {
            router.add(.get, path, as: "system.readyz", isImmediate: true) { [mount] _, _ in
                mount.isThere ? .text("ok\n") : .text("the mount \(mount.path) does not answer\n", status: 503)
            }
        }
        router.add(.get, "/metrics", as: "system.metrics", isImmediate: true) { [authority, metrics] request, _ in
            guard let user = authority.user(of: request) else { return .text("a token is needed\n", status: 401) }
            // The figures are of all tenants together.
            guard user.isUnrestricted else { return .text("this token is for less than everything\n", status: 403) }
            var response = HTTPResponse.text(metrics.prometheus)
            response.headers = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]
            return response
        }
    }
}
