import Foundation
import TestSupport
import Testing

@Suite struct FsckTests {
    /// "`fsck` of a good store exits 0 and changes nothing."
    @Test func goodStore() throws {
        let mount = try Self.filled()
        try mount.unmount()
        let result = try run([Environment.binary, "fsck", mount.store])
        #expect(result.status == 0, "\(result.text)\(result.errorText)")
        try mount.mount()
        #expect(try (mount / "c").list().count == 20)
        try mount.close()
    }

    /// "`fsck` refuses a store that is mounted."
    @Test func mountedStore() throws {
        let mount = try TestMount()
        let result = try run([Environment.binary, "fsck", mount.store])
        #expect(result.status != 0)
        try mount.close()
    }

    /// "`fsck` finds a flipped bit in a vector, says which document it belongs to, and exits with a status of its own."
    @Test func flippedBitInAVector() throws {
        let mount = try Self.filled()
        try mount.unmount()
        let pattern: [UInt8] = (Float(7.25).bitPattern.littleEndian).bytes + (Float(-3.5).bitPattern.littleEndian).bytes
        let files = try run(["find", mount.store, "-type", "f", "-not", "-path", "*/documents/*"]).lines
        var flipped = false
        for file in files {
            var bytes = try TestPath(file).read()
            guard let position = bytes.firstRange(of: pattern)?.lowerBound else { continue }
            bytes[position] ^= 1
            let handle = try TestPath(file).open(O_WRONLY)
            try handle.write([bytes[position]], at: position)
            try handle.close()
            flipped = true
        }
        #expect(flipped, "no file holds the vector")
        let result = try run([Environment.binary, "fsck", mount.store])
        #expect(result.status != 0)
        #expect((result.text + result.errorText).contains("d7"), "\(result.text)\(result.errorText)")
        try mount.close()
    }

    /// "`fsck` finds a damaged document store and exits with a status that is not 0."
    @Test func damagedDocuments() throws {
        let mount = try Self.filled(documents: 400)
        try mount.unmount()
        let files = try run(["find", mount.store, "(", "-name", "*.sst", "-o", "-name", "*.log", ")", "-size", "+1k"])
            .lines
        let file = try #require(files.first)
        let size = try TestPath(file).size()
        let handle = try TestPath(file).open(O_RDWR)
        for part in 1..<8 {
            let position = size * part / 8
            let byte = try handle.read(1, at: position)[0]
            try handle.write([byte ^ 0x10], at: position)
        }
        try handle.close()
        let result = try run([Environment.binary, "fsck", mount.store])
        #expect(result.status != 0, "\(file): \(result.text)")
        try mount.close()
    }

    /// "A store whose journal lost what was on the disk is not mounted until `fsck --accept-loss` gives it up."
    @Test func acceptedLoss() throws {
        let mount = try Self.filled()
        try (mount / "c").syncDirectory()
        try mount.kill()
        let journal = TestPath(mount.store) / "journal"
        let file = journal / (try #require(try journal.list().first))
        try file.truncate(to: try file.size() / 2)
        let refused = try run([Environment.binary, "mount", mount.store, mount.point.string])
        #expect(refused.status != 0 && refused.errorText.contains("--accept-loss"), "\(refused.errorText)")
        #expect(try run([Environment.binary, "fsck", mount.store]).status == 8)
        let accepted = try run([Environment.binary, "fsck", "--accept-loss", mount.store])
        #expect(accepted.status == 0 && accepted.errorText.contains("given up"), "\(accepted.errorText)")
        let again = try run([Environment.binary, "fsck", "--accept-loss", mount.store])
        #expect(again.status == 0 && again.errorText.contains("whole"), "\(again.errorText)")
        try mount.mount()
        let names = try (mount / "c").list()
        #expect(!names.isEmpty && names.count < 20, "\(names)")
        for name in names { #expect(try (mount / "c" / name).text().hasPrefix("{")) }
        try (mount / "c/new.json").write(document([1, 2, 3]))
        try mount.close()
    }

    /// A mount with documents `d0`, `d1`, … in collection `c`; `d7` has the vector (7.25, −3.5, 1).
    static func filled(documents count: Int = 20) throws -> TestMount {
        let mount = try TestMount()
        try (mount / "c").makeDirectory()
        try (mount / "c/.vexfs/config.json").write("{\"metric\": \"dot\"}")
        for index in 0..<count {
            let vector: [Float] = index == 7 ? [7.25, -3.5, 1] : [Float(index), 1, 2]
            try (mount / "c/d\(index).json").write(document(vector, text: "document \(index)"))
        }
        return mount
    }
}

extension UInt32 {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
