import Foundation
import TestSupport
import Testing

@Suite struct FormatVersionTests {
    /// "A store of a newer format is refused with a sentence, and left untouched."
    @Test func newerFormat() throws {
        let mount = try TestMount()
        try (mount / "c").makeDirectory()
        try mount.unmount()
        try Self.raiseVersion(of: mount.store)
        let before = try run(["sh", "-c", "find . -type f | sort | xargs md5sum"], in: mount.store).text
        for verb in ["mount", "fsck"] {
            let result = try run(
                [Environment.binary, verb, mount.store] + (verb == "mount" ? [mount.point.string] : []))
            #expect(result.status != 0)
            #expect(result.errorText.contains("newer") || result.text.contains("newer"), "\(result.errorText)")
        }
        #expect(!mount.isMounted)
        #expect(try run(["sh", "-c", "find . -type f | sort | xargs md5sum"], in: mount.store).text == before)
        try mount.close()
    }

    /// "Only a store can be mounted, and only an empty directory can be formatted."
    @Test func notAStore() throws {
        let directory = TestPath(try makeTemporaryDirectory())
        defer { removeTree(directory.string) }
        try (directory / "mnt").makeDirectory()
        try (directory / "store").makeDirectory()
        try (directory / "store/file").write("mine")
        let mounting = try run([Environment.binary, "mount", directory.string + "/store", directory.string + "/mnt"])
        #expect(mounting.status != 0 && !mounting.errorText.isEmpty)
        let formatting = try run([Environment.binary, "format", directory.string + "/store"])
        #expect(formatting.status != 0 && !formatting.errorText.isEmpty)
        #expect(try (directory / "store").list() == ["file"])
    }

    /// Raises the number in the store's marker file.
    static func raiseVersion(of store: String) throws {
        let file = TestPath(store) / "VEXFS"
        var object = decodeObject(try file.text())
        #expect(object["format"] is Int)
        object["format"] = 1_000_000
        try file.write(encodeJSON(object))
    }
}
