import Foundation
import TestSupport
import Testing

@Suite struct UnlinkTests {
    /// "`rm` deletes a document: the next search does not find it."
    @Test func removedDocumentsAreNotFound() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "b.json").write(document([0, 1, 0]))
        try (collection / "a.json").remove()
        #expect(failure { _ = try (collection / "a.json").stat() } == ENOENT)
        #expect(try collection.searchIDs([1, 0, 0]) == ["b"])
    }

    /// "A file that is deleted while open can be read to its end through its descriptor."
    @Test func openFilesStayReadable() throws {
        let collection = try SharedMount.collection()
        let text = document([1, 0, 0], text: String(repeating: "word ", count: 2000))
        try (collection / "a.json").write(text)
        let handle = try (collection / "a.json").open(O_RDONLY)
        try (collection / "a.json").remove()
        #expect(try handle.readToEnd() == Array(text.utf8))
        #expect(try handle.stat().st_size == text.utf8.count)
    }

    /// "A draft of a file that was deleted is dropped at `close`, and the file does not come back."
    @Test func draftsOfDeletedFilesAreDropped() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_RDWR | O_TRUNC)
        try (collection / "a.json").remove()
        try handle.write(document([0, 1, 0]))
        #expect(try handle.read(100, at: 0) == Array(document([0, 1, 0]).utf8))
        try handle.close()
        #expect(try collection.list() == [])
        #expect(try collection.searchIDs([0, 1, 0]) == [])
    }

    /// "A name can be used again at once: the new file is a new document with a new inode number."
    @Test func namesCanBeReused() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_RDONLY)
        let before = try handle.stat().st_ino
        try (collection / "a.json").remove()
        try (collection / "a.json").write(document([0, 1, 0]))
        #expect(try (collection / "a.json").stat().st_ino != before)
        #expect(try handle.readToEnd() == Array(document([1, 0, 0]).utf8))
        #expect(try (collection / "a.json").text() == document([0, 1, 0]))
    }

    /// "`unlink` of a directory fails with EISDIR, `rmdir` of a file with ENOTDIR."
    @Test func wrongKind() throws {
        let collection = try SharedMount.collection()
        try (collection / "d").makeDirectory()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "d").remove() } == EISDIR)
        #expect(failure { try (collection / "a.json").removeDirectory() } == ENOTDIR)
        #expect(failure { try (collection / "none").remove() } == ENOENT)
    }

    /// "What is virtual cannot be deleted."
    @Test(arguments: [".vexfs/info.json", ".overview.md", ".vexfs/count", "documents"])
    func virtualFilesStay(name: String) throws {
        let collection = try SharedMount.collection()
        #expect(failure { try (collection / name).remove() } != 0)
        #expect((collection / name).exists)
    }
}
