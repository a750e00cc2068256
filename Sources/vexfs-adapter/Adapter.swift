import Glibc
import VexValues

/// The process: its servers from start to stop.
enum Adapter {
    /// The version of the package.
    static let version = "0.1.0"

    /// Serves until SIGTERM or SIGINT.
    /// - Returns: the exit code: 0, or 1 where it could not start.
    static func run(_ options: AdapterOptions, configuration: AdapterConfiguration) -> Int32 {
        let log = AdapterLog(format: options.logFormat)
        // Before the first thread, so that all of them leave these signals to the wait below.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let metrics = AdapterMetrics()
        let mount = Mount(path: options.mount, log: log, metrics: metrics)
        let workers = WorkerPool(threads: configuration.workers)
        var servers: [HTTPServer] = []
        if options.chromaPort != 0 {
            var settings = HTTPServer.Settings()
            settings.address = options.host
            settings.port = options.chromaPort
            settings.bodyLimitBytes = configuration.bodyLimitBytes
            settings.requestSeconds = configuration.requestSeconds
            settings.connectionsPerAddress = configuration.connectionsPerAddress
            let router = router(mount, configuration, metrics)
            let server = HTTPServer(settings, workers: workers, metrics: metrics) { router.respond(to: $0) }
            guard let port = server.start() else {
                log.error("cannot listen on \(options.host):\(options.chromaPort): \(String(cString: strerror(errno)))")
                return 1
            }
            log.info("serving \(options.mount) to Chroma clients on http://\(options.host):\(port)")
            servers.append(server)
        }
        mount.check()
        wait(for: &signals, mount, servers)
        log.info("stopping")
        for server in servers { server.quiesce() }
        workers.stop()
        for server in servers { server.stop() }
        return 0
    }

    private static func wait(for signals: inout sigset_t, _ mount: Mount, _ servers: [HTTPServer]) {
        var second = timespec(tv_sec: 1, tv_nsec: 0)
        while sigtimedwait(&signals, nil, &second) < 0 {
            for server in servers { server.enforceDeadlines() }
            mount.check()
        }
    }

    private static func router(
        _ mount: Mount, _ configuration: AdapterConfiguration, _ metrics: AdapterMetrics
    ) -> HTTPRouter {
        var router = HTTPRouter(metrics: metrics)
        SystemRoutes(mount: mount, authority: configuration.authority, metrics: metrics).add(to: &router)
        ChromaDialect(mount: mount, configuration: configuration).add(to: &router)
        return router
    }
}
