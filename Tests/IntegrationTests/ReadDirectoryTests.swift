import Foundation
import TestSupport
import Testing

@Suite struct ReadDirectoryTests {
    /// "A listing shows every file of a collection once, and nothing virtual."
    @Test func listing() throws {
        let collection = try SharedMount.collection()
        let names = (0..<300).map { "f\($0).json" }
        for (index, name) in names.enumerated() { try (collection / name).write(document([Float(index), 1, 0])) }
        #expect(try collection.listInOrder().sorted() == names.sorted())
        #expect(try run(["ls", "-a", collection.string]).lines.count == names.count + 2)
    }

    /// "The root lists the collections and `AGENTS.md`."
    @Test func root() throws {
        let mount = try TestMount()
        try (mount / "one").makeDirectory()
        try (mount / "two").makeDirectory()
        #expect(try mount.point.list() == ["AGENTS.md", "one", "two"])
        try mount.close()
    }

    /// "A recursive walk ends and meets every document once."
    @Test func walksEnd() throws {
        let collection = try SharedMount.collection()
        try (collection / "sub").makeDirectory()
        for name in ["a.json", "sub/b.json", "sub/c.json"] { try (collection / name).write(document([1, 0, 0])) }
        try (collection / "query/like=a/pinned").makeDirectory()
        let found = try run(["find", collection.string, "-type", "f"], timeLimitSeconds: 20).lines
        #expect(Set(found).count == 3)
        #expect(found.count == 3)
        try (collection / "query/like=a/pinned").removeDirectory()
    }

    /// "While entries come and go, a listing repeats nothing and skips nothing that stayed."
    @Test func listingWhileChanging() throws {
        let collection = try SharedMount.collection()
        let stay = Set((0..<2000).map { "stay-\($0).tmp" })
        for name in stay { try (collection / name).write("x") }
        for index in 0..<500 { try (collection / "go-\(index).tmp").write("x") }
        guard let directory = opendir(collection.string) else { throw PosixError(call: "opendir", path: "") }
        defer { closedir(directory) }
        var seen: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            seen.append(name)
            if seen.count % 5 == 0, seen.count / 5 <= 500 {
                try (collection / "go-\(seen.count / 5 - 1).tmp").remove()
                try (collection / "new-\(seen.count).tmp").write("x")
            }
        }
        #expect(Set(seen).count == seen.count)
        #expect(stay.isSubset(of: Set(seen)))
    }

    /// "`rm *` over a listing that is being read removes everything."
    @Test func removeWhileListing() throws {
        let collection = try SharedMount.collection()
        for index in 0..<1500 { try (collection / "x\(index).tmp").write("x") }
        #expect(try run(["find", collection.string, "-name", "*.tmp", "-delete"]).status == 0)
        #expect(try collection.list() == [])
    }

    /// "Twenty thousand documents list completely, with their types."
    @Test func manyEntries() throws {
        let collection = try SharedMount.collection()
        let lines = (0..<20_000).map { "{\"id\": \"d\($0)\", \"vector\": [\($0 % 7), 1, 0]}" }
        try (collection / ".vexfs/bulk").write(Array((lines.joined(separator: "\n") + "\n").utf8), flags: O_WRONLY)
        let names = try collection.listInOrder()
        #expect(names.count == 20_000)
        #expect(Set(names).count == 20_000)
        let typed = try run(["find", collection.string, "-maxdepth", "1", "-type", "f", "-printf", "%y\n"])
        #expect(typed.lines.count == 20_000)
    }

    /// "`d_ino` of a listing is the inode number that `stat` shows."
    @Test func inodeNumbers() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let shown = try run(["ls", "-i", collection.string]).text.split(separator: " ").first.map(String.init)
        #expect(shown == String(try (collection / "a.json").stat().st_ino))
    }
}
