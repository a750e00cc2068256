import Glibc
import VexFS
import VexFUSE

/// What the daemon's process does from its first thread to its end.
enum Daemon {
    /// Opens the store, mounts it, and serves until it is unmounted.
    /// - Parameter report: told once how the start went; answers whether anyone still wants the mount.
    static func serve(
        _ request: MountRequest, _ mountpoint: Mountpoint, report: (Result<Void, Failure>) -> Bool
    ) -> ExitCode {
        do {
            try configureLog(request)
            raiseFileLimit()
            StopSignals.block()
            let store = try openStore(request)
            defer { store.close() }
            let mounted = try Engine.mount(store, on: mountpoint, request)
            StopSignals.handle(by: mounted)
            let fields: [Log.Field] = [("store", request.store), ("mountpoint", mountpoint.path)]
            if !report(.success(())) {
                Log.shared.error("nobody confirmed the mount, unmounting", fields)
                mounted.requestStop()
            } else {
                Log.shared.info("mounted", fields + [("pid", String(getpid())), ("version", Version.text)])
            }
            mounted.waitUntilUnmounted()
            ServiceNotification.send("STOPPING=1")
            Log.shared.info("unmounted", fields)
            return .success
        } catch {
            // In the foreground the sentence is about to be printed as the program's own.
            if !request.foreground { Log.shared.error(error.message, [("store", request.store)]) }
            _ = report(.failure(error))
            return error.code
        }
    }

    private static func openStore(_ request: MountRequest) throws(Failure) -> Store {
        if request.create, !StoreFiles.isStore(request.store) { try Engine.format(at: request.store) }
        let embedder = try Engine.embedder(model: request.options.model, precision: request.options.precision)
        return try Engine.open(request.store, embedder: embedder)
    }

    private static func configureLog(_ request: MountRequest) throws(Failure) {
        let log = Log.shared
        log.level = request.options.logLevel ?? (request.options.debug ? .debug : .info)
        log.format = request.options.logFormat ?? .text
        guard let path = request.options.logFile else { return }
        do {
            try log.open(file: path)
        } catch {
            throw Failure(error)
        }
        // What libraries print goes to the same place.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        if descriptor >= 0, !request.foreground {
            dup2(descriptor, STDERR_FILENO)
        }
        if descriptor >= 0 { close(descriptor) }
    }

    /// A store holds many files open; the usual soft limit of 1024 is for programs that use `select`.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// SIGTERM, SIGINT and SIGHUP unmount; SIGUSR2 switches the log between debug and its level.
enum StopSignals {
    private static let numbers = [SIGTERM, SIGINT, SIGHUP, SIGUSR2]

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }

    /// Blocks them in this thread and in all it starts, so that only ``handle(by:)`` takes them.
    static func block() {
        var blocked = set
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
    }

    /// Starts the thread that takes them.
    static func handle(by mounted: MountedStore) {
        let argument = Unmanaged.passRetained(Target(mounted)).toOpaque()
        var thread = pthread_t()
        let started = pthread_create(
            &thread, nil,
            { argument in
                if let argument { StopSignals.run(Unmanaged<Target>.fromOpaque(argument).takeRetainedValue()) }
                return nil
            }, argument)
        guard started == 0 else {
            // Without the thread the default action, which ends the daemon, is better than signals that do nothing.
            var blocked = set
            pthread_sigmask(SIG_UNBLOCK, &blocked, nil)
            Log.shared.error("no thread for signals", [("reason", Terminal.reason(started))])
            return
        }
        pthread_detach(thread)
    }

    private static func run(_ target: Target) {
        var waited = set
        let usual = Log.shared.level
        while true {
            var number: Int32 = 0
            guard sigwait(&waited, &number) == 0 else { continue }
            if number == SIGUSR2 {
                Log.shared.level = Log.shared.level == .debug ? usual : .debug
            } else {
                Log.shared.info("signal, unmounting", [("signal", String(number))])
                target.mounted.requestStop()
            }
        }
    }

    private final class Target: Sendable {
        let mounted: MountedStore
        init(_ mounted: MountedStore) { self.mounted = mounted }
    }
}
