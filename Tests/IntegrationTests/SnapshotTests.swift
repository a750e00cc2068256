import Foundation
import TestSupport
import Testing

@Suite struct SnapshotTests {
    private func filled(_ topic: String = #function) throws -> TestPath {
        let collection = try SharedMount.collection(topic)
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        try (collection / "sub").makeDirectory()
        try (collection / "a.json").write(document([1, 0, 0], text: "first words", metadata: ["n": 1]))
        try (collection / "b.json").write(document([2, 0, 0], text: "second words", metadata: ["n": 2]))
        try (collection / "sub/c.json").write(document([3, 0, 0], text: "third words", metadata: ["n": 2]))
        try (collection / "note.tmp").write("scratch")
        return collection
    }

    /// Whether a sentence comes after a failure; other tests' failures may push it out before it is read.
    private static func isTold(_ text: String, _ fail: () -> Void) throws -> Bool {
        for _ in 0..<20 {
            fail()
            if try (SharedMount.get().point / ".vexfs/lasterr").text().contains(text) { return true }
        }
        return false
    }

    /// "`mkdir C/.vexfs/snapshots/NAME` makes a snapshot of the collection C: a read-only directory that holds what C
    /// held, whatever becomes of C."
    @Test func whatWasIsThere() throws {
        let collection = try filled()
        let snapshot = collection / ".vexfs/snapshots/s"
        try snapshot.makeDirectory()
        let before = try (collection / "a.json").text()
        try (collection / "a.json").write(document([9, 0, 0]))
        try (collection / "b.json").remove()
        try (collection / "sub").rename(to: collection / "other")
        try (collection / "note.tmp").write("other")
        try (collection / "new.json").write(document([4, 0, 0]))
        #expect(try (collection / ".vexfs/snapshots").list() == ["s"])
        #expect(try snapshot.list() == ["a.json", "b.json", "note.tmp", "sub"])
        #expect(try (snapshot / "a.json").text() == before)
        #expect(try (snapshot / "sub").list() == ["c.json"])
        #expect(try (snapshot / "note.tmp").text() == "scratch")
        #expect(try (snapshot / "b.json").attribute("user.vexfs.meta.n") == "2")
    }

    /// "A snapshot is searched as its collection was: by vector, text, filter and folder, with its own facets, counts
    /// and reports."
    @Test func searching() throws {
        let collection = try filled()
        let snapshot = collection / ".vexfs/snapshots/s"
        try snapshot.makeDirectory()
        try (collection / "a.json").remove()
        try (collection / "b.json").write(document([50, 0, 0], metadata: ["n": 7]))
        #expect(try snapshot.searchIDs([1, 0, 0]) == ["a", "b", "sub/c"])
        #expect(try snapshot.searchIDs([1, 0, 0], options: "where=n:2") == ["b", "sub/c"])
        #expect(try (snapshot / "sub").searchIDs([1, 0, 0]) == ["sub/c"])
        #expect(try (snapshot / "query/mode=text/second.ids").lines() == ["b"])
        #expect(try (snapshot / ".by/n").list() == ["1", "2"])
        #expect(try (snapshot / ".by/n/2").list().count == 2)
        #expect(try (snapshot / ".vexfs/count").lines() == ["3"])
        #expect(try (snapshot / ".vexfs/ids.txt").lines() == ["a", "b", "sub/c"])
        #expect(try (snapshot / ".vexfs/vectors.f32").read().count == 36)
        #expect(try (snapshot / ".vexfs/export.jsonl").lines().count == 3)
        #expect(try (snapshot / ".overview.md").text().contains("3 documents"))
        #expect(try collection.searchIDs([1, 0, 0]) == ["sub/c", "b"])
        let hit = try #require(try snapshot.search([1, 0, 0], options: "k=1").first)
        #expect(try TestPath(hit.file).text().contains("first words"))
    }

    /// "Every change inside a snapshot fails with EROFS."
    @Test func nothingCanBeChanged() throws {
        let collection = try filled()
        let snapshot = collection / ".vexfs/snapshots/s"
        try snapshot.makeDirectory()
        #expect(failure { try (snapshot / "x.json").write(document([1, 0, 0])) } == EROFS)
        #expect(failure { try (snapshot / "a.json").write(document([1, 0, 0])) } == EROFS)
        #expect(failure { try (snapshot / "a.json").append(" ") } == EROFS)
        #expect(failure { try (snapshot / "a.json").remove() } == EROFS)
        #expect(failure { try (snapshot / "a.json").rename(to: snapshot / "z.json") } == EROFS)
        #expect(failure { try (snapshot / "a.json").changeMode(0o600) } == EROFS)
        #expect(failure { try (snapshot / "a.json").truncate(to: 0) } == EROFS)
        #expect(failure { try (snapshot / "a.json").setAttribute("user.vexfs.meta.n", to: "5") } == EROFS)
        #expect(failure { try (snapshot / "d").makeDirectory() } == EROFS)
        #expect(failure { try (snapshot / "l").makeSymlink(to: "a.json") } == EROFS)
        #expect(failure { try (snapshot / "sub").removeDirectory() } != 0)
        #expect(failure { try (snapshot / "query/pinned").makeDirectory() } == EROFS)
        #expect(failure { try (snapshot / ".vexfs/config.json").write("{}") } == EROFS)
        #expect(failure { try (snapshot / ".vexfs/bulk").write(Array("{}".utf8), flags: O_WRONLY) } == EROFS)
        #expect(failure { try (snapshot / ".vexfs/snapshots/t").makeDirectory() } == EROFS)
        let isTold = try Self.isTold("this is a snapshot, which never changes") {
            _ = failure { try (snapshot / "d").makeDirectory() }
        }
        #expect(isTold)
    }

