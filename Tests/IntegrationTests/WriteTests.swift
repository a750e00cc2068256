import Foundation
import TestSupport
import Testing

@Suite struct WriteTests {
    /// "Writes at offsets change the draft, and `close` commits it."
    @Test func writesAtOffsets() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0], text: "first"))
        let handle = try file.open(O_RDWR)
        let offset = try #require(try file.text().range(of: "first")).lowerBound
        let position = try file.text().utf8.distance(from: try file.text().utf8.startIndex, to: offset)
        try handle.write(Array("FIRST".utf8), at: position)
        try handle.close()
        #expect(try file.text() == document([1, 0, 0], text: "FIRST"))
        #expect(try collection.search([1, 0, 0]).first?.text == "FIRST")
    }

    /// "A write beyond the end fills the gap with zero bytes."
    @Test func gapsAreZero() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / "hole.tmp").open(O_RDWR | O_CREAT)
        try handle.write([1], at: 5)
        try handle.close()
        #expect(try (collection / "hole.tmp").read() == [0, 0, 0, 0, 0, 1])
    }

    /// "While a file is being written, `stat` shows the size of the draft."
    @Test func sizeOfTheDraft() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_RDWR | O_TRUNC)
        try handle.write("{\"vector\": ")
        #expect(try handle.stat().st_size == 11)
        #expect(try (collection / "a.json").size() == 11)
        try handle.write("[0, 1, 0]}")
        try handle.close()
        #expect(try (collection / "a.json").size() == 21)
    }

    /// "`fsync` commits the draft and makes it durable against loss of power."
    @Test func fsyncCommits() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / "a.json").open(O_WRONLY | O_CREAT)
        try handle.write(document([1, 0, 0]))
        try handle.sync()
        #expect(try (collection / "a.json").text() == document([1, 0, 0]))
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
        try handle.close()
    }

    /// "`fsync` of a draft that is no document fails with EINVAL and commits nothing."
    @Test func fsyncJudges() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_WRONLY | O_TRUNC)
        try handle.write("{\"vector\": [1, 0")
        #expect(failure { try handle.sync() } == EINVAL)
        #expect(failure { try handle.close() } == EINVAL)
        #expect(try (collection / "a.json").text() == document([1, 0, 0]))
    }

    /// "`close` is answered once for every duplicate of a descriptor, and a clean one commits nothing."
    @Test func cleanFlushesCommitNothing() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        let handle = try file.open(O_WRONLY | O_CREAT)
        try handle.duplicate().close()
        #expect(try file.size() == 0)
        try handle.write(document([1, 0, 0]))
        try handle.duplicate().close()
        let version = try file.attribute("user.vexfs.version")
        try handle.duplicate().close()
        try handle.close()
        #expect(try file.attribute("user.vexfs.version") == version)
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
    }

    /// "A file that was opened for reading and closed is not committed again."
    @Test func readingDoesNotCommit() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        let before = (try file.attribute("user.vexfs.version"), try file.stat())
        _ = try file.read()
        let handle = try file.open(O_RDWR)
        _ = try handle.read(10, at: 0)
        try handle.close()
        #expect(try file.attribute("user.vexfs.version") == before.0)
        #expect(try file.stat().st_mtim.tv_nsec == before.1.st_mtim.tv_nsec)
    }

    /// "Invalid JSON fails with EINVAL in `write` where the bytes so far are already wrong, so that even `echo`
    /// says so."
    @Test func earlyJudgement() throws {
        let mount = try SharedMount.get()
        let collection = try SharedMount.collection()
        let handle = try (collection / "a.json").open(O_WRONLY | O_CREAT)
        #expect(failure { try handle.write("{\"vector\": nonsense}") } == EINVAL)
        let echo = try mount.shell("echo '{oops}' > '\(collection)/b.json'")
        #expect(echo.status == 1)
        #expect(echo.errorText.contains("Invalid argument"))
    }

    /// "Invalid JSON that only the end can show fails with EINVAL in `close`."
    @Test func lateJudgement() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / "a.json").open(O_WRONLY | O_CREAT)
        try handle.write("{\"vector\": [1, 0, 0]")
        #expect(failure { try handle.close() } == EINVAL)
    }

    /// "When a new version is refused, the previous one stays visible and searchable."
    @Test func refusedVersionsChangeNothing() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0], text: "good"))
        #expect(failure { try file.write("{\"vector\": [1, 0, 0") } == EINVAL)
        #expect(try file.text() == document([1, 0, 0], text: "good"))
        #expect(try file.state() == "ready")
        #expect(try collection.search([1, 0, 0]).map(\.text) == ["good"])
    }

    /// "A document of more than 16 MiB fails with EFBIG."
    @Test func documentLimit() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / "big.txt").open(O_WRONLY | O_CREAT)
        let megabyte = [UInt8](repeating: 97, count: 1 << 20)
        let failed = failure {
            for _ in 0..<17 { try handle.write(megabyte) }
            try handle.close()
        }
        #expect(failed == EFBIG)
        #expect(failure { try (collection / "big.txt").truncate(to: 17 << 20) } == EFBIG)
    }

    /// "Writers of different files do not see each other's drafts, however they interleave."
    @Test func interleavedWriters() throws {
        let collection = try SharedMount.collection()
        let texts = (0..<16).map { document([Float($0), 1, 1], text: String(repeating: "t\($0) ", count: 500)) }
        let handles = try (0..<16).map { try (collection / "f\($0).json").open(O_WRONLY | O_CREAT) }
        let longest = texts.map(\.utf8.count).max() ?? 0
        for start in stride(from: 0, to: longest, by: 97) {
            for (handle, text) in zip(handles, texts) {
                try handle.write(Array(Array(text.utf8).dropFirst(start).prefix(97)))
            }
        }
        for handle in handles { try handle.close() }
        for (index, text) in texts.enumerated() { #expect(try (collection / "f\(index).json").text() == text) }
    }

    /// "Opening a directory for writing fails with EISDIR."
    @Test func directoriesAreNotWritten() throws {
        let collection = try SharedMount.collection()
        #expect(failure { _ = try collection.open(O_WRONLY) } == EISDIR)
    }

    /// "An unknown ioctl fails with ENOTTY."
    @Test func unknownControls() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let handle = try (collection / "a.json").open(O_RDONLY)
        #expect(failure { try handle.control(0x5401) } == ENOTTY)
    }

    /// "A document that became too large leaves the previous version as it was."
    @Test func tooLargeLeavesThePrevious() throws {
        let collection = try SharedMount.collection("tooLargeLeavesThePrevious")
        let good = document([1, 0])
        try (collection / "a.json").write(good)
        try (collection / ".vexfs/config.json").write("{\"document_limit_bytes\": 1000}")
        let large = document([0, 1], text: String(repeating: "x", count: 2000))
        #expect(failure { try (collection / "a.json").write(large) } == EFBIG)
        #expect(try (collection / "a.json").text() == good)
        #expect(try collection.searchIDs([1, 0]) == ["a"])
    }
}
