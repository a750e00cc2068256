import Foundation
import Testing

@testable import VexFS

@Suite struct JournalTests {
    private func withJournal(fileBytes: Int, _ body: (inout Journal) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/vexfs-journal-\(UUID().uuidString)"
        defer { removeTree(path) }
        var journal = Journal(path: path, fileBytesMax: fileBytes, after: 0)
        try body(&journal)
    }

    private func append(_ journal: inout Journal) throws {
        let batch = WriteBatch()
        batch.put([1], [UInt8](repeating: 7, count: 100))
        try journal.append(batch.seal())
    }

    /// While a file is being synced it may get its last records, and the next one its first.
    @Test func aFileThatEndedDuringItsSyncIsSyncedAgain() throws {
        try withJournal(fileBytes: 200) { journal in
            try append(&journal)
            let (files, whole) = (journal.unsynced, journal.unsyncedWhole)
            #expect(files.count == 1 && whole.isEmpty)
            while journal.unsynced.count == 1 { try append(&journal) }
            journal.noteSynced(whole)
            #expect(journal.unsynced.contains { $0 === files[0] })
            let next = journal.unsyncedWhole
            #expect(next.count == 1 && next[0] === files[0])
            journal.noteSynced(next)
            #expect(journal.unsynced.count == 1)
        }
    }

    /// The disk itself is full, in the middle of a record: what stands before it stays, and later records follow it.
    @Test(.enabled(if: SmallDisk.works, "a file system of its own cannot be mounted here"))
    func aRecordThatDoesNotFitIsCutOff() throws {
        let disk = try SmallDisk(kilobytes: 256)
        defer { disk.remove() }
        let path = disk.path + "/journal"
        var journal = Journal(path: path, fileBytesMax: 1 << 20, after: 0)
        func record(_ number: UInt64, count: Int) -> JournalEntry {
            let batch = WriteBatch()
            let byte = UInt8(truncatingIfNeeded: number)
            batch.put([byte], [UInt8](repeating: byte, count: count))
            return batch.seal()
        }
        var written: UInt64 = 0
        var failure: VexFSError?
        while failure == nil, written < 200 {
            do throws(VexFSError) {
                try journal.append(record(written + 1, count: 10_000))
                written += 1
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .storeFull)
        #expect(written > 5 && journal.last == written)
        // Half a page is still there: something smaller fits, and stands where the large one was cut off.
        let small = record(written + 1, count: 100)
        try journal.append(small)
        #expect(throws: VexFSError.self) { try journal.append(record(written + 2, count: 100_000)) }
        try journal.append(record(written + 2, count: 100))
        var numbers: [UInt64] = []
        let last = try Journal.replay(path, after: 0) { entry in
            numbers.append(entry.number)
            let value = entry.changes.first.map { entry.withValue(of: $0) { $0.map([UInt8].init) ?? [] } } ?? []
            #expect(value.count == (entry.number <= written ? 10_000 : 100))
            #expect(value.allSatisfy { $0 == UInt8(truncatingIfNeeded: entry.number) })
        }
        #expect(last == written + 2 && numbers == Array(1...written + 2))
    }

    @Test func whatCannotBeRemovedIsSaid() throws {
        try withJournal(fileBytes: 200) { journal in
            try append(&journal)
            try FileManager.default.createDirectory(atPath: journal.path + "/99", withIntermediateDirectories: false)
            #expect(throws: VexFSError.self) { try Journal.removeAll(journal.path) }
        }
    }
}

/// A file system of its own in memory, which can be filled without disturbing anybody.
struct SmallDisk {
    let path: String

    /// Whether this process may mount one.
    static var works: Bool {
        guard let disk = try? SmallDisk(kilobytes: 64) else { return false }
        disk.remove()
        return true
    }

    init(kilobytes: Int) throws {
        path = FileManager.default.temporaryDirectory.path + "/vexfs-disk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("none", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
            rmdir(path)
            throw VexFSError(.notPermitted, "tmpfs cannot be mounted")
        }
    }

    func remove() {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
}