    /// "`C@NAME` in the root leads to the snapshot NAME of C, and is not listed."
    @Test func byItsShortName() throws {
        let collection = try filled()
        try (collection / ".vexfs/snapshots/s").makeDirectory()
        let short = TestPath(collection.string + "@s")
        try (collection / "a.json").remove()
        #expect(try short.list() == ["a.json", "b.json", "note.tmp", "sub"])
        #expect(try short.searchIDs([1, 0, 0], options: "k=1") == ["a"])
        #expect(try !SharedMount.get().point.list().contains { $0.contains("@") })
        #expect(!TestPath(collection.string + "@t").exists)
    }

    /// "`rmdir` removes a snapshot whatever it holds, and `mv` gives it another name; its time is its moment."
    @Test func removingAndRenaming() throws {
        let collection = try filled()
        let snapshots = collection / ".vexfs/snapshots"
        let start = Date().timeIntervalSince1970
        try (snapshots / "s").makeDirectory()
        let time = Double(try (snapshots / "s").stat().st_mtim.tv_sec)
        #expect(time >= start.rounded(.down) && time <= Date().timeIntervalSince1970)
        #expect(failure { try (snapshots / "s").makeDirectory() } == EEXIST)
        try (snapshots / "s").rename(to: snapshots / "t")
        #expect(try snapshots.list() == ["t"])
        #expect(try (snapshots / "t").searchIDs([1, 0, 0], options: "k=1") == ["a"])
        try (snapshots / "t").removeDirectory()
        #expect(try snapshots.list() == [])
        #expect(!(snapshots / "t").exists)
        #expect(try collection.searchIDs([1, 0, 0]) == ["a", "b", "sub/c"])
    }

    /// "A collection with snapshots is not removed: ENOTEMPTY, and the sentence says which snapshot to remove."
    @Test func aCollectionWithSnapshotsStays() throws {
        let collection = try filled()
        try (collection / ".vexfs/snapshots/s").makeDirectory()
        for name in ["a.json", "b.json", "sub/c.json", "note.tmp"] { try (collection / name).remove() }
        try (collection / "sub").removeDirectory()
        #expect(failure { try collection.removeDirectory() } == ENOTEMPTY)
        let isTold = try Self.isTold(".vexfs/snapshots/s") { _ = failure { try collection.removeDirectory() } }
        #expect(isTold)
        let renamed = TestPath(collection.string + "-renamed")
        try collection.rename(to: renamed)
        #expect(try (renamed / ".vexfs/snapshots/s").searchIDs([1, 0, 0]) == ["a", "b", "sub/c"])
        try (renamed / ".vexfs/snapshots/s").removeDirectory()
        try renamed.removeDirectory()
    }

    /// "Writing a name into `C/.vexfs/fork`, also into a snapshot's, makes a collection of that name that begins as C,
    /// or the snapshot, is; from then on neither knows of the other."
    @Test func forking() throws {
        let collection = try filled()
        try (collection / ".vexfs/snapshots/s").makeDirectory()
        try (collection / "a.json").remove()
        let (now, then) = (TestPath(collection.string + "-now"), TestPath(collection.string + "-then"))
        let name = { (path: TestPath) in String(path.string.split(separator: "/").last ?? "") }
        try (collection / ".vexfs/fork").write(name(now) + "\n")
        try (collection / ".vexfs/snapshots/s/.vexfs/fork").write(name(then) + "\n")
        #expect(try now.searchIDs([1, 0, 0]) == ["b", "sub/c"])
        #expect(try then.searchIDs([1, 0, 0]) == ["a", "b", "sub/c"])
        try (then / "b.json").write(document([0.5, 0, 0]))
        try (then / "sub/d.json").write(document([1.5, 0, 0]))
        try (now / "sub/c.json").remove()
        #expect(try then.searchIDs([1, 0, 0]) == ["a", "b", "sub/d", "sub/c"])
        #expect(try now.searchIDs([1, 0, 0]) == ["b"])
        #expect(try collection.searchIDs([1, 0, 0]) == ["b", "sub/c"])
        #expect(failure { try (collection / ".vexfs/fork").write(name(then) + "\n") } == EEXIST)
        #expect(failure { try (collection / ".vexfs/fork").write("query\n") } == EPERM)
        try (collection / ".vexfs/snapshots/s").removeDirectory()
        for path in ["b.json", "sub/c.json", "note.tmp"] { try (collection / path).remove() }
        try (collection / "sub").removeDirectory()
        try collection.removeDirectory()
        #expect(try then.searchIDs([1, 0, 0]) == ["a", "b", "sub/d", "sub/c"])
        #expect(try (then / "a.json").text().contains("first words"))
        #expect(try (then / "note.tmp").text() == "scratch")
    }

    /// "Snapshots and forks are never met twice: a walk of a collection, and of a snapshot, ends and meets each
    /// document once."
    @Test func walksEnd() throws {
        let collection = try filled()
        try (collection / ".vexfs/snapshots/s").makeDirectory()
        for place in [collection, collection / ".vexfs/snapshots/s"] {
            let found = try run(["find", ".", "-name", "*.json"], in: place.string).lines.sorted()
            #expect(found == ["./a.json", "./b.json", "./sub/c.json"])
        }
    }
}
