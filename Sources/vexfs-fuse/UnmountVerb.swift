import CFuseShim
import Glibc

/// `vexfs-fuse umount MOUNTPOINT`.
enum UnmountVerb: Verb {
    static let name = "umount"
    static let operands = "MOUNTPOINT"
    static let summary = "unmount a store and wait until its daemon has let go of it"
    static let details = """
        Unmounts the store on MOUNTPOINT and returns when its daemon has written everything and released the
        store, so that it can be mounted again or copied. Also clears a dead mount, one whose daemon is
        gone. A mount in use stays; --lazy takes it out of sight at once and lets go when its last user
        does.
        """
    static let options = [
        Option(long: "lazy", short: "z", help: "detach also a mount in use, and do not wait"),
        Option(long: "timeout", argument: "SECONDS", help: "how long to wait for the daemon (60)"),
    ]

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(1, in: arguments)
        let isLazy = arguments.has("lazy")
        let timeoutSeconds = try arguments.number("timeout", in: 0...86_400) ?? 60
        let entry = try mounted(at: arguments.operands[0])
        if let problem = detach(entry.mountpoint, lazily: isLazy) { throw explain(problem, entry) }
        if isLazy { return .success }
        guard waitForRelease(of: entry.store, timeoutSeconds: timeoutSeconds) else {
            throw Failure(
                .mountBusy,
                "\(entry.mountpoint) is unmounted, but after \(timeoutSeconds) s its daemon still holds \(entry.store)")
        }
        return .success
    }

    /// The mount that a path names. A dead mount cannot be resolved with realpath(3), only its parent can.
    private static func mounted(at given: String) throws(Failure) -> MountEntry {
        let whole = FilePath.absolute(given)
        let trimmed = whole.count > 1 && whole.hasSuffix("/") ? String(whole.dropLast()) : whole
        let entries = MountTable.current()
        for path in [trimmed, FilePath.resolvedForCreation(trimmed)] {
            if let path, let entry = MountTable.entry(at: path, in: entries) { return entry }
        }
        if let resolved = FilePath.resolved(trimmed), let entry = MountTable.entry(ofStore: resolved, in: entries) {
            throw Failure(.notMounted, "\(given) is the store; it is mounted on \(entry.mountpoint)")
        }
        throw Failure(.notMounted, "no store is mounted on \(given)")
    }

    private enum Problem { case busy, other(String) }

    private static func detach(_ mountpoint: String, lazily isLazy: Bool) -> Problem? {
        if umount2(mountpoint, isLazy ? Int32(MNT_DETACH) : 0) == 0 { return nil }
        if errno == EBUSY { return .busy }
        guard errno == EPERM else { return .other(Terminal.reason()) }
        // Not root: libfuse's setuid program unmounts what its caller mounted.
        let result = Subprocess.run(["fusermount3", "-u"] + (isLazy ? ["-z"] : []) + [mountpoint])
        if result.status == 0 { return nil }
        let text = result.errors.split(separator: "\n").first.map(String.init) ?? "fusermount3 failed"
        return text.contains("busy") ? .busy : .other(text)
    }

    private static func explain(_ problem: Problem, _ entry: MountEntry) -> Failure {
        switch problem {
        case .other(let reason): return Failure(.failure, "\(entry.mountpoint): \(reason)")
        case .busy:
            let users = MountUsers.find(below: entry.mountpoint)
            let names = users.map { "\($0.name) (\($0.process), \($0.path))" }.joined(separator: ", ")
            return Failure(
                .mountBusy,
                "\(entry.mountpoint) is in use" + (names.isEmpty ? "" : " by \(names)")
                    + "; close that, or detach it with: vexfs-fuse umount --lazy \(FilePath.quoted(entry.mountpoint))")
        }
    }

    /// Waits for the lock that the daemon holds as long as it has the store open. There is no event for another
    /// process's lock short of blocking on it, which would have no timeout, hence the polling.
    private static func waitForRelease(of store: String, timeoutSeconds: Int) -> Bool {
        var elapsedMilliseconds = 0
        while StoreFiles.isInUse(store) {
            guard elapsedMilliseconds < timeoutSeconds * 1000 else { return false }
            poll(nil, 0, 10)
            elapsedMilliseconds += 10
        }
        return true
    }
}
