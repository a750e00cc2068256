import Foundation
import Synchronization

/// A store of its own, formatted and mounted for a test, and cleaned up however the test ends.
///
/// A small watchdog process holds the other end of a pipe: when the test process dies, or the mount outlives its time
/// limit, it kills the daemon and detaches the mount, so that neither a crash nor a hang of the daemon hangs the
/// machine.
public final class TestMount: Sendable {
    /// The directory that holds the store and the mount point.
    public let directory: String
    /// The store.
    public let store: String
    /// The mount point.
    public let point: TestPath
    private let leash: Mutex<Leash>

    private struct Leash {
        var descriptor: Int32
        var watchdog: pid_t

        init(_ started: (descriptor: Int32, process: pid_t)) {
            (descriptor, watchdog) = (started.descriptor, started.process)
        }
    }

    deinit { release() }

    /// Ends the watchdog, which cleans up if the mount is still there, and removes the directory.
    private func release() {
        leash.withLock { leash in
            guard leash.descriptor >= 0 else { return }
            if !isMounted { _ = Glibc.write(leash.descriptor, "done\n", 5) }
            Glibc.close(leash.descriptor)
            leash.descriptor = -1
            _ = waitForExit(of: leash.watchdog)
        }
        removeTree(directory)
    }

    /// Formats a store and mounts it.
    /// - Parameter store: where the store goes; below the temporary directory by default.
    public init(store: String? = nil, options: [String] = [], timeLimitSeconds: Int = 600) throws {
        directory = try makeTemporaryDirectory()
        self.store = store ?? directory + "/store"
        point = TestPath(directory + "/mnt")
        try point.makeDirectory()
        leash = Mutex(try Leash(Self.spawnWatchdog(self.store, point.string, directory, timeLimitSeconds)))
        let result = try run([Environment.binary, "format", self.store])
        guard result.status == 0 else { throw MountFailure("format: \(result.status) \(result.errorText)") }
        try mount(options: options)
    }

    /// Mounts the store; returns once the mount answers.
    public func mount(options: [String] = []) throws {
        let extra = options.isEmpty ? [] : ["-o", options.joined(separator: ",")]
        let result = try run([Environment.binary, "mount", store, point.string] + extra)
        guard result.status == 0 else { throw MountFailure("mount: \(result.status) \(result.errorText)") }
        guard isMounted else { throw MountFailure("mount returned 0 and nothing is mounted") }
    }

    /// Whether the kernel has a mount at the mount point.
    public var isMounted: Bool {
        ((try? TestPath("/proc/self/mounts").text()) ?? "").contains(" \(point.string) ")
    }

    /// The daemon's process, or nil.
    public var daemon: pid_t? { Self.processes(serving: store).first }

    /// Unmounts and waits until the daemon is gone.
    public func unmount() throws {
        let process = daemon
        let result = try run([Environment.binary, "umount", point.string])
        guard result.status == 0 else { throw MountFailure("umount: \(result.status) \(result.errorText)") }
        if let process { try Self.awaitEnd(of: process) }
        guard !isMounted else { throw MountFailure("umount returned 0 and the mount is still there") }
    }

    /// Unmounts in the ordinary way and mounts again.
    public func remount(options: [String] = []) throws {
        try unmount()
        try mount(options: options)
    }

    /// Kills the daemon as a crash would, and clears the dead mount.
    public func kill() throws {
        guard let process = daemon else { throw MountFailure("there is no daemon to kill") }
        Glibc.kill(process, SIGKILL)
        try Self.awaitEnd(of: process)
        try detach()
    }

    /// Ends the daemon if it still runs (it may have ended with its disk), and clears the dead mount.
    public func killIfRunning() throws {
        if let process = daemon {
            Glibc.kill(process, SIGKILL)
            try Self.awaitEnd(of: process)
        }
        try detach()
    }

    /// Detaches a mount whose daemon is dead.
    public func detach() throws {
        while isMounted {
            let result = try run(["fusermount3", "-u", "-z", point.string])
            guard result.status == 0 || !isMounted else { throw MountFailure("fusermount3: \(result.errorText)") }
        }
    }

    /// Unmounts, removes everything and reports what was left behind.
    public func close() throws {
        defer { release() }
        if isMounted { try unmount() }
        let left = Self.processes(serving: store)
        guard left.isEmpty else { throw MountFailure("daemons left running: \(left)") }
    }

    /// Runs a bash script with the mount point as its directory.
    @discardableResult
    public func shell(_ script: String, input: [UInt8] = [], timeLimitSeconds: Int = 60) throws -> CommandResult {
        try run(["bash", "-c", script], in: point.string, input: input, timeLimitSeconds: timeLimitSeconds)
    }

    /// A path below the mount point.
    public static func / (mount: TestMount, name: String) -> TestPath { mount.point / name }
}

/// A mount that could not be made, or was left behind.
public struct MountFailure: Error, CustomStringConvertible {
    /// What happened.
    public var description: String
    /// Describes it.
    public init(_ description: String) { self.description = description }
}
