import Foundation
import TestSupport
import Testing

@Suite struct DirectoryTests {
    /// "Folders in a collection are made and removed like any others; the path of a document is its id."
    @Test func folders() throws {
        let collection = try SharedMount.collection()
        try (collection / "sub").makeDirectory()
        try (collection / "sub/dir").makeDirectory()
        try (collection / "sub/dir/x.json").write(document([1, 0, 0]))
        #expect(try (collection / "sub/dir/x.json").attribute("user.vexfs.id") == "sub/dir/x")
        #expect(try collection.searchIDs([1, 0, 0]) == ["sub/dir/x"])
    }

    /// "Every folder answers its own `query/`, limited to what is below it."
    @Test func folderScope() throws {
        let collection = try SharedMount.collection()
        for folder in ["one", "two", "one/deep", "oneness"] { try (collection / folder).makeDirectory() }
        for (index, folder) in ["one", "two", "one/deep", "oneness"].enumerated() {
            try (collection / folder / "x.json").write(document([1, Float(index) / 10, 0]))
        }
        try (collection / "top.json").write(document([1, 0, 0]))
        #expect(Set(try (collection / "one").searchIDs([1, 0, 0])) == ["one/x", "one/deep/x"])
        #expect(try (collection / "two").searchIDs([1, 0, 0]) == ["two/x"])
        #expect(try collection.searchIDs([1, 0, 0]).count == 5)
    }

    /// "`rmdir` of a folder that is not empty fails with ENOTEMPTY."
    @Test func notEmpty() throws {
        let collection = try SharedMount.collection()
        try (collection / "sub").makeDirectory()
        try (collection / "sub/x.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "sub").removeDirectory() } == ENOTEMPTY)
        try (collection / "sub/x.json").remove()
        try (collection / "sub").removeDirectory()
        #expect(try collection.list() == [])
    }

    /// "`mkdir` of a name that is taken fails with EEXIST."
    @Test func taken() throws {
        let collection = try SharedMount.collection()
        try (collection / "sub").makeDirectory()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "sub").makeDirectory() } == EEXIST)
        #expect(failure { try (collection / "a.json").makeDirectory() } == EEXIST)
    }

    /// "A directory's link count is two and one more for each folder in it."
    @Test func linkCount() throws {
        let collection = try SharedMount.collection()
        #expect(try collection.stat().st_nlink == 2)
        try (collection / "a").makeDirectory()
        try (collection / "b").makeDirectory()
        #expect(try collection.stat().st_nlink == 4)
        try (collection / "a").removeDirectory()
        #expect(try collection.stat().st_nlink == 3)
    }

    /// "A path through a file fails with ENOTDIR."
    @Test func pathsThroughFiles() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { _ = try (collection / "a.json/b").stat() } == ENOTDIR)
    }

    /// "Folders nest as deep as paths allow."
    @Test func deepFolders() throws {
        let collection = try SharedMount.collection()
        var path = collection
        for level in 0..<60 {
            path = path / "level\(level)"
            try path.makeDirectory()
        }
        try (path / "x.json").write(document([1, 0, 0]))
        #expect(try collection.searchIDs([1, 0, 0]).first?.hasSuffix("level59/x") == true)
        #expect(try SharedMount.get().shell("rm -r '\(collection)/level0'").status == 0)
        #expect(try collection.list() == [])
    }
}
