import Foundation
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: LoopDisk.works, "loop mounts of ext4 with shutdown do not work here"))
struct PowerLossTests {
    /// "After `fsync` has returned 0, loss of power loses nothing."
    @Test func powerLoss() throws {
        var random = SeededGenerator.announced(for: "powerLoss")
        var acknowledged = 0
        for _ in 0..<2 * Environment.effort {
            let disk = try LoopDisk(megabytes: 256)
            defer { disk.remove() }
            let mount = try TestMount(store: disk.point.string + "/store")
            let round = try CrashRound(mount: mount, writers: 2, synced: true)
            defer { round.clean() }
            // The collection and its configuration are durable before the writers begin.
            try round.collection.syncDirectory()
            try round.run(milliseconds: random.pick(200..<1500), seed: random.next()) {
                try disk.losePower()
                try mount.killIfRunning()
            }
            acknowledged += try round.records().map(\.acknowledged).reduce(0, +)
            try disk.restorePower()
            try mount.mount()
            #expect(try round.problems() == [])
            let first = try KillTests.state(of: round.collection)
            try mount.remount()
            #expect(try KillTests.state(of: round.collection) == first)
            #expect(try run([Environment.binary, "status"]).status == 0)
            try mount.close()
        }
        #expect(acknowledged > 0, "nothing was acknowledged, so nothing was tested")
    }

    /// "`fsync` of a directory, and an ordinary unmount, make everything in it durable against loss of power."
    @Test func unmountIsDurable() throws {
        let disk = try LoopDisk(megabytes: 128)
        defer { disk.remove() }
        let mount = try TestMount(store: disk.point.string + "/store")
        let collection = try mount.collection()
        for index in 0..<100 { try (collection / "d\(index).json").write(document([Float(index), 1])) }
        try mount.unmount()
        try disk.losePower()
        try disk.restorePower()
        try mount.mount()
        #expect(try collection.list().count == 100)
        for index in 0..<100 { #expect(try (collection / "d\(index).json").text() == document([Float(index), 1])) }
        try (collection / "late.json").write(document([5, 5]))
        try collection.syncDirectory()
        try disk.losePower()
        try mount.killIfRunning()
        try disk.restorePower()
        try mount.mount()
        #expect(try (collection / "late.json").text() == document([5, 5]))
        try mount.close()
    }

    /// "`fsync` of the mount's root makes collections that were made, renamed, configured or removed so for good, also
    /// against loss of power; what was not synced is there as it was or as it became, and never half."
    @Test func collectionChanges() throws {
        let disk = try LoopDisk(megabytes: 128)
        defer { disk.remove() }
        let mount = try TestMount(store: disk.point.string + "/store")
        for name in ["stays", "goes", "former"] {
            let collection = mount / name
            try collection.makeDirectory()
            try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
            if name != "goes" { try (collection / "d.json").write(document([3, 4], text: name)) }
        }
        try (mount / "goes").removeDirectory()
        try (mount / "former").rename(to: mount / "latter")
        try (mount / "configured").makeDirectory()
        try (mount / "configured/.vexfs/config.json").write("{\"metric\": \"dot\", \"dimension\": 7}")
        try mount.point.syncDirectory()
        #expect(try mount.point.list() == ["AGENTS.md", "configured", "latter", "stays"])
        // None of this is synced.
        try (mount / "latter").rename(to: mount / "last")
        try (mount / "configured").removeDirectory()
        try (mount / "young").makeDirectory()
        try disk.losePower()
        try mount.killIfRunning()
        try disk.restorePower()
        try mount.mount()
        let left = Set(try mount.point.list()).subtracting(["AGENTS.md"])
        #expect(left.contains("stays") && !left.contains("goes") && !left.contains("former"))
        #expect(left.intersection(["latter", "last"]).count == 1, "\(left)")
        #expect(left.isSubset(of: ["stays", "latter", "last", "configured", "young"]), "\(left)")
        for (name, text) in [("stays", "stays"), (left.contains("last") ? "last" : "latter", "former")] {
            #expect(try (mount / name / "d.json").text() == document([3, 4], text: text))
            let hit = try #require(try (mount / name).search([3, 4], options: "k=1").first)
            #expect(hit.id == "d" && hit.score == 0, "euclidean, as it was configured")
        }
        if left.contains("configured") {
            let settings = decodeObject(try (mount / "configured/.vexfs/config.json").text())
            #expect(settings["metric"] as? String == "dot" && settings["dimension"] as? Int == 7)
        }
        // What was removed can be made again, and is empty then.
        try (mount / "goes").makeDirectory()
        #expect(try (mount / "goes").list() == [])
        try mount.remount()
        #expect(Set(try mount.point.list()) == left.union(["AGENTS.md", "goes"]))
        try mount.close()
    }
}

/// An ext4 file system in a file, whose power can be cut.
struct LoopDisk: Sendable {
    let directory: String
    var point: TestPath { TestPath(directory + "/disk") }
    private var image: String { directory + "/image" }

    /// Whether this machine can do it.
    static let works: Bool = {
        guard isInstalled("xfs_io"), isInstalled("mkfs.ext4"), let disk = try? LoopDisk(megabytes: 16) else {
            return false
        }
        defer { disk.remove() }
        return (try? disk.losePower()) != nil && (try? disk.restorePower()) != nil
    }()

    init(megabytes: Int) throws {
        directory = try makeTemporaryDirectory()
        try point.makeDirectory()
        try TestPath(image).write([])
        try TestPath(image).truncate(to: megabytes << 20)
        do {
            try Self.command(["mkfs.ext4", "-q", image])
            try restorePower(first: true)
        } catch {
            remove()
            throw error
        }
    }

    /// Drops everything that has not reached the disk, as a power cut does.
    func losePower() throws { try Self.command(["xfs_io", "-x", "-c", "shutdown", point.string]) }

    /// Mounts the disk again, recovering its journal.
    func restorePower(first: Bool = false) throws {
        if !first { try Self.command(["umount", point.string]) }
        try Self.command(["mount", "-o", "loop", image, point.string])
    }

    func remove() {
        _ = try? run(["umount", "-l", point.string])
        removeTree(directory)
    }

    private static func command(_ arguments: [String]) throws {
        let result = try run(arguments)
        guard result.status == 0 else { throw MountFailure("\(arguments): \(result.errorText)") }
    }
}
