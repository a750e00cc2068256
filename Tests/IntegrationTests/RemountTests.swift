import Foundation
import TestSupport
import Testing

@Suite struct RemountTests {
    /// "Unmounting and mounting again changes nothing: bytes, attributes, metadata and answers are the same."
    @Test func everythingSurvives() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / "sub").makeDirectory(mode: 0o750)
        for index in 0..<50 {
            let path = index % 2 == 0 ? "d\(index).json" : "sub/d\(index).json"
            try (collection / path).write(document([Float(index), 1, 0], text: "t\(index)", metadata: ["n": index]))
        }
        try (collection / "d0.json").changeMode(0o600)
        try (collection / "d0.json").setModified(seconds: 1_000_000_000, nanoseconds: 7)
        try (collection / "d2.json").remove()
        try (collection / "d4.json").rename(to: collection / "sub/moved.json")
        try (collection / "scratch.tmp").write("scratch")
        let before = try Self.state(of: mount)
        let answer = try collection.search([3, 1, 0], options: "k=100")
        for _ in 0..<2 {
            try mount.remount()
            #expect(try Self.state(of: mount) == before)
            #expect(try collection.search([3, 1, 0], options: "k=100") == answer)
        }
        try mount.close()
    }

    /// "After `kill -9` of the daemon the store mounts again, with everything that was acknowledged."
    @Test func killing() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        for index in 0..<50 { try (collection / "d\(index).json").write(document([Float(index), 1, 0])) }
        let before = try Self.state(of: mount)
        try mount.kill()
        try mount.mount()
        #expect(try Self.state(of: mount) == before)
        #expect(try collection.searchIDs([49, 1, 0], options: "k=1") == ["d49"])
        try mount.close()
    }

    /// "A draft that was never closed is gone after a remount, and the file with it if it was new."
    @Test func draftsAreNotKept() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / "old.json").write(document([1, 0]))
        let old = try (collection / "old.json").open(O_WRONLY | O_TRUNC)
        try old.write("{\"vector\":")
        let new = try (collection / "new.json").open(O_WRONLY | O_CREAT)
        try new.write("{\"vector\":")
        try mount.kill()
        try mount.mount()
        #expect(try collection.list() == ["old.json"])
        #expect(try (collection / "old.json").text() == document([1, 0]))
        withExtendedLifetime((old, new)) {}
        try mount.close()
    }

    /// "A store that is mounted cannot be mounted a second time."
    @Test func oneMountPerStore() throws {
        let mount = try TestMount()
        let second = TestPath(mount.directory + "/second")
        try second.makeDirectory()
        let result = try run([Environment.binary, "mount", mount.store, second.string])
        #expect(result.status != 0)
        #expect(!result.errorText.isEmpty)
        #expect(try mount.point.list() == ["AGENTS.md"])
        try mount.close()
    }

    /// "After a crash, accesses fail with ENOTCONN until the dead mount is cleared; `mount` does so or says how."
    @Test func deadMounts() throws {
        let mount = try TestMount()
        let process = try #require(mount.daemon)
        Glibc.kill(process, SIGKILL)
        #expect(try run(["timeout", "10", "tail", "--pid=\(process)", "-f", "/dev/null"]).status == 0)
        let again = try run([Environment.binary, "mount", mount.store, mount.point.string])
        #expect(again.status == 0 || again.errorText.contains("umount") || again.errorText.contains("fusermount"))
        if again.status != 0 {
            try mount.detach()
            try mount.mount()
        }
        #expect(try mount.point.list() == ["AGENTS.md"])
        try mount.close()
    }

    /// Every path with everything `stat` shows (of folders, not the time) and a checksum of its bytes.
    static func state(of mount: TestMount) throws -> [String] {
        let listing = try run(
            [
                "find", ".", "-mindepth", "1", "-name", "AGENTS.md", "-o", "-type", "d", "-printf", "%p %i %m %U %G\n",
                "-o", "-printf",
                "%p %y %i %s %m %U %G %T@ %l\n",
            ], in: mount.point.string)
        let sums = try mount.shell("find . -mindepth 2 -type f -print0 | sort -z | xargs -0 md5sum")
        return listing.lines.sorted() + sums.lines
    }
}
