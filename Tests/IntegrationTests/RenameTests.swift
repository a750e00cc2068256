import Foundation
import TestSupport
import Testing

@Suite struct RenameTests {
    /// "Renaming a document changes its id and keeps its vector, its bytes and its inode number."
    @Test func renameKeepsTheDocument() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0], text: "kept"))
        let before = try (collection / "a.json").stat().st_ino
        try (collection / "a.json").rename(to: collection / "b.json")
        #expect(!(collection / "a.json").exists)
        #expect(try (collection / "b.json").stat().st_ino == before)
        #expect(try (collection / "b.json").text() == document([1, 0, 0], text: "kept"))
        #expect(try (collection / "b.json").attribute("user.vexfs.id") == "b")
        #expect(try collection.searchIDs([1, 0, 0]) == ["b"])
    }

    /// "A rename onto an existing document replaces it, and the replaced one is no longer found."
    @Test func renameReplaces() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "b.json").write(document([0, 1, 0]))
        try (collection / "a.json").rename(to: collection / "b.json")
        #expect(try collection.list() == ["b.json"])
        #expect(try collection.search([0, 1, 0]).count == 1)
        #expect(try collection.searchIDs([1, 0, 0]) == ["b"])
    }

    /// "A scratch file renamed onto a document's name is committed as that document by the rename."
    @Test func scratchBecomesDocument() throws {
        let collection = try SharedMount.collection()
        try (collection / ".a.json.tmp").write(document([1, 0, 0]))
        #expect(try collection.searchIDs([1, 0, 0]) == [])
        try (collection / ".a.json.tmp").rename(to: collection / "a.json")
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
    }

    /// "A scratch file that is no document cannot be renamed onto a document's name: EINVAL, and nothing has changed."
    @Test func badScratchIsRefused() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "x.tmp").write("{\"vector\": [")
        #expect(failure { try (collection / "x.tmp").rename(to: collection / "a.json") } == EINVAL)
        #expect(try (collection / "x.tmp").text() == "{\"vector\": [")
        #expect(try (collection / "a.json").text() == document([1, 0, 0]))
    }

    /// "A rename of an open file commits its draft when that makes it a document."
    @Test func renameCommitsTheDraft() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / "x.tmp").open(O_WRONLY | O_CREAT)
        try handle.write(document([1, 0, 0]))
        try (collection / "x.tmp").rename(to: collection / "a.json")
        #expect(try (collection / "a.json").text() == document([1, 0, 0]))
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
        try handle.close()
    }

    /// "A file renamed while it is open goes on being written under its new name."
    @Test func openFilesFollowTheName() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_WRONLY | O_TRUNC)
        try (collection / "a.json").rename(to: collection / "b.json")
        try handle.write(document([0, 1, 0]))
        try handle.close()
        #expect(try collection.list() == ["b.json"])
        #expect(try (collection / "b.json").text() == document([0, 1, 0]))
    }

    /// "A document renamed to a scratch name leaves the search and keeps its bytes."
    @Test func documentBecomesScratch() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "a.json").rename(to: collection / "a.json~")
        #expect(try collection.searchIDs([1, 0, 0]) == [])
        #expect(try (collection / "a.json~").text() == document([1, 0, 0]))
    }

    /// "RENAME_NOREPLACE fails with EEXIST when the new name is taken."
    /// "RENAME_EXCHANGE swaps two names."
    @Test func renameFlags() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "b.json").write(document([0, 1, 0]))
        #expect(failure { try (collection / "a.json").renameWithoutReplacing(to: collection / "b.json") } == EEXIST)
        try (collection / "a.json").renameWithoutReplacing(to: collection / "c.json")
        try (collection / "c.json").exchange(with: collection / "b.json")
        #expect(try (collection / "b.json").text() == document([1, 0, 0]))
        #expect(try collection.searchIDs([0, 1, 0], options: "k=1") == ["c"])
    }

    /// "A rename from one collection to another fails with EXDEV, so `mv` copies and deletes."
    @Test func renameStaysInItsCollection() throws {
        let (from, to) = (try SharedMount.collection("from"), try SharedMount.collection("to"))
        try (from / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (from / "a.json").rename(to: to / "a.json") } == EXDEV)
        #expect(try SharedMount.get().shell("mv '\(from)/a.json' '\(to)/'").status == 0)
        #expect(try from.list() == [])
        #expect(try to.searchIDs([1, 0, 0]) == ["a"])
    }

    /// "A folder can be renamed; its documents' ids follow."
    @Test func renameFolder() throws {
        let collection = try SharedMount.collection()
        try (collection / "old").makeDirectory()
        try (collection / "old/a.json").write(document([1, 0, 0]))
        try (collection / "old").rename(to: collection / "new")
        #expect(try collection.searchIDs([1, 0, 0]) == ["new/a"])
        #expect(try (collection / "new").searchIDs([1, 0, 0]) == ["new/a"])
    }

    /// "A folder cannot be moved into itself (EINVAL), nor onto a folder that is not empty (ENOTEMPTY)."
    @Test func impossibleFolderRenames() throws {
        let collection = try SharedMount.collection()
        for name in ["a", "a/b", "c"] { try (collection / name).makeDirectory() }
        try (collection / "c/x.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "a").rename(to: collection / "a/b/c") } == EINVAL)
        #expect(failure { try (collection / "a").rename(to: collection / "c") } == ENOTEMPTY)
        #expect(failure { try (collection / "c/x.json").rename(to: collection / "a") } == EISDIR)
        #expect(failure { try (collection / "a").rename(to: collection / "c/x.json") } == ENOTDIR)
    }
}
