import CMicrohttpd
import Glibc
import Synchronization
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
            let router = router(mount, configuration, metrics)
            let server = HTTPServer(settings, gate: gate, metrics: metrics) { router.respond(to: $0) }
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
        let prober = WorkerPool(threads: 1)
        wait(for: &signals, Probe(mount: mount, workers: prober), servers, metrics)
        log.info("stopping")
        for server in servers { server.quiesce() }
        gate.close()
        for server in servers { server.stop() }
        return 0
    }

    /// Bytes of bodies after which free memory goes back to the system.
    private static let bytesToTidyAfter = 8 << 20

    private static func wait(
        for signals: inout sigset_t, _ probe: Probe, _ servers: [HTTPServer], _ metrics: AdapterMetrics
    ) {
        var second = timespec(tv_sec: 1, tv_nsec: 0)
        var tidied = 0
        repeat {
            if metrics.receivedBytes - tidied >= bytesToTidyAfter {
                tidied = metrics.receivedBytes
                vexfs_http_return_memory()
            }
            for server in servers { server.enforceDeadlines() }
            probe.start()
        } while sigtimedwait(&signals, nil, &second) < 0
    }

    /// Asks the mount every second whether it is there, on a thread of its own: a daemon that hangs must not keep the
    /// process from ending.
    private final class Probe: Sendable {
        private let mount: Mount
        private let workers: WorkerPool
        private let isBusy = Atomic<Bool>(false)

        init(mount: Mount, workers: WorkerPool) {
            self.mount = mount
            self.workers = workers
        }

        func start() {
            guard !isBusy.exchange(true, ordering: .relaxed) else { return }
            _ = workers.add { [self] in
                mount.check()
                isBusy.store(false, ordering: .relaxed)
            }
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
