import Glibc

/// `vexfs-fuse mount STORE MOUNTPOINT`.
enum MountVerb: Verb {
    static let name = "mount"
    static let operands = "STORE MOUNTPOINT"
    static let summary = "mount a store on a directory"
    static let details = """
        Mounts STORE on MOUNTPOINT, an empty directory, and returns when the mount answers; the daemon stays
        behind. It ends when the mount is unmounted (vexfs-fuse umount MOUNTPOINT) or gets SIGTERM, SIGINT
        or SIGHUP; SIGUSR2 switches its log to debug and back. With NOTIFY_SOCKET set, readiness is told to
        the service manager.

        Options for -o: ro, allow_other, allow_root, default_permissions, auto_unmount, noatime, create,
        entry_timeout=SECONDS, attr_timeout=SECONDS, threads=N, model=DIR, precision=auto|f32|bf16,
        log-level=LEVEL, log-format=text|json, log-file=FILE; and whatever mount(8) passes (rw, dev, suid,
        x-…), which changes nothing.
        """
    static let options = [
        Option(long: "options", short: "o", argument: "OPT,…", help: "mount options, see above"),
        Option(long: "create", help: "make the store if there is none"),
        Option(long: "foreground", short: "f", help: "stay in the foreground"),
        Option(long: "debug", short: "d", help: "log every request; stays in the foreground"),
        Option(long: "model", argument: "DIR", help: "the embedding model's directory"),
        Option(long: "precision", argument: "auto|f32|bf16", help: "how exactly texts are embedded (auto)"),
        Option(long: "log-level", argument: "LEVEL", help: "error, warn, info (the default) or debug"),
        Option(long: "log-format", argument: "text|json", help: "how log lines are written (text)"),
        Option(long: "log-file", argument: "FILE", help: "append the log to FILE; else standard error with -f"),
    ]

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(2, in: arguments)
        let request = try MountRequest(arguments)
        let code = try Launcher.run(request)
        if code == .success, !request.foreground, isatty(STDOUT_FILENO) == 1 {
            let place = FilePath.quoted(request.mountpoint)
            try Terminal.write(
                "Mounted. Start with: cat \(place)/AGENTS.md\nUnmount with: vexfs-fuse umount \(place)\n")
        }
        return code
    }

    /// The options that mount(8) gives a program called `mount.vexfs`. Its -f means "fake": check and do nothing.
    private static let helperOptions = [
        Option(long: "options", short: "o", argument: "OPT,…", help: "mount options"),
        Option(long: "fake", short: "f", help: "do everything but the mount"),
        Option(long: "sloppy", short: "s", help: "accepted"),
        Option(long: "no-mtab", short: "n", help: "accepted"),
        Option(long: "verbose", short: "v", help: "accepted"),
        Option(long: "namespace", short: "N", argument: "NS", help: "accepted"),
        Option(long: "types", short: "t", argument: "TYPE", help: "accepted"),
    ]

    /// `mount.vexfs STORE MOUNTPOINT -o …`, as `mount -t vexfs` runs it.
    static func runAsMountHelper(_ arguments: [String]) throws(Failure) -> ExitCode {
        var parsed = try OptionParser.parse(arguments, options: helperOptions, permute: true)
        guard parsed.operands.count == 2 else {
            throw Failure(.usage, "usage: mount.vexfs STORE MOUNTPOINT [-o OPT,…]")
        }
        let isFake = parsed.has("fake")
        parsed.options.removeAll { $0.name != "options" }
        let request = try MountRequest(parsed)
        if isFake {
            _ = try Mountpoint(checking: request.mountpoint, store: request.store)
            return .success
        }
        return try Launcher.run(request)
    }
}
