import Foundation
import TestSupport
import Testing

@Suite struct SnapshotExportTests {
    private func filled(_ collection: TestPath) throws {
        try (collection / "sub").makeDirectory()
        for number in 0..<50 {
            let path = collection / (number % 3 == 0 ? "sub/\(number).json" : "\(number).json")
            try path.write(document([Float(number), 1, 0], text: "word\(number % 7)", metadata: ["n": number % 5]))
            if number % 10 == 0 { try path.setAttribute("user.vexfs.meta.n", to: "77") }
        }
        try (collection / "link").makeSymlink(to: "sub/0.json")
        try (collection / ".hidden").write("scratch")
        try (collection / ".vexfs/snapshots/s").makeDirectory()
        try (collection / "1.json").write(document([9, 9, 9]))
        try (collection / "2.json").remove()
    }

    private func shown(_ collection: TestPath) throws -> [String] {
        let script = """
            find . -mindepth 1 -printf '%P %y %s %m %T@ %l\\n' | sort
            find . -type f -print0 | sort -z | xargs -0 md5sum
            find . -name '*.json' -type f -print0 | sort -z | xargs -0 getfattr -d -m user.vexfs.meta
            cat 'query/mode=text,k=20/word3.ids' .vexfs/count
            """
        let result = try run(["bash", "-c", script], in: collection.string)
        let answers = try (0..<5).flatMap {
            try collection.search([Float($0 * 11), 2, 0], options: "k=9,where=n=\($0)")
        }
        return result.lines + answers.map { "\($0.id) \($0.score)" }
    }

    /// "`cp` of `.vexfs/snapshots/NAME.vexsnap` writes a snapshot to one file, and `cp` of that file to
    /// `/.vexfs/restore/NEW` makes the collection NEW of it, in this store or another: names, bytes, attributes,
    /// metadata, vectors and answers are equal, and nothing is embedded."
    @Test func exportAndRestore() throws {
        let mount = try SharedMount.get()
        let collection = try SharedMount.collection()
        try filled(collection)
        let file = TestPath(try makeTemporaryDirectory()) / "backup.vexsnap"
        defer { removeTree(String(file.string.dropLast("/backup.vexsnap".count))) }
        let export = collection / ".vexfs/snapshots/s.vexsnap"
        #expect(try run(["cp", export.string, file.string]).errorText == "")
        #expect(try file.size() > 5000)
        #expect(try export.read() == file.read())
        #expect(try (collection / ".vexfs/snapshots").list() == ["s"])
        #expect(failure { _ = try (collection / ".vexfs/snapshots/none.vexsnap").stat() } == ENOENT)
        #expect(failure { try export.write("x") } == EACCES)
        let embedded = try embeddings(mount)
        let expected = try shown(collection / ".vexfs/snapshots/s")
        let copied = try run(["cp", file.string, (mount / ".vexfs/restore/copied").string])
        #expect(copied.errorText == "" && copied.status == 0)
        #expect(try shown(mount / "copied") == expected)
        #expect(expected.count > 100)
        let piped = try run(["bash", "-c", "cat '\(file)' > .vexfs/restore/piped"], in: mount.point.string)
        #expect(piped.errorText == "" && piped.status == 0)
        #expect(try shown(mount / "piped") == expected)
        #expect(try embeddings(mount) == embedded)
        let report = decodeObject(try (mount / ".vexfs/restore/copied").text())
        #expect(report["documents"] as? Int == 50 && report["finished"] as? Bool == true && report["error"] is NSNull)
        try (mount / "copied/new.json").write(document([5, 5, 5]))
        #expect(try (mount / "copied").searchIDs([5, 5, 5], options: "k=1,min=0.999") == ["new"])
    }

    private func embeddings(_ mount: TestMount) throws -> [String] {
        try (mount / ".vexfs/metrics").lines().filter { $0.hasPrefix("vexfs_embed") && !$0.contains("queue") }
    }

    /// "An export that was cut or changed fails with EINVAL, at the latest in `close`, and nothing of it is left."
    /// "A restore under a name that a collection has fails with EEXIST; reading `/.vexfs/restore/NEW` tells how far the
    /// restore is, or why it failed."
    @Test func damagedExportsAreRefused() throws {
        let mount = try SharedMount.get()
        let collection = try SharedMount.collection()
        try filled(collection)
        let bytes = try (collection / ".vexfs/snapshots/s.vexsnap").read()
        let target = mount / ".vexfs/restore/damaged"
        for place in stride(from: 0, to: bytes.count, by: bytes.count / 20) {
            var damaged = bytes
            damaged[place] ^= 4
            #expect(failure { try target.write(damaged) } == EINVAL)
            if place > 0 { #expect(failure { try target.write(Array(bytes[..<place])) } == EINVAL) }
            let reason = decodeObject(try target.text())["error"] as? String ?? ""
            #expect(reason.contains("damaged") || place == 0, "\(reason)")
        }
        #expect(failure { try target.write("not an export") } == EINVAL)
        #expect(try (mount / ".vexfs/lasterr").text().contains("export"))
        #expect(!(mount / "damaged").exists)
        let name = String(collection.string.split(separator: "/").last ?? "")
        #expect(failure { try (mount / ".vexfs/restore" / name).write(bytes) } == EEXIST)
        try target.write(bytes)
        #expect((mount / "damaged").exists)
    }

    /// "A restore that is killed leaves nothing, and can be done again."
    @Test func killedRestores() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try filled(collection)
        let bytes = try (collection / ".vexfs/snapshots/s.vexsnap").read()
        let expected = try shown(collection / ".vexfs/snapshots/s")
        for share in [3, 1] {
            let handle = try (mount / ".vexfs/restore/again").open(O_WRONLY | O_TRUNC)
            try handle.write(Array(bytes[..<(bytes.count / share)]))
            try mount.kill()
            _ = failure { try handle.close() }
            let check = try run([Environment.binary, "fsck", mount.store])
            #expect(check.status == 0, "\(check.text)\(check.errorText)")
            try mount.mount()
            #expect(!(mount / "again").exists)
        }
        try (mount / ".vexfs/restore/again").write(bytes)
        #expect(try shown(mount / "again") == expected)
        try mount.remount()
        #expect(try shown(mount / "again") == expected)
        try mount.close()
    }
}
