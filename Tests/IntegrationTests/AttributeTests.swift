import Foundation
import TestSupport
import Testing

@Suite struct AttributeTests {
    /// "The time of the last change of content is the version's time, and `touch -d` sets it."
    @Test func times() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        let before = Int(Date().timeIntervalSince1970)
        try file.write(document([1, 0, 0]))
        #expect((before - 1...before + 60).contains(try file.stat().st_mtim.tv_sec))
        try file.setModified(seconds: 1_000_000_000, nanoseconds: 123_456_789)
        #expect(try file.stat().st_mtim.tv_sec == 1_000_000_000)
        #expect(try file.stat().st_mtim.tv_nsec == 123_456_789)
        try file.write(document([0, 1, 0]))
        #expect(try file.stat().st_mtim.tv_sec >= before)
    }

    /// "Permission bits and owners can be changed and are kept."
    @Test func permissions() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        try file.changeMode(0o600)
        #expect(try file.stat().st_mode & 0o7777 == 0o600)
        try file.changeOwner(12345, 54321)
        #expect(try file.stat().st_uid == 12345)
        #expect(try file.stat().st_gid == 54321)
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
    }

    /// "Changing permissions, owners or times does not make a new version."
    @Test func attributesAreNotVersions() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        let version = try file.attribute("user.vexfs.version")
        try file.changeMode(0o600)
        try file.setModified(seconds: 5, nanoseconds: 0)
        #expect(try file.attribute("user.vexfs.version") == version)
    }

    /// "Sizes are exact: `stat` shows as many bytes as `read` returns."
    @Test(arguments: ["a.json", ".vexfs/config.json", ".vexfs/schema.json"])
    func exactSizes(name: String) throws {
        let collection = try SharedMount.collection("exactSizes")
        try (collection / "a.json").write(document([1, 0, 0], text: "some text"))
        let size = try (collection / name).size()
        #expect(size > 0)
        #expect(try (collection / name).read().count == size)
    }

    /// "`df` shows the real size of the disk under the store, and a name limit of 255 bytes."
    @Test func statistics() throws {
        let mount = try SharedMount.get()
        var (ours, real) = (statvfs(), statvfs())
        #expect(statvfs(mount.point.string, &ours) == 0)
        #expect(statvfs(mount.directory, &real) == 0)
        #expect(ours.f_namemax == 255)
        #expect(ours.f_blocks * ours.f_frsize == real.f_blocks * real.f_frsize)
        #expect(ours.f_bavail > 0)
    }

    /// "Inode numbers are the same after a remount."
    @Test func inodesSurvive() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / "sub").makeDirectory()
        for name in ["a.json", "sub/b.json"] { try (collection / name).write(document([1, 0, 0])) }
        let paths = [collection, collection / "a.json", collection / "sub", collection / "sub/b.json"]
        let before = try paths.map { try $0.stat().st_ino }
        #expect(Set(before).count == 4)
        try mount.remount()
        #expect(try paths.map { try $0.stat().st_ino } == before)
        try mount.close()
    }

    /// "`stat`, `ls` and looking up names that do not exist never embed or search."
    @Test func lookupIsPure() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let mount = try SharedMount.get()
        for name in [".git", "autorun.inf", "query/.git", "query/what is this", "query/k=3/deep/er.md"] {
            _ = try? (collection / name).stat()
        }
        #expect(failure { _ = try (collection / "query/.git").stat() } == ENOENT)
        #expect(failure { _ = try (collection / ".git").stat() } == ENOENT)
        #expect(try mount.shell("ls -la '\(collection)' '\(collection)/query'").status == 0)
    }
}
