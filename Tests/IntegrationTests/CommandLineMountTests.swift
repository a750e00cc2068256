import Foundation
@testable import TestSupport
import Testing

@testable import vexfs_fuse

/// The verbs that need a mount.
@Suite struct CommandLineMountTests {
    private func program(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandResult {
        try run([Environment.binary] + arguments, environment: environment)
    }

    @Test func aMountedStoreIsRefusedASecondTime() throws {
        let mount = try TestMount()
        let second = mount.directory + "/second"
        try TestPath(second).makeDirectory()
        let again = try program("mount", mount.store, second)
        #expect(again.status == ExitCode.storeInUse.rawValue)
        #expect(again.errorText.contains(mount.point.string))
        let over = try program("mount", "--create", mount.directory + "/other", mount.point.string)
        #expect(over.status == ExitCode.mountpointUnusable.rawValue)
        #expect(over.errorText.contains("umount"))
        let check = try program("fsck", mount.store)
        #expect(check.status == ExitCode.storeInUse.rawValue && check.errorText.contains("umount"))
        #expect(try program("format", mount.store).status == ExitCode.failure.rawValue)
        try mount.close()
    }

    @Test func createMakesTheStoreOnce() throws {
        let mount = try TestMount()
        let (store, point) = (mount.directory + "/new", mount.directory + "/new-mnt")
        try TestPath(point).makeDirectory()
        for _ in 0..<2 {
            let result = try program("mount", "--create", store, point)
            #expect(result.status == 0, "\(result.errorText)")
            #expect(try program("umount", point).status == 0)
        }
        try mount.close()
    }

    @Test func statusShowsTheMount() throws {
        let mount = try TestMount()
        let lines = try program("status", "--json").lines.compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        let own = lines.first { $0["mountpoint"] as? String == mount.point.string }
        #expect(own?["store"] as? String == mount.store)
        #expect(own?["health"] as? String == "ok")
        #expect(own?["read_only"] as? Bool == false)
        let text = try program().text
        #expect(text.contains(mount.point.string) && text.contains(mount.store))
        try mount.close()
    }

    @Test func aDeadMountIsExplainedAndCleared() throws {
        let mount = try TestMount()
        let daemon = try #require(mount.daemon)
        kill(daemon, SIGKILL)
        try TestMount.awaitEnd(of: daemon)
        let refused = try program("mount", mount.store, mount.point.string)
        #expect(refused.status == ExitCode.mountpointUnusable.rawValue)
        #expect(refused.errorText.contains("vexfs-fuse umount \(mount.point.string)"), "\(refused.errorText)")
        let status = try program("status")
        #expect(status.status == ExitCode.mountFailed.rawValue)
        #expect(status.text.contains("dead") && status.text.contains("umount \(mount.point.string)"))
        let cleared = try program("umount", mount.point.string)
        #expect(cleared.status == 0, "\(cleared.errorText)")
        #expect(!mount.isMounted)
        try mount.mount()
        try mount.close()
    }

    @Test func aMountInUseStaysAndItsUsersAreNamed() throws {
        let mount = try TestMount()
        try (mount / "c").makeDirectory()
        try (mount / "c/a.txt").write("kept open")
        let file = try (mount / "c/a.txt").open(O_RDONLY)
        let busy = try program("umount", mount.point.string)
        #expect(busy.status == ExitCode.mountBusy.rawValue)
        #expect(busy.errorText.contains(String(getpid())), "\(busy.errorText)")
        #expect(mount.isMounted)
        try file.close()
        let freed = try program("umount", mount.point.string)
        #expect(freed.status == 0, "\(freed.errorText)")
        // Released: it can be mounted again at once.
        try mount.mount()
        #expect(try (mount / "c/a.txt").text() == "kept open")
        try mount.close()
    }

    @Test func lazyDetachesAMountInUse() throws {
        let mount = try TestMount()
        try (mount / "c").makeDirectory()
        try (mount / "c/a.txt").write("kept open")
        let daemon = try #require(mount.daemon)
        let file = try (mount / "c/a.txt").open(O_RDONLY)
        #expect(try program("umount", "--lazy", mount.point.string).status == 0)
        #expect(!mount.isMounted)
        try file.close()
        try TestMount.awaitEnd(of: daemon)
        try mount.mount()
        try mount.close()
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func signalsUnmount(number: Int32) throws {
        let mount = try TestMount()
        try (mount / "c").makeDirectory()
        let daemon = try #require(mount.daemon)
        kill(daemon, number)
        try TestMount.awaitEnd(of: daemon)
        #expect(!mount.isMounted)
        try mount.mount()
        #expect(try TestPath(mount.point.string).list().contains("c"))
        try mount.close()
    }

    @Test func theLogIsJSONLines() throws {
        let mount = try TestMount()
        try mount.unmount()
        let log = mount.directory + "/log"
        try mount.mount(options: ["log-format=json", "log-level=info", "log-file=\(log)"])
        try mount.unmount()
        let objects = try TestPath(log).lines().map { try JSONSerialization.jsonObject(with: Data($0.utf8)) }
        let messages = objects.compactMap { ($0 as? [String: Any])?["message"] as? String }
        #expect(messages.contains("mounted") && messages.contains("unmounted"))
        try mount.close()
    }

    @Test func readOnlyRefusesWrites() throws {
        let mount = try TestMount()
        try (mount / "c").makeDirectory()
        try mount.remount(options: ["ro"])
        #expect(failure { try (mount / "c/a.txt").write("x") } == EROFS)
        #expect(failure { try (mount / "d").makeDirectory() } == EROFS)
        try mount.close()
    }

    @Test func theForegroundTellsTheServiceManager() throws {
        let mount = try TestMount()
        try mount.unmount()
        let name = mount.directory + "/notify"
        let socket = try NotifySocket(name)
        let script =
            "NOTIFY_SOCKET='\(name)' '\(Environment.binary)' mount -f '\(mount.store)' '\(mount.point)' & echo $!"
        // The shell ends and leaves the daemon; `run` does not wait for it.
        let started = try run(["sh", "-c", script])
        let process = try #require(Int32(started.lines.first ?? ""))
        #expect(socket.receive() == "READY=1")
        #expect(mount.isMounted)
        kill(process, SIGTERM)
        #expect(socket.receive() == "STOPPING=1")
        try TestMount.awaitEnd(of: process)
        #expect(!mount.isMounted)
        try mount.close()
    }

    @Test func theBackgroundTellsTheServiceManagerItsProcess() throws {
        let mount = try TestMount()
        try mount.unmount()
        let name = mount.directory + "/notify"
        let socket = try NotifySocket(name)
        let result = try program("mount", mount.store, mount.point.string, environment: ["NOTIFY_SOCKET": name])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(socket.receive() == "MAINPID=\(mount.daemon ?? 0)\nREADY=1")
        try mount.close()
    }

    @Test func mountCallsTheProgramItsOwnWay() throws {
        let mount = try TestMount()
        try mount.unmount()
        let result = try program(mount.store, mount.point.string, "-o", "rw,noatime,dev,suid")
        #expect(result.status == 0, "\(result.errorText)")
        #expect(mount.isMounted)
        let options = MountTable.entry(at: mount.point.string)?.options ?? []
        #expect(options.contains("noatime") && options.contains("nodev") && options.contains("nosuid"))
        try mount.close()
    }

    @Test func searchGivesTheSameMountedAndNot() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        for (name, text) in [("a", "Refunds take five days."), ("b", "The parcel was lost."), ("c", "Coffee is hot.")] {
            try (collection / "\(name).json").write("{\"text\":\"\(text)\",\"lang\":\"\(name == "c" ? "de" : "en")\"}")
        }
        let name = try #require(collection.string.split(separator: "/").last.map(String.init))
        func search(_ place: String, _ more: String...) throws -> CommandResult {
            try run([Environment.binary, "search", place, name, "money back", "-F", "ids"] + more)
        }
        let mounted = try search(mount.point.string)
        #expect(mounted.status == 0 && mounted.lines.first == "a" && mounted.lines.count == 3, "\(mounted.errorText)")
        #expect(try search(mount.store).output == mounted.output)
        #expect(try search(mount.point.string, "-k", "1").lines == ["a"])
        #expect(try search(mount.point.string, "-w", "lang:de").lines == ["c"])
        let bad = try search(mount.point.string, "-w", "lang:")
        #expect(bad.status == ExitCode.badInput.rawValue && !bad.errorText.isEmpty)
        let missing = try program("search", mount.point.string, "no-such", "text")
        #expect(missing.status == ExitCode.failure.rawValue)
        try mount.unmount()
        let unmounted = try search(mount.store)
        #expect(unmounted.output == mounted.output, "\(unmounted.errorText)")
        #expect(try program("search", mount.store, "no-such", "text").status == ExitCode.failure.rawValue)
        try mount.close()
    }
}
