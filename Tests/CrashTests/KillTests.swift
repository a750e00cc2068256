import Foundation
import Synchronization
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

    /// "A document's sparse vectors are committed with it: after `kill -9` all acknowledged ones are found."
    @Test func killWhileWritingSparseVectors() throws {
        var random = SeededGenerator.announced(for: "killWhileWritingSparseVectors")
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / ".vexfs/config.json").write(
            #"{"model": "none", "vectors": {"s": {"sparse": true}, "m": {"multivector": true, "metric": "dot"}}}"#)
        let acknowledged = Mutex(0)
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for number in 1... {
                let vectors = #"{"s": {"indices": [\#(number), 0], "values": [2, 1]}, "m": [[\#(number), 1], [0, 1]]}"#
                let text = "{\"vector\": null, \"vectors\": \(vectors)}\n"
                guard failure({ try (collection / "d\(number).json").write(text) }) == nil else { break }
                acknowledged.withLock { $0 = number }
            }
            finished.signal()
        }
        while acknowledged.withLock({ $0 }) < 20 { usleep(1000) }
        // The moment is random on purpose.
        usleep(UInt32(random.pick(10_000..<400_000)))
        try mount.kill()
        finished.wait()
        try mount.mount()
        let last = acknowledged.withLock { $0 }
        for number in Set([1, last] + (0..<50).map { _ in random.pick(1..<last) }) {
            let query = #"query/using=s,k=1/vec={"indices":[\#(number)],"values":[3]}/x.ids"#
            #expect(try (collection / query).lines() == ["d\(number)"])
        }
        let all = try (collection / #"query/using=s,k=10000/vec={"indices":[0],"values":[1]}/x.ids"#).lines().count
        let names = try collection.list().count
        #expect(all == min(names, 10_000) && names >= last)
        let several = try (collection / "query/using=m,k=10000/vec=[[0,1]]/x.ids").lines().count
        #expect(several == all)
        try mount.kill()
        let check = try run([Environment.binary, "fsck", mount.store])
        #expect(check.status == 0, "\(check.text)\(check.errorText)")
    }

    /// Every path with its attributes and a checksum.
    static func state(of collection: TestPath) throws -> [String] {
        let listing = try run(["find", ".", "-printf", "%p %y %i %s %m %T@\n"], in: collection.string)
        let sums = try run(
            ["bash", "-c", "find . -type f -print0 | sort -z | xargs -0r md5sum"], in: collection.string)
        return listing.lines.sorted() + sums.lines
    }
}
