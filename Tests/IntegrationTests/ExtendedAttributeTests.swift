import Foundation
import TestSupport
import Testing

@Suite struct ExtendedAttributeTests {
    /// "A document's facts are extended attributes: `user.vexfs.id`, `state`, `version` and `dimensions`."
    @Test func facts() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        #expect(try file.attribute("user.vexfs.id") == "a")
        #expect(try file.attribute("user.vexfs.state") == "ready")
        #expect(try file.attribute("user.vexfs.dimensions") == "3")
        #expect(Int(try file.attribute("user.vexfs.version")) != nil)
        let names = try file.attributeNames()
        for name in ["id", "state", "version", "dimensions"] { #expect(names.contains("user.vexfs.\(name)")) }
    }

    /// "`user.vexfs.version` grows with every commit."
    @Test func versionsGrow() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        let first = try #require(Int(try file.attribute("user.vexfs.version")))
        try file.write(document([0, 1, 0]))
        #expect(try #require(Int(try file.attribute("user.vexfs.version"))) > first)
    }

    /// "`user.vexfs.embedding` is the vector, as little-endian Float32."
    @Test func embedding() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try (collection / ".vexfs/config.json").write("{\"metric\": \"dot\"}")
        try file.write(document([1, -2, 0.5]))
        let bytes = try file.attributeBytes("user.vexfs.embedding")
        let vector = stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
        #expect(vector == [1, -2, 0.5])
    }

    /// "`setfattr -n user.vexfs.meta.KEY` sets one key of the metadata, and the bytes of the file stay as they are."
    /// "Removing the attribute removes the patch."
    @Test func metadataPatches() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0], metadata: ["lang": "de"]))
        #expect(try file.attribute("user.vexfs.meta.lang") == "de")
        let result = try SharedMount.get().shell("setfattr -n user.vexfs.meta.lang -v en '\(file)'")
        #expect(result.status == 0)
        #expect(try file.attribute("user.vexfs.meta.lang") == "en")
        #expect(try file.text() == document([1, 0, 0], metadata: ["lang": "de"]))
        #expect(try collection.searchIDs([1, 0, 0], options: "where=lang:en") == ["a"])
        #expect(try collection.searchIDs([1, 0, 0], options: "where=lang:de") == [])
        try file.removeAttribute("user.vexfs.meta.lang")
        #expect(try collection.searchIDs([1, 0, 0], options: "where=lang:de") == ["a"])
    }

    /// "A metadata attribute that is set keeps its value across a remount."
    @Test func patchesSurvive() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "a.json").setAttribute("user.vexfs.meta.year", to: "2024")
        try mount.remount()
        #expect(try (collection / "a.json").attribute("user.vexfs.meta.year") == "2024")
        #expect(try collection.searchIDs([1, 0, 0], options: "where=year>=2024") == ["a"])
        try mount.close()
    }

    /// "The facts are read-only: setting `user.vexfs.id` or `user.vexfs.state` fails with EOPNOTSUPP."
    @Test(arguments: ["id", "state", "version", "dimensions", "embedding", "model"])
    func factsAreReadOnly(name: String) throws {
        let collection = try SharedMount.collection("factsAreReadOnly")
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(failure { try (collection / "a.json").setAttribute("user.vexfs.\(name)", to: "x") } == EOPNOTSUPP)
    }

    /// "An attribute that is absent fails with ENODATA."
    /// "POSIX ACLs are refused with EOPNOTSUPP."
    @Test func otherAttributes() throws {
        let collection = try SharedMount.collection()
        let file = collection / "a.json"
        try file.write(document([1, 0, 0]))
        #expect(failure { _ = try file.attribute("user.vexfs.meta.absent") } == ENODATA)
        #expect(failure { _ = try file.attribute("user.nothing") } == ENODATA)
        #expect(failure { _ = try file.attribute("security.capability") } == ENODATA)
        // Owner, group and others, as setfacl(1) would send them: version 2, then tag, permissions and id of each.
        let entries: [[UInt8]] = [[1, 0, 6, 0], [4, 0, 4, 0], [32, 0, 4, 0]]
        let list = entries.reduce(into: [UInt8]([2, 0, 0, 0])) { $0 += $1 + [255, 255, 255, 255] }
        #expect(failure { try file.setAttribute("system.posix_acl_access", to: list) } == EOPNOTSUPP)
    }

    /// "A buffer that is too small fails with ERANGE, and an empty one tells the size."
    @Test func sizes() throws {
        let collection = try SharedMount.collection()
        try (collection / "longer.json").write(document([1, 0, 0]))
        let code = """
            import ctypes, sys
            c = ctypes.CDLL(None, use_errno=True)
            buffer = ctypes.create_string_buffer(64)
            path, name = sys.argv[1].encode(), b'user.vexfs.id'
            print(c.getxattr(path, name, None, 0), c.getxattr(path, name, buffer, 2), ctypes.get_errno())
            """
        let result = try run(["python3", "-c", code, (collection / "longer.json").string])
        #expect(result.lines == ["6 -1 \(ERANGE)"])
    }
}
