import Foundation
import TestSupport
import Testing

@Suite struct CreateTests {
    /// "A file reads back exactly as it was written, byte for byte."
    @Test func readsBackExactly() throws {
        let collection = try SharedMount.collection()
        let odd = "{ \"vector\" :\t[1,0.50, 0e0],\r\n\"z\":1, \"a\": \"\\u00e9\" }\n\n"
        try (collection / "odd.json").write(odd)
        #expect(try (collection / "odd.json").text() == odd)
        #expect(try (collection / "odd.json").size() == odd.utf8.count)
    }

    /// "A new JSON file is a document as soon as `close` has returned: the next search finds it."
    @Test func searchableAfterClose() throws {
        let collection = try SharedMount.collection()
        for index in 0..<20 {
            let vector: [Float] = [Float(index), 1, 0]
            try (collection / "d\(index).json").write(document(vector))
            #expect(try collection.searchIDs(vector, options: "k=1") == ["d\(index)"])
        }
    }

    /// "The id of a document is its file name without `.json`."
    /// "The id of a text document is its file name with its ending."
    @Test func idsFollowNames() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(try (collection / "a.json").attribute("user.vexfs.id") == "a")
        try (collection / "empty.md").write("")
        #expect(try (collection / "empty.md").attribute("user.vexfs.id") == "empty.md")
    }

    /// "`touch` makes an empty, unindexed document that survives a remount."
    @Test func touchMakesAnEmptyDocument() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        #expect(try mount.shell("touch '\(collection)/new.json'").status == 0)
        #expect(try (collection / "new.json").state() == "unindexed")
        try mount.remount()
        #expect(try (collection / "new.json").read() == [])
        #expect(try (collection / "new.json").state() == "unindexed")
        try mount.close()
    }

    /// "Creating a file in the root directory fails with EPERM."
    @Test func rootHoldsCollectionsOnly() throws {
        let mount = try SharedMount.get()
        #expect(failure { try (mount / "stray.json").write("{}") } == EPERM)
        #expect(failure { try (mount / "stray").makeSymlink(to: "x") } == EPERM)
    }

    /// "O_EXCL fails with EEXIST when the name is taken."
    @Test func exclusiveCreate() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        #expect(failure { _ = try file.open(O_WRONLY | O_CREAT | O_EXCL) } == EEXIST)
    }

    /// "Opening a name that does not exist without O_CREAT fails with ENOENT."
    @Test func absentNames() throws {
        let collection = try SharedMount.collection()
        #expect(failure { _ = try (collection / "no.json").open(O_RDONLY) } == ENOENT)
        #expect(failure { _ = try (collection / "no/where.json").open(O_RDWR | O_CREAT) } == ENOENT)
    }

    /// "A name of more than 255 bytes fails with ENAMETOOLONG."
    @Test func longNames() throws {
        let collection = try SharedMount.collection()
        let longest = String(repeating: "n", count: 250) + ".json"
        try (collection / longest).write(document([1, 0, 0]))
        #expect(try collection.list() == [longest])
        #expect(failure { try (collection / ("n" + longest)).write(document([1, 0, 0])) } == ENAMETOOLONG)
        #expect(failure { try (collection / ("n" + longest)).makeDirectory() } == ENAMETOOLONG)
    }

    /// "A name that is not UTF-8 fails with EILSEQ."
    @Test func namesAreUTF8() throws {
        let collection = try SharedMount.collection()
        let result = try run([
            "python3", "-c",
            """
            import os, sys
            try:
                os.open(os.fsencode(sys.argv[1]) + b'/\\xff\\xfe.json', os.O_CREAT | os.O_WRONLY)
            except OSError as error:
                print(error.errno)
            """, collection.string,
        ])
        #expect(result.lines == ["\(EILSEQ)"])
    }

    /// "Names are bytes: two spellings of one letter in Unicode are two files."
    @Test func namesAreNotNormalised() throws {
        let collection = try SharedMount.collection()
        try (collection / "\u{e9}.json").write(document([1, 0, 0]))
        try (collection / "e\u{301}.json").write(document([0, 1, 0]))
        let names = try collection.listInOrder()
        #expect(Set(names.map { Array($0.utf8) }).count == 2)
        #expect(
            try collection.searchIDs([0, 1, 0], options: "k=1").first.map { Array($0.utf8) } == Array("e\u{301}".utf8))
    }

    /// "The names `query`, `.by`, `.vexfs` and `.overview.md` are reserved and cannot be created."
    @Test(arguments: ["query", ".by", ".vexfs", ".overview.md"])
    func reservedNames(name: String) throws {
        let collection = try SharedMount.collection()
        let before = try collection.list()
        #expect(failure { try (collection / name).makeDirectory() } != 0)
        #expect(failure { _ = try (collection / name).open(O_WRONLY | O_CREAT | O_EXCL) } != 0)
        #expect(failure { try (collection / name).makeSymlink(to: "x") } != 0)
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "a.json").rename(to: collection / name) } != 0)
        #expect(try collection.list() == before + ["a.json"])
    }

    /// "A file is created with the mode that was asked for less the umask, and with the caller's owner and group."
    @Test func modeAndOwner() throws {
        let collection = try SharedMount.collection()
        let result = try run(
            ["bash", "-c", "umask 027; echo '\(document([1, 0, 0]))' > a.json; stat -c '%a %u %g' a.json"],
            in: collection.string)
        #expect(result.lines == ["640 \(getuid()) \(getgid())"])
    }

    /// "A program that opened a new file sees its own draft; everyone else sees the committed version."
    @Test func draftsArePrivate() throws {
        let collection = try SharedMount.collection()
        let (old, new) = (document([1, 0, 0]), document([0, 1, 0], text: "a longer text than before"))
        try (collection / "a.json").write(old)
        let writer = try (collection / "a.json").open(O_RDWR | O_TRUNC)
        try writer.write(String(new.dropLast(3)))
        #expect(try writer.read(4096, at: 0) == Array(new.dropLast(3).utf8))
        #expect(try (collection / "a.json").text() == old)
        try writer.write(String(new.suffix(3)))
        try writer.close()
        #expect(try (collection / "a.json").text() == new)
    }
}
