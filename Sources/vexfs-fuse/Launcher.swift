import CFuseShim
import Glibc
import VexFS

/// Starts the daemon: in the background with the caller waiting until the mount answers, or in the foreground.
///
/// The process forks while it has one thread and nothing is open. Whoever is not the daemon is the witness: a daemon
/// must never look at its own mount, so another process finds out whether it answers.
enum Launcher {
    /// Mounts.
    /// - Returns: `success` when the mount answers (background) or has ended well (foreground).
    static func run(_ request: MountRequest) throws(Failure) -> ExitCode {
        let mountpoint = try Mountpoint(checking: request.mountpoint, store: request.store)
        if StoreFiles.isStore(request.store), StoreFiles.isInUse(request.store) { throw inUse(request.store) }
        if !request.create, !StoreFiles.isStore(request.store) {
            throw Failure(
                .storeMissing,
                "\(request.store) is not a VexFS store; make one with: vexfs-fuse format "
                    + FilePath.quoted(request.store))
        }
        signal(SIGPIPE, SIG_IGN)
        return try request.foreground ? inForeground(request, mountpoint) : inBackground(request, mountpoint)
    }

    private static func inUse(_ store: String) -> Failure {
        if let entry = MountTable.entry(ofStore: store) {
            return Failure(.storeInUse, "the store \(store) is already mounted on \(entry.mountpoint)")
        }
        return Failure(.storeInUse, "the store \(store) is in use by another process")
    }

    // MARK: - Background

    private static func inBackground(_ request: MountRequest, _ mountpoint: Mountpoint) throws(Failure) -> ExitCode {
        let report = try Pipe()
        let child = vexfs_fork()
        guard child >= 0 else { throw Failure(.mountFailed, "fork: \(Terminal.reason())") }
        if child == 0 {
            close(report.reading)
            becomeDaemon()
            exit(Daemon.serve(request, mountpoint) { Witnessing.report($0, to: report.writing) }.rawValue)
        }
        close(report.writing)
        let message = Terminal.readAll(from: report.reading) ?? []
        guard let first = message.first else {
            throw Failure(.mountFailed, "the daemon ended before the mount answered\(end(of: child))")
        }
        if let code = ExitCode(rawValue: Int32(first)), code != .success {
            var status: Int32 = 0
            waitpid(child, &status, 0)
            throw Failure(code, String(decoding: message.dropFirst(), as: UTF8.self))
        }
        guard mountpoint.answers else {
            kill(child, SIGTERM)
            throw Failure(.mountFailed, "the mount on \(mountpoint.path) does not answer")
        }
        ServiceNotification.send("MAINPID=\(child)\nREADY=1")
        return .success
    }

    /// Leaves the caller's session, directory and terminal.
    private static func becomeDaemon() {
        setsid()
        let null = open("/dev/null", O_RDWR)
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(null, descriptor) }
        if null > STDERR_FILENO { close(null) }
        // A working directory would keep the file system it lies on from being unmounted.
        _ = chdir("/")
    }

    private static func end(of child: pid_t) -> String {
        var status: Int32 = 0
        guard waitpid(child, &status, 0) == child else { return "" }
        let signalNumber = status & 0x7F
        return signalNumber != 0 ? " (signal \(signalNumber))" : " (exit code \((status >> 8) & 0xFF))"
    }

    // MARK: - Foreground

    private static func inForeground(_ request: MountRequest, _ mountpoint: Mountpoint) throws(Failure) -> ExitCode {
        let witness = try Witness(mountpoint)
        var failure: Failure?
        let code = Daemon.serve(request, mountpoint) { outcome in
            switch outcome {
            case .success:
                guard witness.seesMount() else {
                    failure = Failure(.mountFailed, "the mount on \(mountpoint.path) does not answer")
                    return false
                }
                ServiceNotification.send("READY=1")
                return true
            case .failure(let reason):
                failure = reason
                return true
            }
        }
        if let failure { throw failure }
        return code
    }
}

/// Both ends of a pipe, closed in programs that are executed.
struct Pipe {
    let reading: Int32
    let writing: Int32

    init() throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(.failure, "pipe: \(Terminal.reason())") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }
}

/// The daemon's word to the process that waits for it: one byte, the exit code, and the sentence.
enum Witnessing {
    /// Says how the start went.
    /// - Returns: false when nobody is there any more to hear it: then nobody wants the mount.
    static func report(_ outcome: Result<Void, Failure>, to descriptor: Int32) -> Bool {
        defer { close(descriptor) }
        switch outcome {
        case .success: return Terminal.writeAll([0], to: descriptor) == nil
        case .failure(let failure):
            let message = [UInt8(truncatingIfNeeded: failure.code.rawValue)] + Array(failure.message.utf8)
            return Terminal.writeAll(message, to: descriptor) == nil
        }
    }
}

/// A child process that looks at the mount for a daemon in the foreground.
struct Witness {
    private let question: Pipe
    private let answer: Pipe

    /// How long the first look may take.
    static let timeoutMilliseconds: Int32 = 30_000

    /// Forks; call it while the process has one thread.
    init(_ mountpoint: Mountpoint) throws(Failure) {
        question = try Pipe()
        answer = try Pipe()
        let child = vexfs_fork()
        guard child >= 0 else { throw Failure(.mountFailed, "fork: \(Terminal.reason())") }
        if child == 0 {
            // The ends that belong to the daemon: with them open, its death would not be seen.
            close(question.writing)
            close(answer.reading)
            if Terminal.readAll(from: question.reading)?.isEmpty == false {
                _ = Terminal.writeAll([mountpoint.answers ? 1 : 0], to: answer.writing)
            }
            _exit(0)
        }
        close(question.reading)
        close(answer.writing)
    }

    /// Asks, once, whether the mount answers.
    func seesMount() -> Bool {
        defer { close(answer.reading) }
        _ = Terminal.writeAll([1], to: question.writing)
        close(question.writing)
        var waiting = pollfd(fd: answer.reading, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Self.timeoutMilliseconds) == 1 else { return false }
        return Terminal.readAll(from: answer.reading) == [1]
    }
}
