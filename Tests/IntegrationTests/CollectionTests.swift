import Foundation
import TestSupport
import Testing

@Suite struct CollectionTests {
    /// "`mkdir` in the root makes a collection; `rmdir` removes it once it is empty, ENOTEMPTY until then."
    @Test func makeAndRemove() throws {
        let mount = try SharedMount.get()
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try collection.removeDirectory() } == ENOTEMPTY)
        try (collection / "a.json").remove()
        try collection.removeDirectory()
        #expect(!collection.exists)
        #expect(try mount.point.list().contains("AGENTS.md"))
    }

    /// "`mv` renames a collection, and its documents stay searchable."
    @Test func rename() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        let other = TestPath(collection.string + "-renamed")
        try collection.rename(to: other)
        #expect(!collection.exists)
        #expect(try other.searchIDs([1, 0, 0]) == ["a"])
        #expect(try other.search([1, 0, 0]).first?.file.contains("-renamed/a.json") == true)
    }

    /// "A collection cannot replace one that is not empty."
    @Test func renameOntoAnother() throws {
        let (one, two) = (try SharedMount.collection("one"), try SharedMount.collection("two"))
        try (two / "a.json").write(document([1, 0, 0]))
        #expect(failure { try one.rename(to: two) } == ENOTEMPTY)
        try two.rename(to: one)
        #expect(try one.searchIDs([1, 0, 0]) == ["a"])
    }

    /// "A collection cannot be moved into another, nor a folder out of one: EXDEV."
    @Test func collectionsStayAtTheTop() throws {
        let mount = try SharedMount.get()
        let (one, two) = (try SharedMount.collection("one"), try SharedMount.collection("two"))
        try (one / "folder").makeDirectory()
        #expect(failure { try one.rename(to: two / "inner") } == EXDEV)
        #expect(failure { try (one / "folder").rename(to: mount / "folder") } == EXDEV)
    }

    /// "The first vector fixes the dimension; a vector of another fails with EINVAL."
    @Test func dimension() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "b.json").write(document([1, 0])) } == EINVAL)
        #expect(failure { try (collection / "c.json").write(document([1, 0, 0, 0])) } == EINVAL)
        try (collection / "d.json").write(document([0, 1, 0]))
        #expect(Set(try collection.searchIDs([1, 0, 0])) == ["a", "d"])
    }

    /// "Two collections may have different dimensions and metrics."
    @Test func independence() throws {
        let (one, two) = (try SharedMount.collection("one"), try SharedMount.collection("two"))
        try (one / "a.json").write(document([1, 0, 0]))
        try (two / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        try (two / "a.json").write(document([3, 4]))
        #expect(try one.search([1, 0, 0]).map(\.score) == [1])
        #expect(try two.search([0, 0]).map(\.score) == [5])
    }

    /// "The score is what the collection's metric says: cosine and dot product, best highest; Euclidean and Manhattan
    /// distance, best lowest."
    @Test(arguments: [
        ("cosine", ["a", "b", "c"], [1, 0.6, -1]), ("dot", ["b", "a", "c"], [3, 1, -2]),
        ("euclidean", ["a", "c", "b"], [0, 3, 4.472135954999579]), ("manhattan", ["a", "c", "b"], [0, 3, 6]),
    ])
    func metrics(metric: String, order: [String], scores: [Double]) throws {
        let collection = try SharedMount.collection(metric)
        try (collection / ".vexfs/config.json").write("{\"metric\": \"\(metric)\"}")
        try (collection / "a.json").write(document([1, 0]))
        try (collection / "b.json").write(document([3, 4]))
        try (collection / "c.json").write(document([-2, 0]))
        let hits = try collection.search([1, 0])
        #expect(hits.map(\.id) == order)
        for (hit, score) in zip(hits, scores) { #expect(abs(hit.score - score) < 1e-5) }
    }

    /// "The metric and the dimension can be set while a collection is empty, and fail with EINVAL once it has vectors."
    @Test func configurationIsFixed() throws {
        let collection = try SharedMount.collection()
        try (collection / ".vexfs/config.json").write("{\"dimension\": 2}")
        #expect(failure { try (collection / "a.json").write(document([1, 0, 0])) } == EINVAL)
        try (collection / "a.json").write(document([1, 0]))
        #expect(failure { try (collection / ".vexfs/config.json").write("{\"metric\": \"dot\"}") } != 0)
        #expect(failure { try (collection / ".vexfs/config.json").write("{\"dimension\": 3}") } != 0)
        #expect(decodeObject(try (collection / ".vexfs/config.json").text())["dimension"] as? Int == 2)
    }

    /// "Names of collections follow the rules of file names, and `query` and names that begin with a dot are reserved."
    @Test func names() throws {
        let mount = try SharedMount.get()
        for name in ["query", ".vexfs", ".hidden", String(repeating: "x", count: 256)] {
            #expect(failure { try (mount / name).makeDirectory() } != 0, "\(name)")
        }
        try (mount / "Öl und Gas (2024)").makeDirectory()
        try (mount / "Öl und Gas (2024)/a.json").write(document([1, 0, 0]))
        #expect(try (mount / "Öl und Gas (2024)").searchIDs([1, 0, 0]) == ["a"])
    }
}
