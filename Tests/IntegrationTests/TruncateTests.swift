import Foundation
import TestSupport
import Testing

@Suite struct TruncateTests {
    /// "Opening with O_TRUNC empties the draft, not the document: until the new version is complete the old one
    /// is found."
    @Test func truncationAloneChangesNothing() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_WRONLY | O_TRUNC)
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
        try handle.write(document([0, 1, 0]))
        try handle.close()
        #expect(try (collection / "a.json").text() == document([0, 1, 0]))
    }

    /// "`: > f` empties the document when it closes: it stays as an unindexed file of no bytes."
    @Test func shellEmptiesAFile() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(try SharedMount.get().shell(": > '\(collection)/a.json'").status == 0)
        #expect(try (collection / "a.json").read() == [])
        #expect(try (collection / "a.json").state() == "unindexed")
        #expect(try collection.searchIDs([1, 0, 0]) == [])
    }

    /// "`truncate` of a path is a commit of its own: the shortened content must be a document, or the call
    /// fails with EINVAL."
    @Test func truncateByPath() throws {
        let collection = try SharedMount.collection()
        let text = document([1, 0, 0])
        try (collection / "a.json").write(text + "   ")
        try (collection / "a.json").truncate(to: text.utf8.count)
        #expect(try (collection / "a.json").text() == text)
        #expect(failure { try (collection / "a.json").truncate(to: 5) } == EINVAL)
        #expect(try (collection / "a.json").text() == text)
    }

    /// "`ftruncate` acts on the draft; growing fills with zero bytes."
    @Test func truncateByDescriptor() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / "x.tmp").open(O_RDWR | O_CREAT)
        try handle.write("abcdef")
        try handle.truncate(to: 3)
        try handle.truncate(to: 5)
        #expect(try handle.stat().st_size == 5)
        try handle.close()
        #expect(try (collection / "x.tmp").read() == [97, 98, 99, 0, 0])
    }

    /// "Shrinking and rewriting in place through one descriptor commits only what is there at `close`."
    @Test func rewriteInPlace() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0], text: String(repeating: "long ", count: 100)))
        let handle = try (collection / "a.json").open(O_RDWR)
        let short = document([0, 0, 1], text: "short")
        try handle.write(Array(short.utf8), at: 0)
        try handle.truncate(to: short.utf8.count)
        try handle.close()
        #expect(try (collection / "a.json").text() == short)
        #expect(try collection.search([0, 0, 1], options: "k=1").map(\.text) == ["short"])
    }
}
