import Foundation
import TestSupport
import Testing

@Suite struct FacetTests {
    /// "`ls .by` lists the fields of the metadata, `ls .by/FIELD` their values."
    @Test func listing() throws {
        let collection = try quarterCircle()
        #expect(try (collection / ".by").list() == ["draft", "n", "parity", "tags", "year"])
        #expect(try (collection / ".by/parity").list() == ["even", "odd"])
        #expect(try (collection / ".by/tags").list() == ["all", "t0", "t1", "t2"])
        #expect(try (collection / ".by/draft").list() == ["false", "true"])
    }

    /// "The entries of `.by/FIELD/VALUE` are symlinks to the documents that have the value."
    @Test func entries() throws {
        let collection = try quarterCircle()
        let names = try (collection / ".by/parity/odd").list()
        #expect(names == [1, 3, 5, 7, 9].map { "d\($0).json" })
        for name in names {
            #expect((collection / ".by/parity/odd" / name).isSymlink)
            #expect(try (collection / ".by/parity/odd" / name).text() == (collection / name).text())
        }
    }

    /// "Facets follow changes at once."
    @Test func following() throws {
        let collection = try quarterCircle()
        #expect(try (collection / ".by/n").list().count == 10)
        try (collection / "d3.json").remove()
        #expect(try (collection / ".by/draft").list() == ["false"])
        try (collection / "d4.json").setAttribute("user.vexfs.meta.parity", to: "changed")
        #expect(try (collection / ".by/parity").list() == ["changed", "even", "odd"])
        #expect(try (collection / ".by/parity/changed").list() == ["d4.json"])
    }

    /// "A value that cannot be a name is escaped with `%XX`."
    @Test func escaping() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], metadata: ["path": "usr/bin", "dot": ".hidden"]))
        #expect(try (collection / ".by/path").list() == ["usr%2Fbin"])
        #expect(try (collection / ".by/path/usr%2Fbin").list() == ["a.json"])
        #expect(try (collection / ".by/dot").list() == ["%2Ehidden"])
    }

    /// "A field or a value that no document has is ENOENT, and nothing can be created below `.by`."
    @Test func absent() throws {
        let collection = try quarterCircle()
        #expect(!(collection / ".by/nothing").exists)
        #expect(!(collection / ".by/parity/neither").exists)
        #expect(failure { try (collection / ".by/new").makeDirectory() } != 0)
        #expect(failure { try (collection / ".by/parity/odd/x.json").write("{}") } != 0)
    }
}
