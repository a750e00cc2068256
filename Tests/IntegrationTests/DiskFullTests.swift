import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct DiskFullTests {
    /// "When the disk is full, writing fails with ENOSPC and nothing that was acknowledged is lost."
    /// "After space has been made, writing works again without a remount."
    @Test func fullDisk() throws {
        let disk = try SmallDisk(megabytes: 48)
        defer { disk.remove() }
        let mount = try TestMount(store: disk.path + "/store")
        let collection = try mount.collection()
        try (disk.path / "ballast").write([UInt8](repeating: 1, count: 8 << 20))
        var generator = SeededGenerator.announced(for: "fullDisk")
        var written: [(String, String)] = []
        var failed: Int32 = 0
        for index in 0..<2000 where failed == 0 {
            let text = document(generator.vector(dimension: 64), text: generator.word(length: 60_000))
            let name = "d\(index).json"
            failed = failure { try (collection / name).write(text) }
            if failed == 0 { written.append((name, text)) }
        }
        let reason = try (mount / ".vexfs/lasterr").text()
        #expect(failed == ENOSPC, "\(reason)")
        #expect(written.count > 50)
        for (name, text) in written { #expect(try (collection / name).text() == text) }
        try (disk.path / "ballast").remove()
        try (collection / "after.json").write(document(generator.vector(dimension: 64)))
        try (collection / "after.json").open(O_RDONLY).sync()
        try mount.remount()
        for (name, text) in written { #expect(try (collection / name).text() == text) }
        #expect(try (collection / "after.json").state() == "ready")
        #expect(try (collection / ".vexfs/count").lines().first.flatMap(Int.init) ?? 0 >= written.count + 1)
        try mount.close()
    }

    /// "A bulk ingest into a full disk fails with ENOSPC, and its documents are there whole or not at all."
    @Test func fullDiskInBulk() throws {
        let disk = try SmallDisk(megabytes: 32)
        defer { disk.remove() }
        let mount = try TestMount(store: disk.path + "/store")
        let collection = try mount.collection()
        var generator = SeededGenerator.announced(for: "fullDiskInBulk")
        let filler = generator.word(length: 20_000)
        let lines = (0..<3000).map { "{\"id\":\"d\($0)\",\"vector\":[\($0),1],\"text\":\"\(filler)\($0)\"}\n" }
        #expect(failure { try BulkTests.write(lines.map { String($0.dropLast()) }, to: collection) } == ENOSPC)
        let names = try collection.list()
        #expect(names.count < 3000)
        for name in names.prefix(20) + names.suffix(20) {
            #expect(decodeObject(try (collection / name).text())["vector"] is [Any])
        }
        try mount.close()
    }
}

/// A small file system of its own in memory, so that filling it disturbs nobody.
private struct SmallDisk {
    let path: TestPath

    init(megabytes: Int) throws {
        path = TestPath(try makeTemporaryDirectory())
        let result = try run(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "none", path.string])
        guard result.status == 0 else { throw MountFailure("tmpfs: \(result.errorText)") }
    }

    func remove() {
        _ = try? run(["umount", "-l", path.string])
        rmdir(path.string)
    }
}

extension TestPath {
    fileprivate static func + (path: TestPath, tail: String) -> String { path.string + tail }
}
