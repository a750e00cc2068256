import Foundation
import TestSupport
import Testing

@Suite struct TrashTests {
    private func shell(_ collection: TestPath, _ script: String) throws -> CommandResult {
        try run(["bash", "-c", script], in: collection.string)
    }

    /// "What `rm` removed stands in `.vexfs/trash/`, and `mv` out of it brings the document back: bytes, vector,
    /// metadata, times and mode are those that it had, and its id is its new name's."
    @Test func moveBack() throws {
        let collection = try SharedMount.collection()
        try (collection / "b.json").write(document([0, 1, 0]))
        try (collection / "d").makeDirectory()
        for name in ["a.json", "other.json", "d/deep.json"] {
            let file = collection / "a.json"
            let text = document([1, 0, 0], text: "words", metadata: ["n": 1, "m": 1])
            try file.write(text)
            try file.setAttribute("user.vexfs.meta.n", to: "2")
            try file.changeMode(0o600)
            try file.setModified(seconds: 1_000_000_000, nanoseconds: 5)
            let version = try file.attribute("user.vexfs.version")
            #expect(try shell(collection, "rm a.json && mv .vexfs/trash/a.json \(name)").errorText == "")
            #expect(try (collection / ".vexfs/trash").list() == [])
            let back = collection / name
            #expect(try back.text() == text)
            #expect(try back.attribute("user.vexfs.meta.n") == "2")
            #expect(try back.attribute("user.vexfs.meta.m") == "1")
            #expect(try back.attribute("user.vexfs.version") == version)
            #expect(try back.state() == "ready")
            let status = try back.stat()
            #expect(status.st_mtim.tv_sec == 1_000_000_000 && status.st_mtim.tv_nsec == 5)
            #expect(status.st_mode & 0o777 == 0o600 && status.st_size == text.utf8.count)
            #expect(try collection.searchIDs([1, 0, 0], options: "k=1,where=n=2") == [String(name.dropLast(5))])
            try back.write(document([0, 0, 1]))
            #expect(try collection.searchIDs([0, 0, 1], options: "k=1") == [String(name.dropLast(5))])
            try back.remove()
            try (collection / ".vexfs/trash" / name.replacingOccurrences(of: "/", with: "%2F")).remove()
        }
    }

    /// "A document in the trash can be read, and is in no search, count, facet, export or listing."
    @Test func notFoundButReadable() throws {
        let collection = try SharedMount.collection()
        let text = document([1, 0, 0], text: "alpha beta", metadata: ["lang": "en"])
        try (collection / "a.json").write(text)
        try (collection / "b.json").write(document([0, 1, 0]))
        try (collection / "a.json").remove()
        let entry = collection / ".vexfs/trash/a.json"
        #expect(try entry.text() == text)
        #expect(try entry.size() == text.utf8.count)
        #expect(try entry.attribute("user.vexfs.meta.lang") == "en")
        #expect(failure { try entry.write("{}") } == EACCES)
        #expect(failure { try entry.truncate(to: 0) } == EACCES)
        #expect(try collection.list() == ["b.json"])
        #expect(try collection.searchIDs([1, 0, 0]) == ["b"])
        #expect(try (collection / ".vexfs/count").lines() == ["1"])
        #expect(try (collection / ".vexfs/ids.txt").lines() == ["b"])
        #expect(try (collection / ".vexfs/export.jsonl").lines().count == 1)
        #expect(try (collection / ".by").list() == [])
        #expect(try (collection / "query/mode=text/alpha.ids").lines() == [])
        #expect(try (collection / ".vexfs/vectors.f32").read().count == 12)
    }

    /// "The name in the trash tells the path: `%2F` stands for the slash, and `~N` before the ending tells documents of
    /// one name apart; `user.vexfs.original` is the path, and `user.vexfs.removed` the time of the removal."
    @Test func namesInTheTrash() throws {
        let collection = try SharedMount.collection()
        try (collection / "d").makeDirectory()
        for number in 1...2 {
            try (collection / "d/a.json").write(document([Float(number), 0, 0]))
            try (collection / "d/a.json").remove()
        }
        let trash = collection / ".vexfs/trash"
        #expect(try trash.list() == ["d%2Fa.json", "d%2Fa~2.json"])
        for (number, name) in try trash.list().enumerated() {
            #expect(try (trash / name).text() == document([Float(number + 1), 0, 0]))
            #expect(try (trash / name).attribute("user.vexfs.original") == "d/a.json")
            #expect(try (trash / name).attribute("user.vexfs.removed").hasPrefix("20"))
            #expect(try (trash / name).attributeNames().contains("user.vexfs.original"))
        }
        #expect(failure { _ = try (trash / "d%2Fa.json").attribute("user.vexfs.none") } == ENODATA)
    }

    /// "`rm` in the trash removes for good, and `rm -r` of everything in it empties it."
    @Test func removedForGood() throws {
        let collection = try SharedMount.collection()
        for number in 0..<5 { try (collection / "\(number).json").write(document([Float(number), 1, 0])) }
        #expect(try shell(collection, "rm *.json && rm .vexfs/trash/3.json && ls .vexfs/trash").lines.count == 4)
        #expect(failure { _ = try (collection / ".vexfs/trash/3.json").stat() } == ENOENT)
        let emptied = try shell(collection, "rm -r .vexfs/trash/* && ls .vexfs/trash | wc -l")
        #expect(emptied.text == "0\n" && emptied.errorText == "")
        #expect(failure { try (collection / ".vexfs/trash").removeDirectory() } == EPERM)
        #expect(failure { try (collection / ".vexfs/trash/x").makeDirectory() } == EPERM)
    }

