import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct KillTests {
    /// "After `close` has returned 0, `kill -9` of the daemon loses nothing: every acknowledged version is
    /// there byte for byte,
    /// and is found."
    /// "After a crash nothing half-written is visible, and a second recovery changes nothing."
    @Test func killUnderLoad() throws {
        var random = SeededGenerator.announced(for: "killUnderLoad")
        var acknowledged = 0
        for _ in 0..<3 * Environment.effort {
            let mount = try TestMount()
            let round = try CrashRound(mount: mount, writers: 3, synced: false)
            defer { round.clean() }
            try round.run(milliseconds: random.pick(100..<1500), seed: random.next()) { try mount.kill() }
            acknowledged += try round.records().map(\.acknowledged).reduce(0, +)
            try mount.mount()
            #expect(try round.problems() == [])
            let first = try Self.state(of: round.collection)
            try mount.kill()
            let check = try run([Environment.binary, "fsck", mount.store])
            #expect(check.status == 0, "\(check.text)\(check.errorText)")
            try mount.mount()
            #expect(try Self.state(of: round.collection) == first)
            #expect(try round.problems() == [])
            try mount.close()
        }
        #expect(acknowledged > 0, "nothing was acknowledged, so nothing was tested")
    }

    /// "A bulk ingest that is killed leaves whole documents only, and the store mounts and accepts it again."
    @Test func killDuringBulk() throws {
        var random = SeededGenerator.announced(for: "killDuringBulk")
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        let lines = (0..<200_000).map { "{\"id\":\"d\($0)\",\"vector\":[\($0),1],\"text\":\"t\($0)\"}\n" }.joined()
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            _ = failure { try (collection / ".vexfs/bulk").write(Array(lines.utf8), flags: O_WRONLY) }
            finished.signal()
        }
        usleep(UInt32(random.pick(100_000..<700_000)))
        try mount.kill()
        finished.wait()
        try mount.mount()
        let names = try collection.list()
        for name in names.shuffled(using: &random).prefix(200) {
            let object = decodeObject(try (collection / name).text())
            #expect(object["text"] as? String == "t" + name.dropFirst().dropLast(5))
        }
        #expect(try (collection / ".vexfs/count").lines() == ["\(names.count)"])
        try (collection / "after.json").write(document([1, 0.5]))
        #expect(try collection.searchIDs([1, 0.5], options: "k=1") == ["after"])
        try mount.close()
    }

    /// Every path with its attributes and a checksum.
    static func state(of collection: TestPath) throws -> [String] {
        let listing = try run(["find", ".", "-printf", "%p %y %i %s %m %T@\n"], in: collection.string)
        let sums = try run(
            ["bash", "-c", "find . -type f -print0 | sort -z | xargs -0r md5sum"], in: collection.string)
        return listing.lines.sorted() + sums.lines
    }
}
