import Foundation
import TestSupport
import Testing

@Suite struct PinnedQueryTests {
    /// "`mkdir query/X` pins a search: a directory of symlinks `RANK-SCORE-ID` to the documents, best first."
    @Test func pinning() throws {
        let collection = try quarterCircle()
        let pinned = collection / "query/k=3,like=d0/near"
        try pinned.makeDirectory()
        let names = try pinned.list()
        #expect(names.count == 3)
        #expect(names.first?.hasPrefix("001-0.98") == true, "\(names)")
        #expect(names.map { $0.contains("-d") } == [true, true, true])
        let link = pinned / (names.first ?? "")
        #expect(link.isSymlink)
        #expect(try link.text() == (collection / "d1.json").text())
        #expect(try link.size() == link.linkTarget().utf8.count)
        #expect(try (collection / "query").list().contains { $0.hasPrefix("k=3,like=d0") })
        try pinned.removeDirectory()
    }

    /// "A pinned search does not change by itself; `touch` refreshes it."
    @Test func refreshing() throws {
        let collection = try quarterCircle()
        let pinned = collection / "query/k=2,like=d0/near"
        try pinned.makeDirectory()
        let before = try pinned.list()
        try (collection / "d1.json").remove()
        #expect(try pinned.list() == before)
        #expect(try SharedMount.get().shell("touch '\(pinned)'").status == 0)
        let after = try pinned.list()
        #expect(after != before)
        #expect(!after.contains { $0.hasSuffix("-d1.json") })
        try pinned.removeDirectory()
    }

    /// "`rmdir` removes a pinned search although it is not empty, and no document with it."
    @Test func removing() throws {
        let collection = try quarterCircle()
        try (collection / "query/like=d0/near").makeDirectory()
        try (collection / "query/like=d0/near").removeDirectory()
        #expect(try !(collection / "query").list().contains { $0.hasPrefix("like=d0") })
        #expect(try collection.list().count == 10)
    }

    /// "Nothing can be created in a pinned search."
    @Test func readOnly() throws {
        let collection = try quarterCircle()
        let pinned = collection / "query/k=1,like=d0/near"
        try pinned.makeDirectory()
        #expect(failure { try (pinned / "x.json").write("{}") } != 0)
        #expect(failure { try (pinned / "x").makeDirectory() } != 0)
        try pinned.removeDirectory()
    }

    /// "Pinning a search that fails, fails with its errno, and pins nothing."
    @Test func failing() throws {
        let collection = try quarterCircle()
        #expect(failure { try (collection / "query/k=zero,like=d0/near").makeDirectory() } == EINVAL)
        #expect(failure { try (collection / "query/like=nobody/near").makeDirectory() } != 0)
        #expect(try (collection / "query").list().filter { $0 != "saved" } == [])
    }

    /// "Pinned searches survive a remount."
    @Test func surviving() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        for index in 0..<3 { try (collection / "d\(index).json").write(document([1, Float(index)])) }
        try (collection / "query/like=d0/near").makeDirectory()
        let names = try (collection / "query/like=d0/near").list()
        try mount.remount()
        #expect(try (collection / "query").list().contains { $0.hasPrefix("like=d0") })
        #expect(try (collection / "query/like=d0/near").list() == names)
        try mount.close()
    }
}

@Suite struct SavedQueryTests {
    /// "`ln -s '../query/…' query/saved/NAME` saves a search; reading the name runs it."
    @Test func saving() throws {
        let collection = try quarterCircle()
        let script =
            "cd '\(collection)' && ln -s '../k=2,like=d0/x.ids' query/saved/near.ids && cat query/saved/near.ids"
        let result = try SharedMount.get().shell(script)
        #expect(result.lines == ["d1", "d2"], "\(result.errorText)")
        #expect(try (collection / "query/saved").list() == ["near.ids"])
        #expect((collection / "query/saved/near.ids").isSymlink)
        try (collection / "query/saved/near.ids").remove()
        #expect(try (collection / "query/saved").list() == [])
    }

    /// "The form `../query/…` of a saved search's target works too."
    @Test func documentedForm() throws {
        let collection = try quarterCircle()
        let script =
            "cd '\(collection)' && ln -s '../query/k=2,like=d0/x.ids' query/saved/near.ids && cat query/saved/near.ids"
        let result = try SharedMount.get().shell(script)
        #expect(result.lines == ["d1", "d2"], "\(result.errorText)")
        try (collection / "query/saved/near.ids").remove()
    }

    /// "Saved searches survive a remount."
    @Test func surviving() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        for index in 0..<3 { try (collection / "d\(index).json").write(document([1, Float(index)])) }
        try (collection / "query/saved/near.ids").makeSymlink(to: "../k=1,like=d0/x.ids")
        try mount.remount()
        #expect(try (collection / "query/saved").list() == ["near.ids"])
        #expect(try (collection / "query/saved/near.ids").lines() == ["d1"])
        try mount.close()
    }
}