    /// "A collection whose documents are all in the trash is empty: `rmdir` removes it."
    @Test func removingTheCollection() throws {
        let mount = try SharedMount.get()
        let collection = try SharedMount.collection()
        try (collection / "d").makeDirectory()
        for number in 0..<5 { try (collection / "d/\(number).json").write(document([Float(number), 1, 0])) }
        let name = collection.string.split(separator: "/").last ?? ""
        #expect(try mount.shell("rm -r \(name)").errorText == "")
        #expect(!collection.exists)
    }

    /// "What a rename replaced, and what a bulk line or a new version replaced, is not in the trash."
    @Test func replacedIsNotRemoved() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "b.json").write(document([0, 1, 0]))
        try (collection / "a.json").rename(to: collection / "b.json")
        try (collection / "b.json").write(document([0, 0, 1]))
        try BulkTests.write(["{\"id\":\"b\",\"vector\":[1,1,1]}"], to: collection)
        try (collection / "x.tmp").write("scratch")
        try (collection / "x.tmp").remove()
        #expect(try (collection / ".vexfs/trash").list() == [])
    }

    /// "The trash keeps seven days, 1000 documents and 64 MiB, or what `trash` in `.vexfs/config.json` says; the oldest
    /// go first, and a zero switches it off."
    @Test func retention() throws {
        let collection = try SharedMount.collection()
        let settings = decodeObject(try (collection / ".vexfs/config.json").text())["trash"] as? [String: Int]
        #expect(settings == ["seconds": 604_800, "documents": 1000, "bytes": 64 << 20])
        try (collection / ".vexfs/config.json").write("{\"trash\": {\"documents\": 3}}")
        for number in 0..<5 {
            try (collection / "\(number).json").write(document([Float(number), 1, 0]))
            try (collection / "\(number).json").remove()
        }
        let trash = collection / ".vexfs/trash"
        #expect(try trash.list() == ["2.json", "3.json", "4.json"])
        try (collection / ".vexfs/config.json").write("{\"trash\": {\"documents\": 1}}")
        #expect(try trash.list() == ["4.json"])
        try (collection / ".vexfs/config.json").write("{\"trash\": {\"seconds\": 0}}")
        #expect(try trash.list() == [])
        try (collection / "a.json").write(document([1, 1, 0]))
        try (collection / "a.json").remove()
        #expect(try trash.list() == [])
        let refused = { try (collection / ".vexfs/config.json").write("{\"trash\": {\"hours\": 3}}") }
        #expect(failure(refused) == EINVAL)
    }

    /// "`mv` out of the trash never replaces silently what RENAME_NOREPLACE protects, and leads into another collection
    /// by copying."
    @Test func placesThatAreTaken() throws {
        let collection = try SharedMount.collection()
        let other = try SharedMount.collection("other")
        let trash = collection / ".vexfs/trash"
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "a.json").remove()
        try (collection / "a.json").write(document([0, 1, 0]))
        try (collection / "d").makeDirectory()
        #expect(failure { try (trash / "a.json").renameWithoutReplacing(to: collection / "a.json") } == EEXIST)
        #expect(failure { try (trash / "a.json").rename(to: collection / "d") } == EISDIR)
        #expect(failure { try (trash / "a.json").rename(to: collection / "query") } != 0)
        #expect(failure { try (trash / "a.json").exchange(with: collection / "a.json") } == EINVAL)
        #expect(failure { try (collection / "a.json").rename(to: trash / "b.json") } == EPERM)
        #expect(failure { try (trash / "a.json").rename(to: other / "a.json") } == EXDEV)
        let reader = try (collection / "a.json").open(O_RDONLY)
        try (trash / "a.json").rename(to: collection / "a.json")
        #expect(try reader.readToEnd() == Array(document([0, 1, 0]).utf8))
        #expect(try (collection / "a.json").text() == document([1, 0, 0]))
        #expect(try collection.searchIDs([1, 0, 0]) == ["a"])
        try (collection / "a.json").remove()
        #expect(try shell(collection, "mv .vexfs/trash/a.json '\(other)/'").status == 0)
        #expect(try other.searchIDs([1, 0, 0]) == ["a"] && trash.list() == [])
    }

    /// "The trash is the same after a remount, and after `kill -9`."
    @Test func remounted() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        for number in 0..<3 {
            try (collection / "\(number).json").write(document([Float(number), 1, 0]))
            try (collection / "\(number).json").remove()
        }
        for end in [{ try mount.unmount() }, { try mount.kill() }] {
            try end()
            let check = try run([Environment.binary, "fsck", mount.store])
            #expect(check.status == 0, "\(check.text)\(check.errorText)")
            try mount.mount()
            #expect(try (collection / ".vexfs/trash").list() == ["0.json", "1.json", "2.json"])
            #expect(try (collection / ".vexfs/trash/1.json").text() == document([1, 1, 0]))
        }
        try (collection / ".vexfs/trash/1.json").rename(to: collection / "back.json")
        #expect(try collection.searchIDs([1, 1, 0]) == ["back"])
        try mount.close()
    }
}
