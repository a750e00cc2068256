import Foundation
import TestSupport
import Testing

@Suite struct SymlinkTests {
    /// "Symlinks can be made in a collection; they are not documents."
    @Test func symlinks() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "link.json").makeSymlink(to: "a.json")
        #expect(try (collection / "link.json").linkTarget() == "a.json")
        #expect(try (collection / "link.json").text() == document([1, 0, 0]))
        #expect(try (collection / "link.json").size() == 6)
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
        try (collection / "link.json").remove()
        #expect(try collection.list() == ["a.json"])
    }

    /// "A symlink keeps its target, dangling or not, across a remount."
    @Test func targetsSurvive() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        let target = "../" + String(repeating: "far/", count: 200) + "away"
        try (collection / "dangling").makeSymlink(to: target)
        try mount.remount()
        #expect(try (collection / "dangling").linkTarget() == target)
        #expect(failure { _ = try (collection / "dangling").open(O_RDONLY) } == ENOENT)
        try mount.close()
    }

    /// "Hard links are refused with EPERM."
    @Test func hardLinks() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "a.json").link(to: collection / "b.json") } == EPERM)
        #expect(try (collection / "a.json").stat().st_nlink == 1)
    }

    /// "Pipes, sockets and devices are refused with EPERM."
    @Test func specialFiles() throws {
        let collection = try SharedMount.collection()
        errno = 0
        #expect(mkfifo((collection / "pipe").string, 0o600) == -1)
        #expect(errno == EPERM)
    }

    /// "The paths `documents` and `points` lead to the collection itself, until a file or folder of that name is made."
    @Test func oldLayout() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        for name in ["documents", "points"] {
            #expect(try (collection / name).linkTarget() == ".")
            #expect(try (collection / name / "a.json").text() == document([1, 0, 0]))
        }
        try (collection / "documents/b.json").write(document([0, 1, 0]))
        #expect(try collection.list() == ["a.json", "b.json"])
        try (collection / "documents").makeDirectory()
        try (collection / "documents/c.json").write(document([0, 0, 1]))
        #expect(try collection.list() == ["a.json", "b.json", "documents"])
        #expect(try collection.searchIDs([0, 0, 1], options: "k=1") == ["documents/c"])
        try (collection / "documents/c.json").remove()
        try (collection / "documents").removeDirectory()
        #expect(try (collection / "documents").linkTarget() == ".")
    }
}
