import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct SnapshotCrashTests {
    /// "Snapshots and forks whose making was acknowledged survive `kill -9` of the daemon exactly as they were, also
    /// while others write."
    @Test func killUnderLoad() throws {
        var random = SeededGenerator.announced(for: "snapshots, killUnderLoad")
        for _ in 0..<Environment.effort {
            let mount = try TestMount()
            let round = try CrashRound(mount: mount, writers: 2, synced: false)
            defer { round.clean() }
            let kept = Mutex<[String: [String]]>([:])
            try round.run(milliseconds: random.pick(100..<600), seed: random.next()) {
                for index in 0..<3 {
                    let snapshot = round.collection / ".vexfs/snapshots/s\(index)"
                    try snapshot.makeDirectory()
                    let name = "fork\(index)"
                    try (round.collection / ".vexfs/fork").write(name + "\n")
                    for path in [snapshot, mount.point / name] {
                        let state = try Self.content(of: path)
                        kept.withLock { $0[path.string] = state }
                    }
                }
                try mount.kill()
            }
            try mount.mount()
            try Self.expect(kept.withLock { $0 })
            #expect(try round.problems() == [])
            try mount.kill()
            let check = try run([Environment.binary, "fsck", mount.store])
            #expect(check.status == 0, "\(check.text)\(check.errorText)")
            try mount.mount()
            try Self.expect(kept.withLock { $0 })
            try mount.close()
        }
    }

    /// "A snapshot that is being removed while the daemon is killed is whole or gone, and what is beside it is as it
    /// was."
    @Test func killDuringRemovals() throws {
        var random = SeededGenerator.announced(for: "snapshots, killDuringRemovals")
        var removed = 0
        for _ in 0..<2 * Environment.effort {
            let mount = try TestMount()
            let round = try CrashRound(mount: mount, writers: 1, synced: false)
            defer { round.clean() }
            let made = MadeSnapshots()
            let finished = DispatchSemaphore(value: 0)
            let milliseconds = random.pick(50..<900)
            try round.run(milliseconds: 100, seed: random.next()) {
                Thread.detachNewThread {
                    _ = failure { try made.work(mount, round) }
                    finished.signal()
                }
                let deadline = Date(timeIntervalSinceNow: Double(60 * Environment.slowness))
                while made.gone.withLock({ $0.isEmpty }), Date() < deadline { usleep(5000) }
                // The moment is random on purpose; nothing below depends on how far they came.
                usleep(UInt32(milliseconds * 1000))
                try mount.kill()
                finished.wait()
            }
            removed += made.gone.withLock { $0.count }
            try mount.mount()
            try Self.expect(made.kept.withLock { $0 })
            for path in made.gone.withLock({ $0 }) { #expect(!path.exists, "\(path.string)") }
            #expect(try round.problems() == [])
            try mount.kill()
            let check = try run([Environment.binary, "fsck", mount.store])
            #expect(check.status == 0 && !check.text.contains("takes space"), "\(check.text)\(check.errorText)")
            try mount.mount()
            try mount.close()
        }
        #expect(removed > 0, "nothing was removed, so nothing was tested")
    }

    /// Every path with its kind, size and mode, and a checksum; and how many documents are found.
    fileprivate static func content(of path: TestPath) throws -> [String] {
        let listing = try run(["find", ".", "-mindepth", "1", "-printf", "%p %y %s %m\n"], in: path.string)
        let sums = try run(["bash", "-c", "find . -type f -print0 | sort -z | xargs -0r md5sum"], in: path.string)
        let hits = try path.search([1, 1, 1], options: "k=10000").count
        return listing.lines.sorted() + sums.lines + ["\(hits) found", try (path / ".vexfs/count").text()]
    }

    fileprivate static func expect(_ kept: [String: [String]]) throws {
        #expect(!kept.isEmpty)
        for (path, state) in kept { #expect(try content(of: TestPath(path)) == state, "\(path)") }
    }
}

/// Snapshots and forks that were made and not removed, and those that were removed.
private final class MadeSnapshots: Sendable {
    let kept = Mutex<[String: [String]]>([:])
    let gone = Mutex<[TestPath]>([])

    /// Makes snapshots and forks and removes those before, until the daemon is gone. What is being removed is in
    /// neither list.
    func work(_ mount: TestMount, _ round: CrashRound) throws {
        for index in 0... {
            let snapshot = round.collection / ".vexfs/snapshots/s\(index)"
            try snapshot.makeDirectory()
            let state = try SnapshotCrashTests.content(of: snapshot)
            kept.withLock { $0[snapshot.string] = state }
            let fork = mount.point / "fork\(index)"
            if index % 3 == 0 {
                try (snapshot / ".vexfs/fork").write("fork\(index)\n")
                kept.withLock { $0[fork.string] = state }
            }
            guard index > 1 else { continue }
            let old = round.collection / ".vexfs/snapshots/s\(index - 2)"
            kept.withLock { $0[old.string] = nil }
            try old.removeDirectory()
            gone.withLock { $0.append(old) }
            guard index % 3 == 2 else { continue }
            let former = mount.point / "fork\(index - 2)"
            kept.withLock { $0[former.string] = nil }
            let removal = try run(["rm", "-r", former.string], in: "/")
            guard removal.status == 0 else { return }
            gone.withLock { $0.append(former) }
        }
    }
}

@Suite(.serialized, .enabled(if: LoopDisk.works, "loop mounts of ext4 with shutdown do not work here"))
struct SnapshotPowerLossTests {
    /// "When `mkdir` of a snapshot has returned, loss of power loses neither the snapshot nor anything in it."
    @Test func powerLoss() throws {
        let disk = try LoopDisk(megabytes: 256)
        defer { disk.remove() }
        let mount = try TestMount(store: disk.point.string + "/store")
        let collection = try mount.collection()
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        for index in 0..<200 { try (collection / "d\(index).json").write(document([Float(index), 1, 1])) }
        let snapshot = collection / ".vexfs/snapshots/s"
        try snapshot.makeDirectory()
        let state = try SnapshotCrashTests.content(of: snapshot)
        for index in 0..<200 { try (collection / "d\(index).json").remove() }
        try (mount.point / "x").makeDirectory()
        try (collection / ".vexfs/fork").write("fork\n")
        try disk.losePower()
        try mount.killIfRunning()
        try disk.restorePower()
        try mount.mount()
        #expect(try SnapshotCrashTests.content(of: snapshot) == state)
        #expect((mount.point / "fork").exists)
        try mount.close()
        let check = try run([Environment.binary, "fsck", mount.store])
        #expect(check.status == 0, "\(check.text)\(check.errorText)")
    }
}
