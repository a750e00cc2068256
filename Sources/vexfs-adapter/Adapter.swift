import CMicrohttpd
import Glibc
import VexValues

/// The process: its servers from start to stop.
enum Adapter {
    /// The version of the package.
    static let version = "0.1.0"

    /// Serves until SIGTERM, SIGINT or SIGHUP.
    /// - Returns: the exit code: 0, or 1 where it could not start.
    static func run(_ options: AdapterOptions, configuration: AdapterConfiguration) -> Int32 {
        let log = AdapterLog(format: options.logFormat)
        let ending = AdapterEnding(log)
        let descriptors = raisedDescriptorLimit()
        vexfs_interruption_prepare()
        vexfs_http_prepare_memory()
        let metrics = AdapterMetrics()
        let mount = Mount(path: options.mount, log: log, metrics: metrics)
        let gate = WorkGate(limit: configuration.workers)
        var servers: [HTTPServer] = []
        if options.chromaPort != 0 {
            var settings = HTTPServer.Settings()
            settings.address = options.host
            settings.port = options.chromaPort
            settings.bodyLimitBytes = configuration.bodyLimitBytes
            settings.requestSeconds = configuration.requestSeconds
            settings.connectionsPerAddress = configuration.connectionsPerAddress
            settings.connectionLimit = min(
                settings.connectionLimit, max(32, (descriptors - descriptorsKept) / descriptorsPerConnection))
            settings.heldBytesMax = configuration.heldBodyBytes
            settings.admission = HTTPAdmission(asksForTokens: configuration.authority.isRequired)
            let router = router(mount, configuration, metrics, gate)
            let server = HTTPServer(settings, router: router, metrics: metrics)
            guard let port = server.start() else {
                log.error("cannot listen on \(options.host):\(options.chromaPort): \(String(cString: strerror(errno)))")
                return 1
            }
            if options.qdrantPort != 0 {
                log.info(
                    "nothing listens on the port \(options.qdrantPort): this version answers Chroma's clients, and "
                        + "not yet Qdrant's")
            }
            log.info("serving \(options.mount) to Chroma clients on http://\(options.host):\(port)")
            servers.append(server)
        }
        let probe = MountProbe(mount)
        probe.start()
        wait(for: ending, probe, servers, metrics)
        log.info("stopping")
        ending.limit()
        for server in servers { server.quiesce() }
        gate.close()
        for server in servers { server.stop() }
        return 0
    }

    /// Bytes of bodies after which free memory goes back to the system.
    private static let bytesToTidyAfter = 8 << 20

    /// Descriptors that are not for connections: sessions of the mount, and what the process itself needs.
    private static let descriptorsKept = 128
    /// Its socket, and what its thread waits by.
    private static let descriptorsPerConnection = 2

    /// Allows the process as many descriptors as it may have.
    private static func raisedDescriptorLimit() -> Int {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
        getrlimit(files, &limit)
        return Int(clamping: limit.rlim_cur)
    }

    private static func wait(
        for ending: AdapterEnding, _ probe: MountProbe, _ servers: [HTTPServer], _ metrics: AdapterMetrics
    ) {
        var tidied = 0
        repeat {
            if metrics.receivedBytes - tidied >= bytesToTidyAfter {
                tidied = metrics.receivedBytes
                vexfs_http_return_memory()
            }
            for server in servers { server.enforceDeadlines() }
            probe.look()
        } while !ending.comes(within: 1)
    }

    private static func router(
        _ mount: Mount, _ configuration: AdapterConfiguration, _ metrics: AdapterMetrics,
        _ gate: WorkGate
    ) -> HTTPRouter {
        var router = HTTPRouter(metrics: metrics, gate: gate)
        SystemRoutes(mount: mount, authority: configuration.authority, metrics: metrics).add(to: &router)
        ChromaDialect(mount: mount, configuration: configuration).add(to: &router)
        return router
    }
}
