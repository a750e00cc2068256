import Foundation
import Testing

@testable import VexFS

/// What an image has is what was written, or an error.
@Suite struct TreeImageTests {
    private let path = FileManager.default.temporaryDirectory.path + "/vexfs-tree-\(UUID().uuidString)"

    private func content(_ changes: TreeChanges) -> TreeImage.Content {
        var rows = RowTable()
        var vectors = RowBitmap()
        for file in changes.model.files.values where file.kind == .document {
            guard let row = file.row else { continue }
            rows.insert(row, file: file.number)
            if row % 3 > 0 { vectors.insert(row) }
        }
        return TreeImage.Content(
            tree: changes.tree, rows: rows, vectors: [(0, vectors), (7, RowBitmap([5, 70_000]))], pendingCount: 5,
            scratchBytes: 77)
    }

    @Test func whatIsReadIsWhatWasWrittenAndMayChange() throws {
        defer { unlink(path) }
        for seed in UInt64(1)...4 {
            var changes = TreeChanges(seed: seed)
            for _ in 0..<300 { changes.step() }
            let written = content(changes)
            let image = TreeImage(of: 3, filesBelow: 1 << 20)
            try image.write(written, to: path)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            let read = try image.read(from: path)
            var random = SeededGenerator(seed: seed)
            changes.model.expect(read.tree, &random, "seed \(seed)")
            #expect(read.rows.live == written.rows.live)
            #expect(read.vectors.map(\.space) == [0, 7] && read.vectors.map(\.rows) == written.vectors.map(\.rows))
            #expect(read.rows.next == written.rows.next && read.pendingCount == 5 && read.scratchBytes == 77)
            written.rows.live.forEach { #expect(read.rows.file(of: $0) == written.rows.file(of: $0)) }
            // What lies in the mapped file is copied by the first change.
            changes.tree = read.tree
            for _ in 0..<300 { changes.step() }
            changes.model.expect(changes.tree, &random, "changed, seed \(seed)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
    }

    @Test func aLivingTreeUsesItsImageAsFarAsItDidNotChange() throws {
        defer { unlink(path) }
        for seed in UInt64(1)...6 {
            var changes = TreeChanges(seed: seed)
            for _ in 0..<400 { changes.step() }
            let written = content(changes)
            let image = TreeImage(of: 3, filesBelow: 1 << 20)
            try image.write(written, to: path)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            let read = try image.read(from: path)
            var whole = changes.tree
            whole.adopt(read.tree, writtenFrom: written.tree, smallest: 1)
            #expect(isMapped(whole), "seed \(seed)")
            // What changed since is newer than the image.
            for _ in 0..<Int(seed) * 20 { changes.step() }
            changes.tree.adopt(read.tree, writtenFrom: written.tree, smallest: 1)
            var random = SeededGenerator(seed: seed)
            changes.model.expect(changes.tree, &random, "seed \(seed)")
            #expect(!isMapped(changes.tree))
            for _ in 0..<300 { changes.step() }
            changes.model.expect(changes.tree, &random, "changed, seed \(seed)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
    }

    /// Whether a tree has no memory of its own.
    private func isMapped(_ tree: FileTree) -> Bool {
        let ofFiles = tree.files.records.chunks.allSatisfy { $0?.isBorrowed ?? true }
        let ofNames = tree.files.arenas.allSatisfy { $0?.isBorrowed ?? true }
        return ofFiles && ofNames
            && tree.directories.values.allSatisfy { directory in
                directory.entries.chunks.allSatisfy { $0?.isBorrowed ?? true }
                    && directory.index.ordered.allSatisfy(\.isBorrowed)
            }
    }

    @Test func damageIsFound() throws {
        defer { unlink(path) }
        var changes = TreeChanges(seed: 1)
        for _ in 0..<100 { changes.step() }
        let image = TreeImage(of: 3, filesBelow: 1 << 20)
        try image.write(content(changes), to: path)
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        var random = SeededGenerator(seed: 4)
        for _ in 0..<60 {
            var bad = good
            if Bool.random(using: &random) {
                bad[Int.random(in: 0..<bad.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            } else {
                bad = bad.prefix(Int.random(in: 0..<bad.count, using: &random))
            }
            try bad.write(to: URL(fileURLWithPath: path))
            #expect(throws: VexFSError.self) { try image.read(from: path) }
        }
        try good.write(to: URL(fileURLWithPath: path))
        var other = image
        other.id ^= 1
        #expect(throws: VexFSError.self) { try other.read(from: path) }
        #expect(throws: VexFSError.self) { try image.read(from: path + ".none") }
        _ = try image.read(from: path)
    }

    @Test func theLayoutIsThatOfTheFormat() {
        #expect(MemoryLayout<PackedFile>.size == 72 && MemoryLayout<PackedFile>.stride == 72)
        #expect(MemoryLayout<TreeImage.ChunkEntry>.stride == 64)
        #expect(MemoryLayout<TreeImage.DirectoryEntry>.stride == 32)
        #expect(MemoryLayout<TreeImage.PartEntry>.stride == 16)
        #expect(MemoryLayout<TreeImage.Parameters>.stride == 48)
    }

    @Test func thePolicyWantsAnImageWhereReadingTheChangesTakesLong() {
        let policy = TreeImagePolicy()
        #expect(!policy.isWorthwhile(files: 2000, changes: 2000, isWritten: false))
        #expect(policy.isWorthwhile(files: 3000, changes: 3000, isWritten: false))
        #expect(!policy.isWorthwhile(files: 100_000, changes: 60_000, isWritten: true))
        #expect(policy.isWorthwhile(files: 1_000_000, changes: 400_000, isWritten: true))
    }
}
