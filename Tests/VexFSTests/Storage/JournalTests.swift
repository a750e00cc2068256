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

    @Test func whatCannotBeRemovedIsSaid() throws {
        try withJournal(fileBytes: 200) { journal in
            try append(&journal)
            try FileManager.default.createDirectory(atPath: journal.path + "/99", withIntermediateDirectories: false)
            #expect(throws: VexFSError.self) { try Journal.removeAll(journal.path) }
        }
    }
}
